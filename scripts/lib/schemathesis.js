/**
 * Schemathesis, a Python program that calls an HTTP service in every way its OpenAPI document allows and forbids:
 * installed once into this person's cache, for the tests of the sidecar alone.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from './cache.js'
import { capture, complaintOf, say, which } from './run.js'

const VERSION = '4.32.5'

/** PyPI gets this long, milliseconds. */
const pipTimeout = 240_000

const folder = () => join(cacheFolder(), `schemathesis-${VERSION}`)

/** @returns {string | undefined} the command, if it is there */
export function schemathesis () {
  const command = join(folder(), 'bin/schemathesis')
  return existsSync(command) && capture(command, ['--version']).stdout.includes(VERSION) ? command : undefined
}

/** Installs it, and says why where it cannot be. */
export function installSchemathesis () {
  if (schemathesis() !== undefined) return
  const python = which('python3')
  if (python === undefined) return say('without Schemathesis: there is no python3')
  say(`pip install schemathesis==${VERSION} into ${folder()} (once)`)
  const made = capture(python, ['-m', 'venv', folder()])
  const pip = made.ok
    ? capture(join(folder(), 'bin/pip'), ['install', '-q', `schemathesis==${VERSION}`], { timeout: pipTimeout })
    : made
  if (!pip.ok) say(`without Schemathesis: ${complaintOf(pip)}`)
}
