/**
 * Opening a token store: in memory, through the caller's own functions, or in a database.
 *
 * A database's driver is loaded when such a store is opened and not before.
 */
import { CallbackBackend } from './callbacks.js'
import { MemoryBackend } from './memory.js'
import { TokenStore } from './token-store.js'
import { invalid } from './values.js'
import { words } from './words.js'

/** @typedef {import('./layout.js').TableOptions} TableOptions */

/**
 * Options of a store in a database.
 *
 * - `table`, `columns`: names of letters, digits and underscores. Defaults: `device_tokens` with `client_id`, `token`,
 *   `registered_at`. A table without a `registered_at` works too; `columns: { registeredAt: null }` leaves one alone.
 * - `create`: makes the file and the table where they are missing (default false; always done for `sqlite::memory:`).
 * - `undated`: what a removal with `unlessSince` does to a token of which nobody knows when it was registered:
 *   'keep' it (default: it may have been registered since), or 'remove' it.
 * - `lockTimeout`: milliseconds to wait for another process's lock (default 5,000).
 * - `statementTimeout`: milliseconds that a server gets to answer a statement (default 120,000).
 * @typedef {TableOptions & { create?: boolean, undated?: 'keep' | 'remove', lockTimeout?: number,
 *   statementTimeout?: number }} DatabaseOptions
 */

/**
 * @param {string | import('./callbacks.js').Callbacks} where `sqlite:FILE` (also `sqlite::memory:`),
 *   `mysql://user:password@host:port/database` (also `mariadb:`, `postgres:`, `postgresql:`), `memory:`, or callbacks
 * @param {DatabaseOptions} [options] for databases
 * @returns {Promise<TokenStore>}
 * @throws {import('../errors.js').BellpushError} BELLPUSH_OPTION_INVALID; BELLPUSH_STORE_UNAVAILABLE where there is no
 *   such file or server, or it is no database, BELLPUSH_STORE_SCHEMA where it lacks the table or a column,
 *   BELLPUSH_STORE_READ_ONLY and BELLPUSH_STORE_LOCKED
 */
export async function openTokenStore (where, options = {}) {
  return openStore(where, options, words)
}

/**
 * As `openTokenStore`, with messages in the caller's own words.
 * @param {string | import('./callbacks.js').Callbacks} where
 * @param {DatabaseOptions} options
 * @param {import('./words.js').Words} words
 */
export async function openStore (where, options, words) {
  if (typeof where === 'object' && where !== null) return new TokenStore(new CallbackBackend(where))
  if (typeof where !== 'string') throw invalid('A token store is opened with a text like sqlite:FILE, or callbacks.')
  const { scheme, rest } = parted(where)
  if (scheme === 'memory' && rest === '') return new TokenStore(new MemoryBackend())
  if (scheme === 'sqlite' && rest !== '') {
    const { openSqlite } = await import('./sqlite.js')
    return new TokenStore(await openSqlite(rest, options, words))
  }
  if (scheme === 'mysql' || scheme === 'mariadb') {
    const { openMysql } = await import('./mysql.js')
    return new TokenStore(await openMysql(where, options, words))
  }
  if (scheme === 'postgres' || scheme === 'postgresql') {
    const { openPostgres } = await import('./postgres.js')
    return new TokenStore(await openPostgres(where, options, words))
  }
  // The text may carry a password: it is not repeated.
  throw invalid('A token store is opened with sqlite:FILE (as in sqlite:doorbell.db), sqlite::memory:, ' +
    'mysql://… or postgres://…, or memory:, ' +
    (scheme ? `and not with ${scheme}: and what followed it.` : 'and that text begins with none of these.'))
}

/**
 * A database for tables of our own, beside the tokens or elsewhere; a file that is not there is made.
 * @param {string} where `sqlite:FILE`, `sqlite::memory:`, `mysql://…`, `mariadb://…`, `postgres://…`, `postgresql://…`
 * @param {{ statementTimeout?: number }} [options] of a server
 * @returns {Promise<import('./database.js').Database>}
 * @throws {import('../errors.js').BellpushError} BELLPUSH_OPTION_INVALID, BELLPUSH_STORE_…
 */
export async function openDatabase (where, options = {}) {
  const { scheme, rest } = parted(where)
  if (scheme === 'sqlite' && rest !== '') {
    return (await import('./sqlite.js')).openSqliteDatabase(rest, { create: true }, words)
  }
  if (scheme === 'mysql' || scheme === 'mariadb') return (await import('./mysql.js')).openMysqlDatabase(where, options)
  if (scheme === 'postgres' || scheme === 'postgresql') {
    return (await import('./postgres.js')).openPostgresDatabase(where, options)
  }
  throw invalid('A database is named sqlite:FILE, sqlite::memory:, mysql://… or postgres://….')
}

/** @param {string} where */
function parted (where) {
  const scheme = /^[a-z]+(?=:)/.exec(where)?.[0]
  return { scheme, rest: where.slice((scheme?.length ?? 0) + 1) }
}
