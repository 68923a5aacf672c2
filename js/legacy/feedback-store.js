/**
 * Tokens that Apple says are dead, until the old client has fetched them: a table in a SQLite file.
 *
 * A tuple has a number, and a new one when its token dies again; so what was given away, and no more, can be cleared by
 * the last number that was. The driver is synchronous: statements are kept short.
 */
import { BellpushError } from '../errors.js'

/** @typedef {{ time: number, token: string }} Tuple Unix seconds; hexadecimal */

/** Milliseconds between a token's death and its row; what dies meanwhile goes with it. */
const DELAY = 50

/** Tuples that wait to be written. Beyond them one is lost, until Apple says so again. */
const MOST_WAITING = 100_000

/** Tuples of one topic: the oldest go. Nobody has fetched them for long, or nobody ever will. */
const MOST_KEPT = 1_000_000

/** Rows that are written, read or cleared at once. */
const PAGE = 500

export class FeedbackStore {
  #database
  #log
  /** @type {{ topic: string, token: string, time: number }[]} */
  #waiting = []
  /** @type {NodeJS.Timeout | undefined} */
  #timer

  /**
   * @param {string} file made if it is missing; `:memory:` for tests
   * @param {import('./log.js').Log} log
   * @returns {Promise<FeedbackStore>}
   * @throws {BellpushError} BELLPUSH_STORE_UNAVAILABLE
   */
  static async open (file, log) {
    try {
      const { default: Libsql } = await import('libsql')
      const database = new Libsql(file)
      database.exec(`pragma journal_mode = wal;
        create table if not exists bellpush_legacy_feedback (
          number integer primary key autoincrement, topic text not null, token text not null, time integer not null,
          unique (topic, token));
        create index if not exists bellpush_legacy_feedback_pages on bellpush_legacy_feedback (topic, number)`)
      return new FeedbackStore(database, log)
    } catch (cause) {
      throw new BellpushError('BELLPUSH_STORE_UNAVAILABLE',
        `the dead tokens for the feedback service cannot be kept in ${file}: ${/** @type {Error} */ (cause).message}`,
        { cause })
    }
  }

  /**
   * @param {import('libsql').Database} database
   * @param {import('./log.js').Log} log
   */
  constructor (database, log) {
    this.#database = database
    this.#log = log
    const table = 'bellpush_legacy_feedback'
    this.#put = database.prepare(`insert or replace into ${table} (topic, token, time) values (?, ?, ?)`)
    this.#page = database.prepare(
      `select number, token, time from ${table} where topic = ? and number > ? and number <= ? order by number limit ?`)
    this.#last = database.prepare(`select max(number) as last, count(*) as count from ${table} where topic = ?`)
    this.#clear = database.prepare(`delete from ${table} where number in
      (select number from ${table} where topic = ? and number <= ? order by number limit ?)`)
  }

  #put
  #page
  #last
  #clear

  /** @param {string} topic @param {Tuple} tuple */
  add (topic, { token, time }) {
    if (this.#waiting.length >= MOST_WAITING) return
    this.#waiting.push({ topic, token, time })
    this.#timer ??= setTimeout(() => this.#write(), DELAY).unref()
  }

  /** Writes what waits. */
  flush () {
    while (this.#waiting.length > 0 && this.#write()) { /* page by page */ }
  }

  /** @returns {boolean} false: it did not work, and is tried again later */
  #write () {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const page = this.#waiting.slice(0, PAGE)
    try {
      this.#database.exec('begin immediate')
      try {
        for (const { topic, token, time } of page) this.#put.run(topic, token, time)
        this.#database.exec('commit')
      } catch (error) {
        this.#database.exec('rollback')
        throw error
      }
      this.#waiting.splice(0, page.length)
      return true
    } catch (error) {
      this.#log.error({ err: /** @type {Error} */ (error).message }, 'dead tokens could not be written down')
      return false
    } finally {
      if (this.#waiting.length > 0) this.#timer = setTimeout(() => this.#write(), DELAY).unref()
    }
  }

  /**
   * What there is now, page by page.
   * @param {string} topic
   * @returns {Generator<{ tuples: Tuple[], last: number }>} `last`: what `clear` wants to hear of it
   */
  * pages (topic) {
    this.flush()
    const { last } = /** @type {{ last: number | null }} */ (this.#last.get(topic))
    if (last === null) return
    for (let from = 0; ;) {
      const rows = /** @type {(Tuple & { number: number })[]} */ (this.#page.all(topic, from, last, PAGE))
      if (rows.length === 0) return
      from = rows[rows.length - 1].number
      yield { tuples: rows.map(({ token, time }) => ({ token, time })), last: from }
    }
  }

  /**
   * What was given away is forgotten, unless it has died again since.
   * @param {string} topic
   * @param {number} last
   */
  clear (topic, last) {
    while (this.#clear.run(topic, last, PAGE).changes === PAGE) { /* page by page */ }
  }

  /** Keeps each topic within its bound. @param {Iterable<string>} topics */
  prune (topics) {
    for (const topic of topics) {
      const { count } = /** @type {{ count: number }} */ (this.#last.get(topic))
      for (let over = count - MOST_KEPT; over > 0; over -= PAGE) {
        this.#clear.run(topic, Number.MAX_SAFE_INTEGER, Math.min(over, PAGE))
      }
    }
  }

  close () {
    this.flush()
    clearTimeout(this.#timer)
    this.#database.close()
  }
}
