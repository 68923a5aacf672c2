/**
 * All tokens in one call of `send`, as users would like to: what the client says must be what the gateway counted.
 */
import { atMost } from '../lib/figures.js'
import { race } from '../lib/race.js'
import { faultless, options } from './figures.js'
import { nodeApn } from './rivals.js'

const COUNT = 20_000

export async function http2Once () {
  const raw = await race({
    count: COUNT,
    http2: {},
    runners: {
      ours: { contender: 'bellpush', rounds: 3, options },
      nodeApn: { ...nodeApn, rounds: 1, warmUp: 0, options: { chunk: COUNT } }
    }
  })
  const [{ said, counts }] = raw.nodeApn
  const [first] = raw.ours
  const words = (/** @type {number} */ accepted, /** @type {number} */ failed,
    /** @type {import('../lib/race.js').Round} */ { counts, seconds }) =>
    `${accepted.toLocaleString('en')} reported accepted, ${failed.toLocaleString('en')} failed; ` +
    `the gateway accepted ${counts.distinct.toLocaleString('en')}, twice ${counts.duplicates}; ${seconds.toFixed(2)} s`
  return {
    name: 'http2-once',
    title: `${COUNT.toLocaleString('en')} tokens in one call, over HTTP/2`,
    figures: [
      {
        who: 'Bellpush: Client.send',
        what: words(first.said.counts.accepted, COUNT - first.said.counts.accepted, first)
      },
      { who: '@parse/node-apn 8.1: send', what: words(said.accepted, said.failed, { ...raw.nodeApn[0], counts }) }
    ],
    targets: [
      atMost('not reported accepted', Math.max(...raw.ours.map(({ said }) => COUNT - said.counts.accepted)), 0),
      atMost('reported otherwise than the gateway counted',
        Math.max(...raw.ours.map(({ said, counts }) => Math.abs(said.counts.accepted - counts.accepted))), 0),
      ...faultless(raw.ours, COUNT)
    ],
    raw
  }
}
