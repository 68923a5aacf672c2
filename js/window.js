/**
 * The texts of the tokens whose slots have not settled, by slot: a result names a token as the caller wrote it.
 *
 * Where nobody else holds the texts, they are kept as bytes outside of V8's heap, in memory that is used again. Texts
 * would live just long enough to be moved to the old objects, and a push of millions would fill the heap with dead ones
 * again and again, which was measured to take 60 MB more and a tenth of the time.
 */
import { putTogether } from './texts.js'

/** So many tokens at least are worth memory of their own. */
const WORTH_PACKING = 256

/** Memory is used again where no more than this part of it stays empty. */
const MOST_EMPTY = 1 / 2

const encoder = new TextEncoder()

/**
 * Tokens in the order of their slots: as texts, or as the bytes of texts of one length, one behind the other.
 * @typedef {object} Chunk
 * @property {number} start the slot of the first one
 * @property {number} count
 * @property {string[]} texts empty where they are packed
 * @property {Buffer} [bytes]
 * @property {number} length of each text, where they are packed
 */

export class TokenWindow {
  /** @type {Chunk[]} in the order of their slots, without a gap */
  #chunks = []
  #next = 0
  #packs
  /** Memory of chunks that were forgotten. @type {Buffer[]} */
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
    const bytes = this.#packs && tokens.length >= WORTH_PACKING ? this.#pack(tokens) : undefined
    const packed = bytes && { texts: [], bytes, length: tokens[0].length }
    this.#chunks.push({ start: this.#next, count: tokens.length, ...packed ?? { texts: tokens, length: 0 } })
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
    const { start, texts, bytes, length } = this.#chunks[low]
    const index = slot - start
    return bytes ? bytes.toString('latin1', index * length, (index + 1) * length) : texts[index]
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
    for (const { bytes } of this.#chunks.splice(0, gone)) if (bytes) this.#free.push(bytes)
  }

  /**
   * @param {string[]} tokens
   * @returns {Buffer | undefined} undefined where they are not of one length and ASCII
   */
  #pack (tokens) {
    const size = tokens[0].length * tokens.length
    const text = putTogether(tokens)
    if (text === undefined) return
    const free = this.#free.pop()
    const bytes = free && free.length >= size && size >= free.length * MOST_EMPTY ? free : Buffer.allocUnsafeSlow(size)
    const { read, written } = encoder.encodeInto(text, bytes)
    if (read === size && written === size) return bytes
  }
}
