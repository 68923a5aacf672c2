/**
 * A folder of this person's for tools that take minutes to build or to fetch, shared by all clones of the project.
 */
import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * @returns {string} the folder, which exists
 */
export function cacheFolder () {
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'bellpush')
  mkdirSync(folder, { recursive: true })
  return folder
}
