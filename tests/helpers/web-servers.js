/**
 * Web servers from Debian's packages that speak HTTP/2 and are not ours: each in a temporary folder, on a free port of
 * loopback, under a user without rights, with a certificate of the tests' own authority, gone when its test ends.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, readdirSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import tls from 'node:tls'
import { authority, folder, server as certificate } from './certificates.js'
import { closedPort } from './servers.js'

const START_TIMEOUT = 30_000
const STOP_TIMEOUT = 10_000
const NOBODY = 65_534

/**
 * @typedef {object} Place
 * @property {string} dir
 * @property {number} port
 * @property {string} cert path
 * @property {string} key path
 * @property {string} both path of a file with both
 */

/**
 * @typedef {object} WebServer
 * @property {number} port
 * @property {() => Promise<string>} log what it says of each request, among others
 * @property {(signal: NodeJS.Signals) => void} signal sends its first process a signal
 * @property {(words: RegExp) => Promise<void>} says until it has printed this
 */

/**
 * @param {import('node:test').TestContext} t
 * @param {(place: Place) => { files?: Record<string, string>, command: string, args: string[], log?: string }} plan
 *   `log`: a file that it writes; else what it prints counts
 * @returns {Promise<WebServer>}
 */
export async function webServer (t, plan) {
  const port = await closedPort(t)
  const dir = await folder(t, {
    'cert.pem': certificate.certPem,
    'key.pem': certificate.keyPem,
    'both.pem': `${certificate.certPem}${certificate.keyPem}`
  })
  const path = (/** @type {string} */ name) => join(dir, name)
  const { files = {}, command, args, log } =
    plan({ dir, port, cert: path('cert.pem'), key: path('key.pem'), both: path('both.pem') })
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(path(name), text)))
  const isRoot = process.getuid?.() === 0
  if (isRoot) for (const name of ['.', ...readdirSync(dir)]) chownSync(path(name), NOBODY, NOBODY)
  let said = ''
  // If the tests themselves are killed, the kernel ends the server.
  const child = spawn('setpriv', [
    ...isRoot ? [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] : [],
    '--pdeathsig', 'SIGTERM', '--', command, ...args
  ], { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] })
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => { said += text })
  child.on('error', error => { said += error.message })
  t.after(() => stop(child))
  await listens(port, child, () => said)
  return {
    port,
    log: async () => log === undefined ? said : await readFile(path(log), 'utf8'),
    signal: signal => { child.kill(signal) },
    says: words => soon(() => words.test(said), () => `${command} does not say ${words}: ${said}`)
  }
}

/**
 * Until it takes a connection of TLS.
 * @param {number} port
 * @param {import('node:child_process').ChildProcess} child
 * @param {() => string} said
 */
async function listens (port, child, said) {
  const deadline = performance.now() + START_TIMEOUT
  for (;;) {
    const socket = tls.connect({ port, host: '127.0.0.1', ca: authority.certPem, ALPNProtocols: ['h2'] })
    try {
      await once(socket, 'secureConnect')
      return
    } catch (error) {
      const isLate = child.exitCode !== null || performance.now() > deadline
      if (isLate) throw new Error(`${child.spawnargs.join(' ')} did not start: ${said()}`, { cause: error })
      await setTimeout(20)
    } finally {
      socket.destroy()
    }
  }
}

/**
 * Until something holds that no event tells of: what another process has written.
 * @param {() => boolean | Promise<boolean>} holds
 * @param {() => string} words
 */
export async function soon (holds, words) {
  const deadline = performance.now() + START_TIMEOUT
  while (!await holds()) {
    if (performance.now() > deadline) throw new Error(words())
    await setTimeout(20)
  }
}

/** @param {import('node:child_process').ChildProcess} child */
async function stop (child) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const late = AbortSignal.timeout(STOP_TIMEOUT)
  child.kill('SIGTERM')
  await once(child, 'exit', { signal: late }).catch(() => child.kill('SIGKILL'))
}

/**
 * How often each token was answered with this status, by what a server says in lines of path and status.
 * @param {string} log
 * @param {number} status
 */
export function answered (log, status) {
  /** @type {Map<string, number>} */
  const times = new Map()
  for (const [, token, answer] of log.matchAll(/\/3\/device\/([0-9a-f]{64}) (\d{3})/g)) {
    if (Number(answer) === status) times.set(token, (times.get(token) ?? 0) + 1)
  }
  return times
}
