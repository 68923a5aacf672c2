/**
 * Encoding a broadcast in command 2, from texts in JavaScript to bytes in JavaScript. No socket.
 *
 * Counted is the processor's time, which other programs on the machine do not add to.
 */
import { atLeast, atMost, median } from './lib/figures.js'
import { encodeNatively } from './lib/native.js'
import { makeTokens, payload } from './lib/tokens.js'
import { Contender } from './lib/contender.js'

const COUNT = 50_000
const WARM_UP = 20
const ROUNDS = 60
/** The native encoder is started for every so many rounds. */
const NATIVE_EVERY = 10
const NATIVE_BATCHES = 15

export async function encode () {
  const tokens = makeTokens(COUNT)
  const [ours, buffer, naive] = await Promise.all([
    Contender.start('encode-bellpush', { count: COUNT }),
    Contender.start('encode-buffer', { count: COUNT }),
    Contender.start('encode-buffer-plain', { count: COUNT })
  ])
  /** @type {Record<string, number[]>} */
  const raw = { ours: [], buffer: [], naive: [], native: [] }
  try {
    const hashes = []
    for (const contender of [ours, buffer, naive]) hashes.push(await contender.run({ hash: true }))
    if (new Set(hashes).size !== 1) throw new Error('the encoders do not write the same bytes')
    for (let round = -WARM_UP; round < ROUNDS; round++) {
      const times = [await ours.run(), await buffer.run(), await naive.run()]
      if (round < 0) continue
      raw.ours.push(times[0])
      raw.buffer.push(times[1])
      raw.naive.push(times[2])
      if (round % NATIVE_EVERY === 0) {
        raw.native.push(...encodeNatively({ payload, tokens, batches: NATIVE_BATCHES }).slice(NATIVE_BATCHES >> 1))
      }
    }
  } finally {
    for (const contender of [ours, buffer, naive]) contender.stop()
  }
  const [a, b, c, d] = [raw.ours, raw.buffer, raw.naive, raw.native].map(median)
  const ns = (/** @type {number} */ value) => `${value.toFixed(0)} ns a token`
  return {
    name: 'encode',
    title: `Encoding, ${COUNT.toLocaleString('en')} tokens a batch, frames of 170 bytes`,
    figures: [
      { who: 'Bellpush: Batch.push, BinaryLink.write', what: ns(a) },
      { who: 'Buffer, frames laid out once, token and identifier patched', what: ns(b) },
      { who: 'Buffer, a frame at a time, each written once, chunks by Buffer.concat', what: ns(c) },
      { who: 'the native core', what: ns(d) }
    ],
    targets: [atLeast('times the careful Buffer code', b / a, 8), atMost('times the native core', a / d, 2)],
    raw
  }
}
