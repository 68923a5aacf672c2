/**
 * The texts that a listing has given already, for tables in which a token can be in several rows.
 *
 * One page needs none of this but a Set. From the second page on the texts are in a temporary table, which the
 * database keeps on disk: memory stays the same whatever the number of tokens.
 */

/** Listings may run side by side, each with its own table. */
let tables = 0

/** What one listing has given. */
export class SeenTexts {
  #database
  /** @type {string[] | undefined} */
  #firstPage
  /** @type {string | undefined} */
  #table

  /** @param {import('./database.js').Database} database */
  constructor (database) {
    this.#database = database
  }

  /**
   * @param {string[]} page
   * @returns {Promise<string[]>} those that were not seen before, each once
   */
  async fresh (page) {
    const texts = [...new Set(page)]
    if (!this.#firstPage) {
      this.#firstPage = texts
      return texts
    }
    if (texts.length === 0) return texts
    if (!this.#table) {
      this.#table = await this.#createTable()
      await this.#add(this.#table, this.#firstPage)
    }
    const table = this.#table
    const known = new Set(await this.#database.run(async db => {
      const rows = await db.selectFrom(table).select('text').where('text', 'in', texts).execute()
      return rows.map(({ text }) => text)
    }))
    const fresh = texts.filter(text => !known.has(text))
    await this.#add(table, fresh)
    return fresh
  }

  /** Never throws: a listing's own error matters more, and the table goes with the connection. */
  async close () {
    const table = this.#table
    if (table) await this.#database.run(db => db.schema.dropTable(table).execute()).catch(() => {})
  }

  async #createTable () {
    const table = `bellpush_seen_${++tables}`
    await this.#database.run(db => db.schema.createTable(table).temporary()
      .addColumn('text', this.#database.dialect.columnTypes.token, column => column.primaryKey()).execute())
    return table
  }

  /**
   * @param {string} table
   * @param {string[]} texts
   */
  async #add (table, texts) {
    if (texts.length === 0) return
    await this.#database.run(db => db.insertInto(table).values(texts.map(text => ({ text }))).execute())
  }
}
