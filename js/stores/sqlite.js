/**
 * SQLite in a file: the driver `libsql`, and what SQLite does differently from other databases.
 *
 * The driver is synchronous: a statement stops this process while it runs, so statements are kept short, and waiting
 * for a lock is not left to it. It must never be handed a boolean or a Date (it ends the process on a boolean).
 */
import { access, constants, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { SqliteDialect, sql } from 'kysely'
import { BellpushError } from '../errors.js'
import { Database } from './database.js'
import { openLayout } from './layout.js'
import { checkOptions } from './options.js'
import { SqlBackend } from './sql.js'
import { isWholeNumber } from './values.js'

/** @typedef {import('./words.js').Words} Words */

/**
 * @param {string} path a file, `//` and a file, or `:memory:`
 * @param {import('./index.js').DatabaseOptions} options
 * @param {Words} words
 * @returns {Promise<SqlBackend>}
 */
export async function openSqlite (path, options, words) {
  const { names, undated, lockTimeout } = checkOptions(options, words)
  const create = options.create === true || path === IN_MEMORY
  const database = await openSqliteDatabase(path, { create, lockTimeout }, words)
  try {
    return new SqlBackend(database, await openLayout(database, names, create, words), { undated })
  } catch (error) {
    await database.close()
    throw error
  }
}

/**
 * The database alone, whatever is in it.
 * @param {string} path
 * @param {{ create: boolean, lockTimeout?: number }} options
 * @param {Words} words
 * @returns {Promise<Database>}
 */
export async function openSqliteDatabase (path, { create, lockTimeout }, words) {
  const inMemory = path === IN_MEMORY
  // An absolute path: the driver takes `file:` for a URI and `http:` for a server, and neither is meant.
  const file = inMemory ? path : resolve(path.replace(/^\/\/(?=.)/, ''))
  const fresh = inMemory || await isFresh(file, create, words)
  const driver = new SqliteDialect({ database: withPlainTransactions(await openFile(file)) })
  const database = new Database({ driver, dialect, label: file, lockTimeout })
  try {
    // Without it, temporary tables would be in memory, as large as the audience.
    await database.run(db => sql`pragma temp_store = file`.execute(db))
    // A transaction that makes the -wal file longer than this writes all of it into the database before it ends. The
    // usual four megabytes are less than what a single large job brings, whose caller would wait for both.
    await database.run(db => sql`pragma wal_autocheckpoint = ${sql.lit(WAL_PAGES)}`.execute(db))
    // Readers and a writer do not stop each other. A database that somebody else made keeps the mode he chose.
    if (fresh && create) await database.run(db => sql`pragma journal_mode = wal`.execute(db))
    return database
  } catch (error) {
    await database.close()
    throw error
  }
}

const IN_MEMORY = ':memory:'

/** Pages of 4 KiB, so 64 MiB. */
const WAL_PAGES = 16_384

/** @type {import('./database.js').Dialect} */
const dialect = {
  begin: 'begin immediate',
  locksRows: false,
  createIndex: index => index.ifNotExists().execute(),
  columnTypes: { clientId: 'text', token: 'text', registeredAt: 'integer', name: 'text', text: 'text' },
  variables: 30_000,

  async describe (db, table) {
    const { rows: [found] } = await query`
      select name, type, wr from pragma_table_list where schema = 'main' and lower(name) = lower(${table})`.execute(db)
    if (!found) return null
    const { rows: columns } = await query`select name, type from pragma_table_xinfo(${found.name})`.execute(db)
    const { rows: unique } = await query`
      select min(c.name) as name from pragma_index_list(${found.name}) as i, pragma_index_info(i.name) as c
      where i."unique" = 1 and i.partial = 0 group by i.name having count(*) = 1 and count(c.name) = 1`.execute(db)
    const names = columns.map(({ name }) => name)
    // A column may have taken one of the names by which SQLite calls the row's own number.
    const rowId = ['rowid', '_rowid_', 'oid'].find(name => !names.some(taken => taken.toLowerCase() === name))
    return {
      name: found.name,
      columns: columns.map(({ name, type }) => ({ name, type, kind: affinityOf(type) })),
      unique: unique.map(({ name }) => name),
      rowKey: found.type === 'table' && Number(found.wr) === 0 && rowId ? rowId : null
    }
  },

  async tableNames (db) {
    const { rows } = await query`
      select name from pragma_table_list where schema = 'main' and name not like 'sqlite^_%' escape '^'
      order by name`.execute(db)
    return rows.map(({ name }) => name)
  },

  distorts (text) {
    return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) && !isWholeNumber(text)
  },

  explain (error, label) {
    if (error instanceof BellpushError) return error
    const { rawCode = 0, message } = /** @type {{ rawCode?: number, message: string }} */ (error)
    // The low byte is the code proper. The driver has names for only some of the finer ones.
    const [, ours, words] = /** @type {typeof REASONS[number]} */ (
      REASONS.find(([pattern]) => pattern.test(`${CODES[rawCode & 0xff]}: ${message}`)))
    return new BellpushError(ours, `The token database ${label} ${words} (SQLite: ${message})`, { cause: error })
  },

  async beforeClose (db) {
    // The driver lets go of the file only when its statements are collected: until then the rows would be in the -wal
    // file alone, and lost on whoever copies the database without it.
    await sql`pragma wal_checkpoint(truncate)`.execute(db)
  }
}

