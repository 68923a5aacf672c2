/**
 * Clients of the time, unmodified, against the legacy gateway, with dead tokens: none is lost, and none rings twice.
 * The witness is the simulated Apple that the gateway sends to.
 */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { oldClients } from '../../scripts/lib/old-clients.js'
import { authority, folder } from '../helpers/certificates.js'
import { legacyGateway } from '../helpers/legacy.js'
import { token } from '../helpers/simulated.js'

const there = oldClients()
const scripts = fileURLToPath(new URL('clients/', import.meta.url))
const hosts = ['127.0.0.1', 'localhost', 'gateway.push.apple.com', 'feedback.push.apple.com']
const server = await authority.issue({ commonName: 'gateway.push.apple.com', hosts })
// apn connects with no certificate that is not for the sandbox, wherever the gateway is but at Apple's.
const client = await authority.issue({ uid: 'com.example.doorbell', environments: ['sandbox'] })

const node = (/** @type {string} */ script) =>
  there.npm === undefined ? undefined : { command: process.execPath, args: ['--no-deprecation', script] }
const python = (/** @type {string} */ script) =>
  there.python === undefined ? undefined : { command: there.python, args: ['-W', 'ignore', script] }
const php = there.php === undefined ? undefined : { command: there.php, args: ['tutorial.php'] }

/**
 * `forgets`: it keeps a notification once the kernel has taken it, and cannot say what an answer is about that is
 * quicker than that.
 * @type {{ name: string, program: { command: string, args: string[] } | undefined, told?: object, says?: boolean,
 *   forgets?: boolean, missing: string }[]}
 */
const clients = [
  { name: 'apn 1.7.8', program: node('apn.cjs'), missing: 'npm cannot be reached' },
  { name: 'apnagent 1.1.3', program: node('apnagent.cjs'), forgets: true, missing: 'npm cannot be reached' },
  { name: 'pushjack 1.6.0', program: python('old_pushjack.py'), missing: 'PyPI, or a Python up to 3.11' },
  { name: 'apns-worker 0.1', program: python('old_apns_worker.py'), missing: 'PyPI, or a Python up to 3.11' },
  { name: 'a tutorial in PHP, command 1', program: php, told: { command: 1 }, missing: 'php-cli' },
  { name: 'a tutorial in PHP, command 2', program: php, told: { command: 2 }, missing: 'php-cli' },
  { name: 'a tutorial in PHP, command 0', program: php, told: { command: 0 }, says: false, missing: 'php-cli' }
]

/**
 * @param {import('node:test').TestContext} t
 * @param {typeof clients[number]} old
 * @param {import('../../js/simulator/simulator.js').SimulatorOptions} simulated
 */
async function prepare (t, { program, told }, simulated) {
  const made = await legacyGateway(t, simulated, { tls: { cert: server.certPem, key: server.keyPem } })
  const path = await folder(t, {
    'cert.pem': client.certPem,
    'key.pem': client.keyPem,
    'both.pem': client.certPem + client.keyPem,
    'ca.pem': authority.certPem
  })
  const file = (/** @type {string} */ name) => join(path, name)
  const [port, feedbackPort] = [made.gateway.address, made.gateway.feedbackAddress]
    .map(address => Number(/:(\d+)$/.exec(address ?? '')?.[1]))
  /** @param {object} more */
  const run = async more => {
    await writeFile(file('told.json'), JSON.stringify({
      folder: there.npm,
      host: '127.0.0.1',
      port,
      feedbackPort,
      cert: file('cert.pem'),
      key: file('key.pem'),
      pem: file('both.pem'),
      ca: file('ca.pem'),
      payload: '{"aps":{"alert":"Ding dong","sound":"default"}}',
      ...told,
      ...more
    }))
    const child = spawn(/** @type {any} */ (program).command, [
      ...(/** @type {any} */ (program).args.map((/** @type {string} */ arg) =>
        /\.(cjs|py|php)$/.test(arg) ? join(scripts, arg) : arg)),
      file('told.json')
    ], { stdio: ['pipe', 'pipe', 'pipe'] })
    t.after(() => child.kill())
    let errors = ''
    child.stderr.on('data', chunk => { errors += chunk })
    /** @type {any[]} */
    const lines = []
    const reading = createInterface(child.stdout).on('line', line => lines.push(JSON.parse(line)))
    return {
      lines,
      /** @param {() => boolean} isThere */
      async until (isThere) {
        while (!isThere()) {
          await Promise.race([once(reading, 'line'), once(child, 'exit').then(() => {
            assert.ok(isThere(), `it ended before: ${errors}`)
          })])
        }
      },
      async end () {
        child.stdin.end()
        if (child.exitCode === null) await once(child, 'exit')
      }
    }
  }
  return { ...made, run }
}

describe('an old client loses nothing and rings nobody twice:', () => {
  for (const old of clients) {
    test(old.name, { skip: !old.program && `not installed: ${old.missing}`, timeout: 60_000 }, async t => {
      const tokens = Array.from({ length: 300 }, (_, i) => token(i + 1))
      const bad = tokens.filter((_, i) => [4, 5, 77, 150, 299].includes(i))
      const gone = tokens.filter((_, i) => [10, 200].includes(i))
      const { simulator, run, gateway, lines } = await prepare(t, old, {
        dead: gone, faults: bad.map(token => `BadDeviceToken@token:${token}`)
      })
      const child = await run({ what: 'send', tokens })
      await simulator.until(({ accepted }) => accepted >= tokens.length - bad.length - gone.length)
      const refusals = () => child.lines.filter(line => 'rejected' in line)
      if (old.says !== false) await child.until(() => refusals().length >= bad.length)
      await child.end()
      const rejected = refusals()
      if (old.says !== false) {
        const named = rejected.map(({ rejected }) => rejected).filter(token => token !== null)
        assert.deepEqual(named.sort(), old.forgets ? bad.filter(token => named.includes(token)) : bad)
        assert.equal(rejected.length, bad.length)
        assert.deepEqual(new Set(rejected.map(({ status }) => status)), new Set([8]))
      }
      assert.equal(simulator.counts().duplicates, 0)
      const alive = tokens.filter(token => !bad.includes(token) && !gone.includes(token))
      assert.deepEqual([...simulator.accepted.keys()].sort(), alive.sort())
      t.diagnostic(JSON.stringify(gateway.figures()[0]))
      assert.deepEqual(lines.filter((/** @type {any} */ { level }) => level === 'error'), [])

      const feedback = await run({ what: 'feedback' })
      await feedback.until(() => feedback.lines.flatMap(({ dead = [] }) => dead).length >= gone.length)
      await feedback.end()
      assert.deepEqual(new Set(feedback.lines.flatMap(({ dead = [] }) => dead)), new Set(gone))
    })
  }
})

describe('the error response of a client in PHP that writes everything before it reads', () => {
  for (const [how, closes] of /** @type {const} */ ([['writes on', false], ['closes its side first', true]])) {
    test(`arrives whole, 200 times of 200, where it ${how}`, {
      skip: php === undefined && 'php-cli is not there', timeout: 120_000
    }, async t => {
      const old = { name: '', program: php && { ...php, args: ['write_only.php'] }, missing: '' }
      const { run } = await prepare(t, old, { faults: [`BadDeviceToken@token:${token(3)}`] })
      const tokens = Array.from({ length: 200 }, (_, n) => token(n + 1))
      const child = await run({ rounds: 200, tokens, closes })
      await child.until(() => child.lines.length === 200)
      await child.end()
      assert.deepEqual(child.lines.map((/** @type {any} */ { read }) => read), Array(200).fill('080800000002'))
    })
  }
})
