/**
 * The texts of tokens as a database gives them, page by page. To callers it is an async iterable of single tokens; a
 * push takes the pages, because a token on its own way through an async iterator costs more than to send it.
 *
 * @implements {AsyncIterable<string>}
 */
export class Listing {
  #pages

  /** @param {() => AsyncGenerator<string[], void, undefined>} pages begins to read */
  constructor (pages) {
    this.#pages = pages
  }

  /** Begins to read: pages in their order, some of them perhaps empty; each is the taker's own. */
  pages () {
    return this.#pages()
  }

  /** @returns {AsyncGenerator<string, void, undefined>} */
  async * [Symbol.asyncIterator] () {
    for await (const page of this.#pages()) for (const token of page) yield token
  }
}