/** @type {Record<number, string>} result codes (sqlite.org/rescode.html) */
const CODES = {
  1: 'ERROR', 3: 'PERM', 5: 'BUSY', 6: 'LOCKED', 8: 'READONLY', 11: 'CORRUPT', 13: 'FULL', 14: 'CANTOPEN',
  19: 'CONSTRAINT', 26: 'NOTADB'
}

/**
 * What SQLite reports, what it means to us, and what to do. The last one takes whatever is left.
 * @type {[pattern: RegExp, code: import('../errors.js').ErrorCode, words: string][]}
 */
const REASONS = [
  [/^(BUSY|LOCKED)/, 'BELLPUSH_STORE_LOCKED',
    'is locked by another process; nothing was changed. Try again, or end what holds the lock.'],
  [/^(READONLY|PERM)/, 'BELLPUSH_STORE_READ_ONLY',
    'cannot be written; nothing was changed. Give this user the right to write the file and its folder.'],
  [/^NOTADB/, 'BELLPUSH_STORE_UNAVAILABLE', 'is not a SQLite database, or it is encrypted.'],
  [/^CORRUPT/, 'BELLPUSH_STORE_UNAVAILABLE', 'is damaged. Restore it from a backup.'],
  [/^CANTOPEN|ConnectionFailed/, 'BELLPUSH_STORE_UNAVAILABLE',
    'cannot be opened. See that the file can be read and its folder written.'],
  [/^ERROR: (no such (table|column)|.* has no column)/, 'BELLPUSH_STORE_SCHEMA',
    'lacks a table or a column that was there when it was opened.'],
  [/^FULL/, 'BELLPUSH_STORE_FAILED', 'cannot grow: the disk is full. Nothing was changed.'],
  [/^CONSTRAINT/, 'BELLPUSH_STORE_FAILED',
    'has a rule that forbids the change; nothing was changed. A column that must be filled needs a default.'],
  [/^/, 'BELLPUSH_STORE_FAILED', 'answered with an error.']
]

const query = /** @type {typeof sql<Record<string, any>>} */ (sql)

/**
 * How SQLite derives a column's affinity from its declared type (sqlite.org/datatype3.html, 3.1).
 * @param {string} type
 */
function affinityOf (type) {
  if (/int/i.test(type)) return 'numeric'
  if (/char|clob|text/i.test(type)) return 'text'
  return type === '' || /blob/i.test(type) ? 'any' : 'numeric'
}

/**
 * @param {string} file
 * @param {boolean} create
 * @param {Words} words
 * @returns {Promise<boolean>} whether there is nothing in it yet
 */
async function isFresh (file, create, words) {
  try {
    const { size } = await stat(file)
    return size === 0
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error)
    if (code === 'ENOENT' && create) return true
    throw new BellpushError('BELLPUSH_STORE_UNAVAILABLE', code === 'ENOENT'
      ? `There is no token database ${file}. Name the right file, or have it made: ${words.create}.`
      : `The token database ${file} cannot be reached (${code}).`, { cause: error })
  }
}

/**
 * A statement that meets a lock stays active in the driver until it is collected, and an active `begin` forbids every
 * later commit ("SQL statements in progress"). `exec` leaves nothing behind.
 * @param {import('libsql').Database} database
 * @returns {import('kysely').SqliteDatabase}
 */
function withPlainTransactions (database) {
  return {
    prepare (text) {
      if (!/^(begin|commit|rollback)\b/.test(text)) return database.prepare(text)
      const run = () => {
        database.exec(text)
        return { changes: 0, lastInsertRowid: 0 }
      }
      return { reader: false, run, all: () => [], iterate: () => [].values() }
    },
    close: () => database.close()
  }
}

/** @param {string} file */
async function openFile (file) {
  const Libsql = await import('libsql').then(module => module.default, error => {
    throw new BellpushError('BELLPUSH_STORE_UNAVAILABLE', 'The SQLite driver, the package libsql, cannot be ' +
      'loaded: it is not installed, or has no build for this system.', { cause: error })
  })
  try {
    const database = new Libsql(file)
    // Row numbers and client ids go beyond what a JavaScript number holds exactly.
    database.defaultSafeIntegers(true)
    return database
  } catch (error) {
    const folder = await access(dirname(file), constants.W_OK).then(() => undefined, ({ code }) => code)
    if (folder === 'EACCES' || folder === 'EROFS') {
      throw new BellpushError('BELLPUSH_STORE_READ_ONLY', `The token database ${file} cannot be made: this user may ` +
        'not write to its folder.', { cause: error })
    }
    throw dialect.explain(error, file)
  }
}
