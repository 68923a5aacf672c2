/**
 * The plain case: one connection, no token dead. The upper bound is the same bytes without any client.
 */
import { atLeast, median, rate } from './lib/figures.js'
import { race } from './lib/race.js'

const COUNT = 200_000

export async function plain () {
  const raw = await race({
    count: COUNT,
    runners: {
      ours: { contender: 'bellpush', rounds: 15, warmUp: 10 },
      bytes: { contender: 'raw', rounds: 15, warmUp: 10 },
      apn: { contender: 'apn', rounds: 3, silent: true }
    }
  })
  const [ours, bytes, apn] = [raw.ours, raw.bytes, raw.apn]
    .map(rounds => median(rounds.map(({ seconds }) => COUNT / seconds)))
  return {
    name: 'plain',
    title: `${COUNT.toLocaleString('en')} notifications, none bad, over TLS on the loopback`,
    figures: [
      { who: 'Bellpush: Client.send', what: rate(ours) },
      { who: 'apn 1.7.8, fast mode', what: rate(apn) },
      { who: 'the same bytes, encoded beforehand, through write', what: rate(bytes) }
    ],
    targets: [atLeast('times apn', ours / apn, 40), atLeast('of the rate of the bytes alone', ours / bytes, 0.6)],
    raw
  }
}
