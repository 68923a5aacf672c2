/**
 * A gateway that takes leave after every hundred streams: what it did not process goes to the next connection.
 */
import { atMost, rate } from '../lib/figures.js'
import { race } from '../lib/race.js'
import { faultless, options, speed } from './figures.js'

const COUNT = 100_000
const EVERY = 100

export async function http2Goaway () {
  const raw = await race({
    count: COUNT,
    http2: { goaway: EVERY },
    runners: { ours: { contender: 'bellpush', rounds: 3, options } }
  })
  const [{ counts: { connections } }] = raw.ours
  return {
    name: 'http2-goaway',
    title: `${COUNT.toLocaleString('en')} notifications over HTTP/2, a GOAWAY after every ${EVERY} streams`,
    figures: [
      { who: 'Bellpush: Client.send', what: `${rate(speed(raw.ours, COUNT))}, ${connections} connections` }
    ],
    targets: [
      atMost('not reported accepted', Math.max(...raw.ours.map(({ said }) => COUNT - said.counts.accepted)), 0),
      ...faultless(raw.ours, COUNT)
    ],
    raw
  }
}
