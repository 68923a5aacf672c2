/**
 * An open database: statements and transactions, waiting for other processes' locks without stopping this process,
 * every error one of ours.
 *
 * Not here: what the statements say.
 */
import { performance } from 'node:perf_hooks'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { Kysely, sql } from 'kysely'
import { BellpushError } from '../errors.js'
import { invalid } from './values.js'

/**
 * How one kind of database differs from the others.
 * @typedef {object} Dialect
 * @property {string} begin starts a transaction
 * @property {boolean} locksRows whether reading what will be changed must lock it: SQLite's transactions hold the whole
 *   file from their start
 * @property {{ clientId: ColumnType, token: ColumnType, registeredAt: ColumnType, name: ColumnType, text: ColumnType }}
 *   columnTypes of new tables; `name`: up to 255 ASCII characters, `text`: as long as it gets
 * @property {(index: import('kysely').CreateIndexBuilder<any>) => Promise<void>} createIndex unless it is there
 * @property {number} variables how many values a statement may carry, at least
 * @property {(db: Kysely<any>, table: string) => Promise<import('./layout.js').Description | null>} describe
 * @property {(db: Kysely<any>) => Promise<string[]>} tableNames
 * @property {(text: string, column: import('./layout.js').Column) => boolean} distorts whether a column of numbers
 *   would make something else of this text, or not take it
 * @property {((column: import('kysely').Expression<any>, values: unknown[]) => import('kysely').Expression<any>)}
 *   [amongTexts] compares exactly, where the database's own `in` may look at neither case nor accents
 * @property {(error: unknown, label: string) => import('../errors.js').BellpushError} explain
 * @property {(error: any) => boolean} [raced] whether two transactions met, and the same again may well succeed
 * @property {(db: Kysely<any>) => Promise<void>} [beforeClose] for a database of one connection
 */

/** @typedef {import('kysely').ColumnDataType | import('kysely').Expression<any>} ColumnType */

const LOCK_TIMEOUT = 5_000
/** Long: a table may be large and without an index. */
const STATEMENT_TIMEOUT = 120_000
/** Milliseconds that a server gets to take leave of; then its connections are left to themselves. */
const CLOSE_TIMEOUT = 5_000
/** So often is a transaction begun again that met another one. */
const RACES = 10
const FIRST_WAIT = 5
/** Short: nobody queues for SQLite's lock, so against a process that takes it again and again only many tries help. */
const LONGEST_WAIT = 15

/** A database that is open. */
export class Database {
  #kysely
  #lockTimeout
  #closed = false
  #apart

  /**
   * @param {object} options
   * @param {import('kysely').Dialect} options.driver
   * @param {Dialect} options.dialect
   * @param {string} options.label what the database is called in messages, without its password
   * @param {number} [options.lockTimeout] milliseconds
   * @param {() => Database} [options.apart] opens the same database again, for one connection
   */
  constructor ({ driver, dialect, label, lockTimeout, apart }) {
    this.#apart = apart
    this.dialect = dialect
    this.label = label
    this.#lockTimeout = checkLockTimeout(lockTimeout)
    this.#kysely = new Kysely({ dialect: driver })
  }

  /**
   * For what lives as long as its connection, like a temporary table.
   * @returns {Database} to close, unless it is this one
   */
  apart () {
    return this.#apart?.() ?? this
  }

  /**
   * Runs a statement; repeats it while another process holds a lock.
   * @template T
   * @param {(db: Kysely<any>) => Promise<T>} statement
   * @returns {Promise<T>}
   * @throws {import('../errors.js').BellpushError} BELLPUSH_STORE_…
   */
  async run (statement) {
    // A synchronous driver would go from statement to statement without a turn for sockets and timers, nor for the
    // finalizers that free its statements.
    await setImmediate()
    const deadline = performance.now() + this.#lockTimeout
    let races = 0
    for (let wait = FIRST_WAIT; !this.#closed; wait = Math.min(wait * 2, LONGEST_WAIT)) {
      try {
        return await statement(this.#kysely)
      } catch (error) {
        if (this.#closed) break
        const explained = this.dialect.explain(error, this.label)
        const again = this.dialect.raced?.(error)
          ? ++races < RACES
          : explained.code === 'BELLPUSH_STORE_LOCKED' && performance.now() < deadline
        if (!again) throw explained
      }
      await setTimeout(wait * (0.5 + Math.random() / 2))
    }
    throw new BellpushError('BELLPUSH_CLOSED', 'The token store was closed.')
  }

  /**
   * Runs statements all or nothing, repeated from the start while another process holds a lock.
   * @template T
   * @param {(db: Kysely<any>) => Promise<T>} statements
   * @returns {Promise<T>}
   */
  async transaction (statements) {
    return this.run(kysely => kysely.connection().execute(async connection => {
      await sql.raw(this.dialect.begin).execute(connection)
      try {
        const result = await statements(connection)
        await sql`commit`.execute(connection)
        return result
      } catch (error) {
        // Some errors (a full disk) have ended the transaction already, and then there is nothing to roll back.
        await sql`rollback`.execute(connection).catch(() => {})
        throw error
      }
    }))
  }

  /** Waits for the statement or transaction under way, then closes; what would have come after it is refused. */
  async close () {
    if (this.#closed) return
    this.#closed = true
    const { beforeClose } = this.dialect
    if (!beforeClose) {
      const late = setTimeout(CLOSE_TIMEOUT, undefined, { ref: false })
      return Promise.race([this.#kysely.destroy(), late])
    }
    await this.#kysely.connection().execute(async connection => {
      await beforeClose(connection).catch(() => {})
      // While the connection is still ours: nothing can begin on it that closing would cut in two.
      await this.#kysely.destroy()
    })
  }
}

/**
 * @param {unknown} [value]
 * @returns {number} milliseconds
 */
export function checkStatementTimeout (value = STATEMENT_TIMEOUT) {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 1 && value <= 2 ** 31 - 1) return value
  throw invalid('statementTimeout must be a number of milliseconds.')
}

/**
 * @param {unknown} [value]
 * @returns {number} milliseconds
 */
export function checkLockTimeout (value = LOCK_TIMEOUT) {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
  throw invalid('lockTimeout must be a number of milliseconds.')
}
