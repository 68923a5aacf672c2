/**
 * PHP of other versions than the one on this machine: npm has each compiled to WebAssembly.
 */
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from './cache.js'
import { Failure } from './failure.js'
import { capture, complaintOf, say } from './run.js'

/** The registry gets this long, milliseconds; a PHP is 50 MB. */
const timeout = 300_000

/** Of the packages, not of PHP. */
const release = '3.1.56'

/**
 * Fetched once.
 * @param {string} version of PHP, such as 7.4
 * @returns {{ php: string, universal: string }} modules to import
 * @throws {Failure} if it cannot be fetched
 */
export function phpModules (version) {
  const name = `@php-wasm/node-${version.replace('.', '-')}`
  const folder = join(cacheFolder(), `php-${version}-${release}`)
  const modules = {
    php: join(folder, 'node_modules', name, 'index.js'),
    universal: join(folder, 'node_modules/@php-wasm/universal/index.js')
  }
  if (!existsSync(modules.php)) {
    const packages = [`${name}@${release}`, `@php-wasm/universal@${release}`]
    say(`npm install ${packages.join(' ')} into ${folder} (once)`)
    mkdirSync(folder, { recursive: true })
    const args = ['install', '--prefix', folder, '--no-audit', '--no-fund', ...packages]
    const installed = capture('npm', args, { cwd: folder, timeout })
    if (!installed.ok) throw new Failure(`npm ${args.join(' ')}: ${complaintOf(installed)}`)
  }
  return modules
}
