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
  const names = ['bellpush', 'buffer', 'buffer-whole', 'buffer-plain']
  const contenders = await Promise.all(names.map(name => Contender.start(`encode-${name}`, { count: COUNT })))
  /** @type {number[][]} */
  const raw = [[], [], [], []]
  /** @type {number[]} */
  const native = []
  try {
    const hashes = []
    for (const contender of contenders) hashes.push(await contender.run({ hash: true }))
    if (new Set(hashes).size !== 1) throw new Error('the encoders do not write the same bytes')
    for (let round = -WARM_UP; round < ROUNDS; round++) {
      for (const [index, contender] of contenders.entries()) {
        // As the native encoder has rounds in a row, each has one to find the processor's caches as it left them.
        await contender.run()
        const time = await contender.run()
        if (round >= 0) raw[index].push(time)
      }
      if (round >= 0 && round % NATIVE_EVERY === 0) {
        native.push(...encodeNatively({ payload, tokens, batches: NATIVE_BATCHES }).slice(NATIVE_BATCHES >> 1))
      }
    }
  } finally {
    for (const contender of contenders) contender.stop()
  }
  const [ours, patched, whole, plain, core] = [...raw, native].map(median)
  const ns = (/** @type {number} */ value) => `${value.toFixed(0)} ns a token`
  return {
    name: 'encode',
    title: `Encoding, ${COUNT.toLocaleString('en')} tokens a batch, frames of 170 bytes`,
    figures: [
      { who: 'Bellpush: Batch.push, BinaryLink.write', what: ns(ours) },
      { who: 'Buffer, frames laid out once, token and identifier patched', what: ns(patched) },
      { who: 'Buffer, each frame written whole, into one buffer for all', what: ns(whole) },
      { who: 'Buffer, a frame at a time, each written once, chunks by Buffer.concat', what: ns(plain) },
      { who: 'the native core', what: ns(core) }
    ],
    targets: [
      atLeast('times the careful Buffer code', patched / ours, 8),
      atMost('times the native core', ours / core, 2)
    ],
    raw: { ours: raw[0], patched: raw[1], whole: raw[2], plain: raw[3], native }
  }
}
