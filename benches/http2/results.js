/**
 * A result for every token, with the gateway's `apns-id` in it.
 */
import { atLeast, atMost } from '../lib/figures.js'
import { race } from '../lib/race.js'
import { faultless, measured, single, speed } from './figures.js'
import { nodeApn } from './rivals.js'

const COUNT = 20_000

export async function http2Results () {
  const raw = await race({
    count: COUNT,
    http2: {},
    runners: { ours: { contender: 'http2-results', rounds: 15, warmUp: 15, options: single }, nodeApn }
  })
  return {
    name: 'http2-results',
    title: `${COUNT.toLocaleString('en')} notifications over HTTP/2, a result with its apns-id for each`,
    figures: [
      { who: 'Bellpush: Client.stream', what: measured(raw.ours, COUNT) },
      { who: '@parse/node-apn 8.1, 500 a call', what: measured(raw.nodeApn, COUNT) }
    ],
    targets: [
      atLeast('times @parse/node-apn', speed(raw.ours, COUNT) / speed(raw.nodeApn, COUNT), 20),
      atMost('results without an apns-id of their own', Math.max(...raw.ours.map(({ said }) => COUNT - said.ids)), 0),
      ...faultless(raw.ours, COUNT)
    ],
    raw
  }
}
