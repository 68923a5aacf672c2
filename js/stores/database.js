/**
 * A connection to a database: one statement or one transaction at a time, waiting for other processes' locks without
 * stopping this process, every error one of ours.
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
 * @property {string} begin starts a transaction that holds its write lock from the start
 * @property {{ clientId: ColumnType, token: ColumnType, registeredAt: ColumnType }} columnTypes of new tables
 * @property {number} variables how many values a statement may carry, at least
 * @property {(db: Kysely<any>, table: string) => Promise<import('./layout.js').Description | null>} describe
 * @property {(db: Kysely<any>) => Promise<string[]>} tableNames
 * @property {(text: string) => boolean} distorts whether a number column would make something else of this text
 * @property {(error: unknown, label: string) => import('../errors.js').BellpushError} explain
 * @property {(db: Kysely<any>) => Promise<void>} beforeClose
 */

/** @typedef {import('kysely').ColumnDataType} ColumnType */

const LOCK_TIMEOUT = 5_000
const FIRST_WAIT = 5
const LONGEST_WAIT = 100

/** A database that is open. */
export class Database {
  #kysely
  #lockTimeout
  #closed = false

  /**
   * @param {object} options
   * @param {import('kysely').Dialect} options.driver
   * @param {Dialect} options.dialect
   * @param {string} options.label what the database is called in messages, without its password
   * @param {number} [options.lockTimeout] milliseconds
   */
  constructor ({ driver, dialect, label, lockTimeout = LOCK_TIMEOUT }) {
    if (!Number.isFinite(lockTimeout) || lockTimeout < 0) throw invalid('lockTimeout must be a number of milliseconds.')
    this.dialect = dialect
    this.label = label
    this.#lockTimeout = lockTimeout
    this.#kysely = new Kysely({ dialect: driver })
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
    for (let wait = FIRST_WAIT; !this.#closed; wait = Math.min(wait * 2, LONGEST_WAIT)) {
      try {
        return await statement(this.#kysely)
      } catch (error) {
        if (this.#closed) break
        const explained = this.dialect.explain(error, this.label)
        if (explained.code !== 'BELLPUSH_STORE_LOCKED' || performance.now() >= deadline) throw explained
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
    this.#closed = true
    await this.#kysely.connection().execute(async connection => {
      await this.dialect.beforeClose(connection).catch(() => {})
      // While the connection is still ours: nothing can begin on it that closing would cut in two.
      await this.#kysely.destroy()
    })
  }
}
