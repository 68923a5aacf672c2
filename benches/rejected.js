/**
 * One token of a hundred is dead: every refusal costs its connection and all that was written behind it.
 */
import { atLeast, atMost, median, rate } from './lib/figures.js'
import { race } from './lib/race.js'

const COUNT = 100_000
const DEAD_EVERY = 100

export async function rejected () {
  const raw = await race({
    count: COUNT,
    deadEvery: DEAD_EVERY,
    runners: {
      ours: { contender: 'bellpush', rounds: 3 },
      apn: { contender: 'apn', rounds: 1, silent: true }
    }
  })
  const alive = COUNT - COUNT / DEAD_EVERY
  const [ours, apn] = [raw.ours, raw.apn].map(rounds => ({
    rate: median(rounds.map(({ seconds, counts }) => counts.distinct / seconds)),
    lost: Math.max(...rounds.map(({ counts }) => alive - counts.distinct)),
    twice: Math.max(...rounds.map(({ counts }) => counts.duplicates)),
    connections: median(rounds.map(({ counts }) => counts.connections))
  }))
  const words = (/** @type {typeof ours} */ { rate: speed, lost, twice, connections }) =>
    `${rate(speed)}, lost ${lost}, twice ${twice}, connections ${connections}`
  return {
    name: 'rejected',
    title: `${COUNT.toLocaleString('en')} notifications, one of ${DEAD_EVERY} dead`,
    figures: [
      { who: 'Bellpush: Client.send', what: words(ours) },
      { who: 'apn 1.7.8, fast mode', what: words(apn) }
    ],
    targets: [
      atLeast('times apn', ours.rate / apn.rate, 10),
      atMost('lost', ours.lost, 0),
      atMost('accepted twice', ours.twice, 0)
    ],
    raw
  }
}
