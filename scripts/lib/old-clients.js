/**
 * Clients of the legacy binary protocol as they were when it was in use: installed once into this person's cache, for
 * the tests of the legacy gateway alone. Nothing of them is changed.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from './cache.js'
import { aptInstall, missingPackages } from './debian.js'
import { capture, complaintOf, run, say, which } from './run.js'

const fromNpm = ['apn@1.7.8', 'apnagent@1.1.3']

/** With their dependencies, six and what a virtual environment has anyway. */
const fromPyPI = ['pushjack==1.6.0', 'apns-worker==0.1']

/** PyPI gets this long, milliseconds. */
const pipTimeout = 120_000

const folder = () => join(cacheFolder(), 'old-clients')

/**
 * What is there of them.
 * @returns {{ npm: string | undefined, python: string | undefined, php: string | undefined }} a folder that packages
 *   can be required from; an interpreter that has the packages; an interpreter with OpenSSL
 */
export function oldClients () {
  const npm = join(folder(), 'node_modules')
  const python = join(folder(), 'python/bin/python')
  const has = capture(python, ['-c', 'import pushjack, apns_worker, ssl; ssl.wrap_socket'])
  const php = which('php')
  return {
    npm: existsSync(join(npm, 'apn')) && existsSync(join(npm, 'apnagent')) ? folder() : undefined,
    python: existsSync(python) && has.ok ? python : undefined,
    php: php !== undefined && capture(php, ['-m']).stdout.includes('openssl') ? php : undefined
  }
}

/** Installs what is missing of them, and says what cannot be. */
export function installOldClients () {
  const { npm, python, php } = oldClients()
  if (npm === undefined) {
    say(`npm install ${fromNpm.join(' ')} into ${folder()} (once)`)
    mkdirSync(folder(), { recursive: true })
    writeFileSync(join(folder(), 'package.json'), '{ "private": true }\n')
    run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...fromNpm], { cwd: folder() })
  }
  if (python === undefined) installPython()
  if (php === undefined) {
    const missing = missingPackages(['php-cli'])
    const failure = missing === undefined ? 'there is no dpkg-query' : aptInstall(['php-cli'])
    if (failure) say(`without PHP: ${failure}`)
  }
}

/** Their code asks for an `ssl` that Python had up to 3.11. */
function installPython () {
  const names = ['python3.11', 'python3.10', 'python3.9', 'python3']
  const python = names.map(name => which(name)).find(path => path !== undefined &&
    capture(path, ['-c', 'import ssl, venv; ssl.wrap_socket']).ok)
  if (python === undefined) {
    say(`without Python: ${fromPyPI.join(' and ')} need one up to 3.11 with venv`)
    return
  }
  const target = join(folder(), 'python')
  say(`pip install ${fromPyPI.join(' ')} into ${target} (once)`)
  const made = capture(python, ['-m', 'venv', target])
  const pip = made.ok
    ? capture(join(target, 'bin/pip'), ['install', '-q', ...fromPyPI], { timeout: pipTimeout })
    : made
  if (!pip.ok) say(`without Python: ${complaintOf(pip)}`)
}
