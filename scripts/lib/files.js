/**
 * Where the project lies, and hashes of its files.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder that holds package.json. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * @param {string} file
 * @returns {string} SHA-256 in hexadecimal
 */
export function hashOf (file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}

/**
 * All files under a folder, sorted, relative to it, with `/` between their parts on every system.
 * @param {string} folder
 * @returns {string[]}
 */
export function filesUnder (folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(folder.length + 1).replaceAll('\\', '/'))
    .sort()
}

/**
 * All files under some of the project's folders, relative to the project.
 * @param {string[]} folders
 * @returns {string[]}
 */
export function projectFiles (...folders) {
  return folders.flatMap(folder => filesUnder(join(root, folder)).map(path => `${folder}/${path}`))
}

/**
 * Hashes by path.
 * @param {string} folder what the paths are relative to
 * @param {string[]} paths
 * @returns {Record<string, string>}
 */
export function hashesOf (folder, paths) {
  return Object.fromEntries(paths.map(path => [path, hashOf(join(folder, path))]))
}
