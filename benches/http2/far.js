/**
 * A gateway at the other end of the world, 50 ms there and back. What limits then is not the client: a request is
 * answered a round trip after it was sent, so a connection gets as many answered each round trip as it may have streams
 * open, or as its window holds payloads.
 */
import { atLeast, rate } from '../lib/figures.js'
import { startProxy } from '../lib/native.js'
import { race } from '../lib/race.js'
import { payload } from '../lib/tokens.js'
import { faultless, options, single, speed } from './figures.js'
import { nodeApn } from './rivals.js'

const COUNT = 160_000
/** node-apn gets fewer: it would take too long. */
const FEWER = 20_000
/** Milliseconds, each way. */
const DELAY = 25
const STREAMS = 1000
/** The smallest there is, and what HTTP/2 begins with. */
const NARROW = 65_535
/** What the client makes, unless it is told otherwise. */
const CONNECTIONS = 8

/** @typedef {import('../lib/race.js').Round} Round */

export async function http2Far () {
  const [wide, narrow] = [await measure(0), await measure(NARROW)]
  return {
    name: 'http2-far',
    title: `${COUNT.toLocaleString('en')} notifications over HTTP/2, ${2 * DELAY} ms round trip`,
    figures: [...wide.figures, ...narrow.figures],
    targets: [...wide.targets, ...narrow.targets],
    raw: { wide: wide.raw, narrow: narrow.raw }
  }
}

/** @param {number} window bytes; 0: no limit */
async function measure (window) {
  const raw = await race({
    count: COUNT,
    http2: { streams: STREAMS, window },
    via: port => startProxy(port, DELAY),
    runners: {
      first: { contender: 'bellpush', rounds: 1, options },
      ours: { contender: 'bellpush', rounds: 3, warmUp: 1, options },
      single: { contender: 'bellpush', rounds: 1, warmUp: 1, count: FEWER * 2, options: single },
      nodeApn: { ...nodeApn, rounds: 1, warmUp: 1, count: FEWER }
    }
  })
  const inFlight = window > 0 ? Math.min(STREAMS, window / payload.length) : STREAMS
  /** Notifications a second that so many connections allow. */
  const allowed = (/** @type {number} */ connections) => connections * inFlight / (2 * DELAY / 1000)
  const how = window > 0 ? `, window of ${window.toLocaleString('en')} bytes` : ''
  const [ours, one, other] = [speed(raw.ours, COUNT), speed(raw.single, 2 * FEWER), speed(raw.nodeApn, FEWER)]
  const row = (/** @type {string} */ who, /** @type {number} */ value, /** @type {string} */ more = '') =>
    ({ who: who + how, what: rate(value) + more })
  return {
    raw,
    figures: [
      row('Bellpush', ours, `; ${CONNECTIONS} connections allow ${rate(allowed(CONNECTIONS))}`),
      row('Bellpush: the first call, which makes them', speed(raw.first, COUNT),
        `, ${raw.first[0].counts.connections} connections`),
      row('Bellpush: maxConnections 1', one, `; one connection allows ${rate(allowed(1))}`),
      row('@parse/node-apn 8.1, 500 a call', other)
    ],
    targets: [
      atLeast(`of what ${CONNECTIONS} connections allow${how}`, ours / allowed(CONNECTIONS), 0.8),
      atLeast(`of what one connection allows${how}`, one / allowed(1), 0.8),
      atLeast(`times @parse/node-apn${how}`, ours / other, 2),
      ...faultless([...raw.first, ...raw.ours], COUNT)
    ]
  }
}
