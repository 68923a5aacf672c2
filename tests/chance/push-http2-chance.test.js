/**
 * Faults by chance over HTTP/2: 100,000 tokens over real TLS, some of them dead, a gateway that fails in every way it
 * can, takes leave and changes its limits, and connections that are killed in the midst of a record. None is lost, none
 * comes twice, each settles once.
 *
 * BELLPUSH_SEED=NUMBER repeats what was seen; the seed is told.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from '../../js/client.js'
import { Simulator } from '../../js/simulator/index.js'
import { chance, seed } from '../helpers/chance.js'
import { simulatorDir } from '../helpers/kept.js'
import { killingProxy } from '../helpers/killing-proxy.js'
import { ring, tokens } from '../helpers/ring.js'

const COUNT = 100_000

/** Faults that are about one notification or its connection; the reasons that would stop the push are left out. */
const KINDS = [
  'BadDeviceToken', 'DeviceTokenNotForTopic', 'ExpiredToken', 'Unregistered', 'NewReason', 'TooManyRequests',
  'TooManyRequests-0', 'ServiceUnavailable', 'ServiceUnavailable-1', 'InternalServerError', 'Shutdown', 'IdleTimeout',
  'refused-stream', 'reset-stream', 'accepted-reset', 'silent', 'accepted-silent', 'goaway', 'kill', 'accepted-kill',
  'streams-0', 'streams-1', 'streams-50', 'streams-2000'
]

/**
 * @param {import('node:test').TestContext} t
 * @param {import('../../js/simulator/simulator.js').SimulatorOptions} simulated
 * @param {(port: number) => Promise<number>} way from the gateway's port to another one
 */
async function doorbell (t, simulated, way) {
  const simulator = await Simulator.start({ dir: simulatorDir, ...simulated })
  t.after(() => simulator.stop())
  const client = new Client({
    gateway: `https://127.0.0.1:${await way(Number(new URL(simulator.http2).port))}`,
    auth: simulator.signingKey,
    ca: simulator.credentials.ca,
    topic: 'com.example.doorbell',
    answerTimeout: 500,
    breaker: 1_000_000,
    maxInFlight: 5_000
  })
  t.after(() => client.destroy())
  return { simulator, client }
}

for (const [count, window] of [[COUNT, 65_535], [COUNT / 5, 40]]) {
  test(`${count} tokens, faults by chance, windows of ${window} bytes (BELLPUSH_SEED=${seed})`, async t => {
    const random = chance(seed)
    const below = (/** @type {number} */ end) => Math.floor(random() * end)
    const all = tokens(count)
    const dead = [...new Set(Array.from({ length: count / 1000 }, () => all[below(count)]))]
    const places = new Set(Array.from({ length: count / 800 }, () => 1 + below(count)))
    const faults = Array.from(places, place => `${KINDS[below(KINDS.length)]}@${place}`)
    let killed = () => 0
    const bell = await doorbell(t, { dead, faults, http2: { window, maxStreams: 200 } }, async port => {
      const proxy = await killingProxy(t, port, () => below(random() < 0.2 ? 5_000 : 2_000_000))
      killed = proxy.killed
      return proxy.port
    })

    let left = all
    let inDoubt = 0
    // Eight connections in a row that teach nothing end a push: then the tokens that were not sent are the next one's.
    for (let pushes = 1; left.length > 0; pushes++) {
      assert.ok(pushes <= 20, `${left.length} left after ${pushes} pushes`)
      const { report, error, outcomes } = await ring(bell, left)
      if (error) assert.equal(error.code, 'BELLPUSH_CONNECTION_LOST')
      inDoubt += report.counts.inDoubt
      left = left.filter(token => outcomes.get(token) === 'notSent')
    }
    const { connections, duplicates } = bell.simulator.counts()
    t.diagnostic(`${killed()} connections of ${connections} killed, ${inDoubt} in doubt`)
    assert.ok(killed() > 0)
    assert.equal(duplicates, 0)
  })
}
