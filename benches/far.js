/**
 * A gateway at the other end of the world: 50 ms there and back, one token of a hundred dead.
 */
import { atMost, median } from './lib/figures.js'
import { startProxy } from './lib/native.js'
import { race } from './lib/race.js'

const COUNT = 10_000
const DEAD_EVERY = 100
/** Milliseconds, each way. */
const DELAY = 25
const CONNECTIONS = [1, 4, 16]

export async function far () {
  const runner = { contender: 'bellpush', rounds: 3 }
  const raw = await race({
    count: COUNT,
    deadEvery: DEAD_EVERY,
    runners: Object.fromEntries([
      ['default', runner],
      ...CONNECTIONS.map(connections =>
        [`connections: ${connections}`, { ...runner, rounds: 1, options: { connections } }])
    ]),
    via: port => startProxy(port, DELAY)
  })
  const alive = COUNT - COUNT / DEAD_EVERY
  const all = Object.values(raw).flat().map(({ counts }) => counts)
  return {
    name: 'far',
    title: `${COUNT.toLocaleString('en')} notifications, one of ${DEAD_EVERY} dead, ${2 * DELAY} ms round trip`,
    figures: Object.entries(raw).map(([who, rounds]) => {
      const [seconds, connections] = [
        rounds.map(round => round.seconds), rounds.map(({ counts }) => counts.connections)
      ].map(median)
      return { who, what: `${seconds.toFixed(2)} s, ${connections} connections made` }
    }),
    targets: [
      atMost('seconds by default', median(raw.default.map(({ seconds }) => seconds)), 3),
      atMost('lost', Math.max(...all.map(({ distinct }) => alive - distinct)), 0),
      atMost('accepted twice', Math.max(...all.map(({ duplicates }) => duplicates)), 0)
    ],
    raw
  }
}
