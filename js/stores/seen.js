/**
 * The tokens that a listing has given already, for tables in which a token can be in several rows or spellings.
 *
 * One page needs none of this but a Set. From the second page on the tokens are in a temporary table, which the
 * database keeps on disk: memory stays the same whatever the number of tokens.
 */
import { createHash } from 'node:crypto'
import { canonicalOr } from './spellings.js'

/** Listings may run side by side, each with its own table. */
let tables = 0

/**
 * What stands for a token in the table: of a text that is none a digest, for columns that take only so much, or take
 * one text for another.
 * @param {string} token
 */
const keyOf = token => /^[0-9a-f]{1,200}$/.test(token) ? token : `#${createHash('sha256').update(token).digest('hex')}`

/** What one listing has given. */
export class SeenTokens {
  #database
  /** @type {import('./database.js').Database | undefined} where the temporary table is */
  #apart
  /** @type {string[] | undefined} */
  #firstPage
  /** @type {string | undefined} */
  #table

  /** @param {import('./database.js').Database} database */
  constructor (database) {
    this.#database = database
  }

  /**
   * @param {string[]} page texts of tokens
   * @returns {Promise<string[]>} those whose tokens were not seen before, in whatever spelling; of each the first
   */
  async fresh (page) {
    /** @type {Map<string, string>} */
    const texts = new Map()
    for (const text of page) {
      const token = canonicalOr(text)
      if (!texts.has(token)) texts.set(token, text)
    }
    const tokens = [...texts.keys()]
    if (!this.#firstPage) {
      this.#firstPage = tokens
      return [...texts.values()]
    }
    if (tokens.length === 0) return []
    if (!this.#table) {
      this.#table = await this.#createTable()
      await this.#add(this.#table, this.#firstPage)
    }
    const table = this.#table
    const known = await this.#connection().run(db =>
      db.selectFrom(table).select('token').where('token', 'in', tokens.map(keyOf)).execute())
    const keys = new Set(known.map(({ token }) => token))
    for (const token of tokens) if (keys.has(keyOf(token))) texts.delete(token)
    await this.#add(table, [...texts.keys()])
    return [...texts.values()]
  }

  /** Never throws: a listing's own error matters more, and the table goes with the connection. */
  async close () {
    const table = this.#table
    const apart = this.#apart
    if (apart && apart !== this.#database) await apart.close().catch(() => {})
    else if (table) await this.#database.run(db => db.schema.dropTable(table).execute()).catch(() => {})
  }

  async #createTable () {
    const table = `bellpush_seen_${++tables}`
    this.#apart = this.#database.apart()
    await this.#apart.run(db => db.schema.createTable(table).temporary()
      .addColumn('token', this.#database.dialect.columnTypes.token, column => column.primaryKey()).execute())
    return table
  }

  /**
   * @param {string} table
   * @param {string[]} tokens
   */
  async #add (table, tokens) {
    if (tokens.length === 0) return
    await this.#connection().run(db =>
      db.insertInto(table).values(tokens.map(token => ({ token: keyOf(token) }))).execute())
  }

  #connection () {
    return this.#apart ?? this.#database
  }
}
