/**
 * A million tokens over HTTP/2: the client at its full speed, and that the gateway is faster still.
 */
import { atLeast, atMost } from '../lib/figures.js'
import { race } from '../lib/race.js'
import { clientCpu, faultless, gatewayCpu, measured, single, speed } from './figures.js'
import { h2load, missing } from './rivals.js'

const COUNT = 1_000_000

export async function http2Million () {
  const raw = await race({
    count: COUNT,
    http2: {},
    runners: { ours: { contender: 'bellpush', rounds: 5, warmUp: 1, options: single }, ...h2load(3) }
  })
  const [cpu, other] = [clientCpu(raw.ours, COUNT), gatewayCpu(raw.ours, COUNT)]
  return {
    name: 'http2-million',
    title: `${COUNT.toLocaleString('en')} notifications over HTTP/2, 1,000 streams, one connection`,
    figures: [
      { who: 'Bellpush: Client.send', what: measured(raw.ours, COUNT) },
      { who: 'h2load (C)', what: raw.h2load ? measured(raw.h2load, COUNT) : missing.h2load },
      { who: 'the gateway', what: Number.isNaN(other) ? 'not known' : `${other.toFixed(2)} µs of its own CPU each` }
    ],
    targets: [
      ...(raw.h2load ? [atLeast('times h2load', speed(raw.ours, COUNT) / speed(raw.h2load, COUNT), 2)] : []),
      atMost("µs of the client's CPU each", cpu, 5),
      ...(Number.isNaN(other) ? [] : [atMost("the gateway's CPU to the client's", other / cpu, 1)]),
      ...faultless(raw.ours, COUNT)
    ],
    raw
  }
}
