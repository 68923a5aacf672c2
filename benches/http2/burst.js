/**
 * A burst over one connection: the usual case, against what others have.
 */
import { atLeast } from '../lib/figures.js'
import { race } from '../lib/race.js'
import { faultless, measured, single, speed } from './figures.js'
import { a2, h2load, missing, nodeApn } from './rivals.js'

const COUNT = 20_000

export async function http2Burst () {
  const raw = await race({
    count: COUNT,
    http2: {},
    runners: {
      // The processor's time of a few calls more is what it takes to compile a client that has just started.
      ours: { contender: 'bellpush', rounds: 15, warmUp: 15, options: single },
      first: { contender: 'bellpush', rounds: 1, options: single },
      nodeApn,
      ...a2(),
      ...h2load(5)
    }
  })
  const ours = speed(raw.ours, COUNT)
  const times = (/** @type {import('../lib/race.js').Round[] | undefined} */ rounds) =>
    rounds === undefined ? undefined : ours / speed(rounds, COUNT)
  const row = (/** @type {string} */ who, /** @type {'first' | 'nodeApn' | 'ours' | 'a2' | 'h2load'} */ name) => {
    const what = raw[name] ? measured(raw[name], COUNT) : missing[/** @type {'a2' | 'h2load'} */ (name)]
    return { who, what }
  }
  return {
    name: 'http2-burst',
    title: `${COUNT.toLocaleString('en')} notifications over HTTP/2, 1,000 streams, one connection`,
    figures: [
      row('Bellpush: Client.send', 'ours'),
      row('Bellpush: the first call of a process', 'first'),
      row('@parse/node-apn 8.1, 500 a call', 'nodeApn'),
      row('a2 0.10 (Rust), 500 in flight', 'a2'),
      row('h2load (C)', 'h2load')
    ],
    targets: [
      atLeast('times @parse/node-apn', ours / speed(raw.nodeApn, COUNT), 30),
      ...[[4, 'a2'], [1, 'h2load']].flatMap(([least, name]) => {
        const found = times(raw[name])
        return found === undefined ? [] : [atLeast(`times ${name}`, found, Number(least))]
      }),
      ...faultless(raw.ours, COUNT)
    ],
    raw
  }
}
