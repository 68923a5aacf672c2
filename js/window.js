/**
 * The texts of the tokens whose slots have not settled, by slot: a result names a token as the caller wrote it.
 */

export class TokenWindow {
  /** @type {{ start: number, tokens: string[] }[]} in the order of their slots, without a gap */
  #chunks = []
  #next = 0

  /** The slot that the next token gets, which is how many there have been. */
  get next () {
    return this.#next
  }

  /** @param {string[]} tokens in the order of their slots */
  add (tokens) {
    this.#chunks.push({ start: this.#next, tokens })
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
    const { start, tokens } = this.#chunks[low]
    return tokens[slot - start]
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
    while (gone < this.#chunks.length && this.#chunks[gone].start + this.#chunks[gone].tokens.length <= slot) gone++
    if (gone > 0) this.#chunks.splice(0, gone)
  }
}
