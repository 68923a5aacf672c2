/**
 * Faults by chance: 100,000 tokens over real TLS, some of them dead, a gateway that fails in every way it can, and
 * connections that are killed in the midst of a record. None is lost, none comes twice, each settles once.
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

/** Faults that teach something, or leave something in doubt; the statuses that would stop the push are left out. */
const KINDS = [
  'status-0', 'status-1', 'status-2', 'status-5', 'status-8', 'status-9', 'status-10', 'status-128', 'status-255',
  'shutdown', 'spurious', 'late', 'late-3', 'late-100', 'cut', 'two-packets', 'no-close', 'reset-after-error',
  'unknown-identifier', 'identifier-0', 'close', 'reset', 'stall'
]

test(`100,000 tokens, faults by chance (BELLPUSH_SEED=${seed})`, async t => {
  const random = chance(seed)
  const below = (/** @type {number} */ end) => Math.floor(random() * end)
  const all = tokens(COUNT)
  const dead = [...new Set(Array.from({ length: 100 }, () => all[below(COUNT)]))]
  const places = new Set(Array.from({ length: 150 }, () => 1 + below(COUNT)))
  const faults = Array.from(places, place => `${KINDS[below(KINDS.length)]}@${place}`)
  const simulator = await Simulator.start({ dir: simulatorDir, dead, faults })
  t.after(() => simulator.stop())
  const proxy = await killingProxy(t, Number(new URL(simulator.binary).port),
    () => random() < 0.1 ? below(30_000) : Infinity)
  const { ca, cert, key } = simulator.credentials
  const client = new Client({
    gateway: `apns://127.0.0.1:${proxy.port}`,
    auth: { cert, key },
    ca,
    answerTimeout: 300,
    breaker: 1_000_000,
    maxInFlight: 3_000
  })
  t.after(() => client.destroy())

  let left = all
  let inDoubt = 0
  // Eight connections in a row that teach nothing end a push: then the tokens that were not sent are the next one's.
  for (let pushes = 1; left.length > 0; pushes++) {
    assert.ok(pushes <= 20, `${left.length} left after ${pushes} pushes`)
    const { report, error, outcomes } = await ring({ simulator, client }, left)
    if (error) assert.equal(error.code, 'BELLPUSH_CONNECTION_LOST')
    inDoubt += report.counts.inDoubt
    left = left.filter(token => outcomes.get(token) === 'notSent')
  }
  t.diagnostic(`${proxy.killed()} connections of ${simulator.counts().connections} killed, ${inDoubt} in doubt`)
  assert.ok(proxy.killed() > 0)
  assert.equal(simulator.counts().duplicates, 0)
})
