/**
 * Results on their way to a consumer that may be slower than the gateway.
 */

/** From so many on, nothing more is read from the audience. */
const HIGH_WATER = 4096

export class ResultQueue {
  /** @type {import('./report.js').Result[]} */
  #results = []
  #ended = false
  #wake = () => {}

  get isFull () {
    return this.#results.length >= HIGH_WATER
  }

  /** @param {import('./report.js').Result} result */
  add (result) {
    if (this.#ended) return
    this.#results.push(result)
    this.#wake()
  }

  /** Nothing more comes, or nobody listens any more. */
  end () {
    this.#ended = true
    this.#wake()
  }

  /** Yields all that has come, each time there is something. */
  async * [Symbol.asyncIterator] () {
    for (;;) {
      if (this.#results.length > 0) {
        const results = this.#results
        this.#results = []
        yield results
      } else if (this.#ended) {
        return
      } else {
        await /** @type {Promise<void>} */ (new Promise(resolve => { this.#wake = resolve }))
      }
    }
  }
}
