/** A simulator and raw clients for one test, all gone when the test ends. */

import { Simulator } from '../../js/simulator/index.js'
import { simulatorDir } from './kept.js'
import { connect } from './raw-client.js'

/**
 * @param {import('node:test').TestContext} t
 * @param {import('../../js/simulator/simulator.js').SimulatorOptions} [options]
 */
export async function simulated (t, options = {}) {
  const simulator = await Simulator.start({ dir: simulatorDir, ...options })
  /** @type {import('./raw-client.js').RawClient[]} */
  const clients = []
  t.after(async () => {
    for (const client of clients) client.destroy()
    await simulator.stop()
  })
  /** @param {import('./raw-client.js').DialOptions} [overrides] */
  const credentials = (overrides) => options.plain
    ? undefined
    : { ca: simulator.credentials.ca, cert: simulator.credentials.cert, key: simulator.credentials.key, ...overrides }
  /** @param {string} url */
  const connectTo = (url) => async (/** @type {import('./raw-client.js').DialOptions} */ overrides = {}) => {
    const client = await connect(url, credentials(overrides))
    clients.push(client)
    return client
  }
  return { simulator, dial: connectTo(simulator.binary), dialFeedback: connectTo(simulator.feedback) }
}

/** The nth of as many different tokens as are wanted. @param {number} n */
export const token = (n) => n.toString(16).padStart(64, '0')

export const payload = '{"aps":{"alert":"Hi"}}'

/**
 * Notifications of command 2 with the identifiers and tokens from `first` to `last`.
 *
 * @param {number} first
 * @param {number} [last]
 * @returns {import('./reference.js').Frame[]}
 */
export function notifications (first, last = first) {
  return Array.from({ length: last - first + 1 }, (_, index) =>
    ({ command: 2, identifier: first + index, token: token(first + index), payload }))
}
