/**
 * A ring for tests: a simulator and a client that talk over real TLS, and what must hold between what the one counted
 * and what the other reports, whatever happened in between.
 */
import assert from 'node:assert/strict'
import { Client } from '../../js/client.js'
import { Simulator } from '../../js/simulator/index.js'
import { simulatorDir } from './kept.js'

export const dingDong = { aps: { alert: 'Ding dong', sound: 'default' } }

/** @param {number} number */
export const token = number => number.toString(16).padStart(64, '0')

/** @param {number} count */
export const tokens = count => Array.from({ length: count }, (_, i) => token(i + 1))

/**
 * A simulator and a client for it, gone after the test.
 * @param {import('node:test').TestContext} t
 * @param {import('../../js/simulator/simulator.js').SimulatorOptions} [simulated]
 * @param {Partial<import('../../js/client.js').ClientOptions>} [options]
 */
export async function doorbell (t, simulated = {}, options = {}) {
  const simulator = await Simulator.start({ dir: simulatorDir, ...simulated })
  t.after(() => simulator.stop())
  const { ca, cert, key } = simulator.credentials
  const client = new Client({ gateway: simulator.binary, auth: { cert, key }, ca, ...options })
  t.after(() => client.destroy())
  return { simulator, client }
}

/**
 * Pushes to tokens and checks the invariant: each has one outcome, what is reported accepted was accepted, what was
 * accepted is reported so or in doubt, and nothing was accepted twice.
 * @param {Awaited<ReturnType<typeof doorbell>>} doorbell
 * @param {string[]} audience without duplicates
 * @param {import('../../js/client.js').SendOptions} [options]
 * @returns {Promise<{ report: import('../../js/report.js').Report, error: any, outcomes: Map<string, string> }>}
 */
export async function ring ({ simulator, client }, audience, options) {
  /** @type {Map<string, string>} */
  const outcomes = new Map()
  let error
  let report
  const results = client.stream(dingDong, audience, options)
  try {
    for (;;) {
      const { value, done } = await results.next()
      if (done) {
        report = value
        break
      }
      assert.ok(!outcomes.has(value.token), `${value.token} settles once`)
      outcomes.set(value.token, value.outcome)
    }
  } catch (thrown) {
    error = thrown
    report = /** @type {any} */ (thrown).report
    if (!report) throw thrown
  }
  assert.deepEqual([...outcomes.keys()].sort(), [...audience].sort(), 'each token has an outcome')
  for (const [token, outcome] of outcomes) {
    const times = simulator.accepted.get(token) ?? 0
    assert.ok(times <= 1, `${token} was accepted ${times} times`)
    if (outcome === 'accepted') assert.equal(times, 1, `${token} is reported accepted`)
    else if (outcome !== 'inDoubt') assert.equal(times, 0, `${token} is reported ${outcome}`)
  }
  assert.equal(simulator.counts().duplicates, 0)
  return { report, error, outcomes }
}
