/**
 * The texts of the tokens whose slots have not settled, by slot: a result names a token as the caller wrote it.
 *
 * Where nobody else holds the texts, they are kept as bytes outside of V8's heap, in memory that is used again. Texts
 * would live just long enough to be moved to the old objects, and a push of millions would fill the heap with dead ones
 * again and again, which was measured to take 60 MB more and a tenth of the time.
 */
import { LONGEST, TEXT } from './core/texts.js'

/** So many tokens at least are worth memory of their own. */
const WORTH_PACKING = 256

/** Memory is used again where no more than this part of it stays empty. */
const MOST_EMPTY = 1 / 2

const encoder = new TextEncoder()

/**
 * ASCII texts, one behind the other, and where each of them ends.
 * @typedef {{ bytes: Buffer, ends: Uint32Array }} Packed
 */

/**
 * Tokens in the order of their slots, as texts or packed.
 * @typedef {object} Chunk
 * @property {number} start the slot of the first one
 * @property {number} count
 * @property {string[]} texts empty where they are packed
 * @property {Packed} [packed]
 */

export class TokenWindow {
  /** @type {Chunk[]} in the order of their slots, without a gap */
  #chunks = []
  #next = 0
  #packs
  /** Memory of chunks that were forgotten. @type {Packed[]} */
  #free = []

  /** @param {{ packs?: boolean }} [options] whether the texts are ours alone */
  constructor ({ packs = false } = {}) {
    this.#packs = packs
  }

  /** The slot that the next token gets, which is how many there have been. */
  get next () {
    return this.#next
  }

  /** @param {string[]} tokens in the order of their slots; not changed afterwards */
  add (tokens) {
    const packed = this.#packs && tokens.length >= WORTH_PACKING ? this.#pack(tokens) : undefined
    this.#chunks.push({ start: this.#next, count: tokens.length, texts: packed ? [] : tokens, packed })
    this.#next += tokens.length
  }

  /**
   * @param {number} slot one that was not forgotten
   * @returns {string}
   */
  tokenOf (slot) {
    let low = 0
    let high = this.#chunks.length
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if (this.#chunks[middle].start <= slot) low = middle
      else high = middle
    }
    const { start, texts, packed } = this.#chunks[low]
    const index = slot - start
    if (packed === undefined) return texts[index]
    const { bytes, ends } = packed
    return bytes.toString('latin1', index === 0 ? 0 : ends[index - 1], ends[index])
  }

  /**
   * @param {number} slot
   * @returns {string | undefined} undefined: it was forgotten
   */
  find (slot) {
    return slot >= (this.#chunks[0]?.start ?? Infinity) ? this.tokenOf(slot) : undefined
  }

  /** @param {number} slot all below are settled and reported */
  forgetBelow (slot) {
    let gone = 0
    while (gone < this.#chunks.length && this.#chunks[gone].start + this.#chunks[gone].count <= slot) gone++
    if (gone === 0) return
    for (const { packed } of this.#chunks.splice(0, gone)) if (packed) this.#free.push(packed)
  }

  /**
   * @param {string[]} tokens
   * @returns {Packed | undefined} undefined where one of them is not ASCII, or too long to be a token
   */
  #pack (tokens) {
    let size = 0
    for (const { length } of tokens) {
      if (length > LONGEST) return
      size += length
    }
    const { bytes, ends } = this.#memory(size, tokens.length)
    let written = 0
    let together = ''
    for (let index = 0; index < tokens.length; index++) {
      together += tokens[index]
      ends[index] = written + together.length
      if (together.length < TEXT && index < tokens.length - 1) continue
      const part = encoder.encodeInto(together, bytes.subarray(written))
      if (part.written !== together.length || part.read !== together.length) return
      written += part.written
      together = ''
    }
    return { bytes, ends }
  }

  /**
   * @param {number} size bytes
   * @param {number} count texts
   * @returns {Packed} used before, where there is some that fits
   */
  #memory (size, count) {
    const free = this.#free.pop()
    const room = free?.bytes.length ?? 0
    return free && room >= size && size >= room * MOST_EMPTY && free.ends.length >= count
      ? free
      : { bytes: Buffer.allocUnsafeSlow(size), ends: new Uint32Array(count) }
  }
}
