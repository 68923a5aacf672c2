/**
 * The newest Node there is, beside the one that runs this: npm has it as a package for each kind of machine, which the
 * package `node` would choose among in an install script.
 */
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from './cache.js'
import { Failure } from './failure.js'
import { capture, complaintOf, say } from './run.js'

/** The registry gets this long, milliseconds. */
const timeout = 120_000

/**
 * Fetched once a version; where the registry is out of reach, the newest of those fetched before.
 * @returns {string} the folder that holds the command `node`
 * @throws {Failure} if there is none
 */
export function newestNodeFolder () {
  const cache = join(cacheFolder(), 'node')
  mkdirSync(cache, { recursive: true })
  const name = packageName()
  const asked = capture('npm', ['view', 'node', 'version'], { timeout })
  const version = asked.ok ? asked.stdout : newestOf(readdirSync(cache))
  if (!version) throw new Failure(`npm does not tell the newest version of Node: ${complaintOf(asked)}`)
  const folder = join(cache, version)
  const bin = join(folder, 'node_modules', name, 'bin')
  if (!existsSync(bin)) {
    say(`npm install ${name}@${version} into ${folder} (once)`)
    mkdirSync(folder, { recursive: true })
    const args = ['install', '--prefix', folder, '--no-audit', '--no-fund', `${name}@${version}`]
    const installed = capture('npm', args, { cwd: folder, timeout })
    if (!installed.ok) throw new Failure(`npm ${args.join(' ')}: ${complaintOf(installed)}`)
  }
  return bin
}

/** @returns {string} as the package `node` names it */
function packageName () {
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const prefix = platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node'
  return `${prefix}-${platform}-${process.arch}`
}

/** @param {string[]} versions */
function newestOf (versions) {
  return versions.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1)
}
