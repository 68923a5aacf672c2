/**
 * The npm packages that package-lock.json names, in node_modules/.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './files.js'
import { run, say } from './run.js'

/** Runs `npm ci`, unless all that package-lock.json names is there: `npm ci --omit=dev` leaves a part out. */
export function installPackages () {
  const wanted = packagesOf('package-lock.json')
  const installed = packagesOf('node_modules/.package-lock.json')
  const missing = Object.keys(wanted).filter(path => path !== '' && !wanted[path].optional &&
    wanted[path].version !== installed[path]?.version)
  if (missing.length === 0) {
    say('node_modules/ holds what package-lock.json names')
    return
  }
  say('npm ci')
  run('npm', ['ci', '--no-audit', '--no-fund'])
}

/**
 * @param {string} lockFile
 * @returns {Record<string, { version: string, optional?: boolean }>} by path; the package itself has an empty one
 */
function packagesOf (lockFile) {
  const file = join(root, lockFile)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : {}
}
