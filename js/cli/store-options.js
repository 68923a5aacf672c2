/**
 * The options of every command that opens the token database.
 */
import { openStore } from '../stores/index.js'
import { usage } from './exit.js'

/** What messages call these options. @type {import('../stores/words.js').Words} */
const words = {
  table: '--table',
  clientId: '--client-column',
  token: '--token-column',
  registeredAt: '--time-column',
  create: '`bellpush tokens add` and `bellpush tokens import` do that',
  undated: 'leave --time-column out'
}

/** Behind the help of a command that does nothing else. */
export const EXIT_CODES = `
Exit codes: 0 done, 2 usage (a wrong table too), 3 the database could not be
used.`

/** A text with a password in it, perhaps: it is not repeated where others may read it. */
const MAY_BE_SECRET = /[@=?]|pass|pwd|secret/i

/**
 * @typedef {object} StoreOptions
 * @property {string} [db]
 * @property {string} [table]
 * @property {string} [clientColumn]
 * @property {string} [tokenColumn]
 * @property {string} [timeColumn]
 */

/**
 * @param {import('commander').Command} command
 * @param {string} [help]
 */
export function addStoreOptions (command, help) {
  const flags = '--db <url>'
  if (help === undefined) command.requiredOption(flags, 'token database: sqlite:FILE, mysql://… or postgres://…')
  else command.option(flags, help)
  return command
    .option('--table <name>', 'its table (default: device_tokens)')
    .option('--client-column <name>', 'its column of client ids (default: client_id)')
    .option('--token-column <name>', 'its column of tokens, as hexadecimal text (default: token)')
    .option('--time-column <name>', 'its column of registration times, milliseconds since 1970 (default: ' +
      'registered_at, if there is one)')
}

/**
 * Opens the token database, runs something with it and closes it.
 * @template T
 * @param {StoreOptions} options
 * @param {{ create?: boolean, undated?: 'keep' | 'remove' }} more
 * @param {(store: import('../stores/token-store.js').TokenStore) => Promise<T>} run
 * @returns {Promise<T>}
 */
export async function withStore ({ db = '', table, clientColumn, tokenColumn, timeColumn }, more, run) {
  checkUrl(db)
  const columns = { clientId: clientColumn, token: tokenColumn, registeredAt: timeColumn }
  const store = await openStore(db, { table, columns, ...more }, words)
  try {
    return await run(store)
  } finally {
    await store.close()
  }
}

/** @param {string} db what `--db` says */
export function checkUrl (db) {
  if (/^(sqlite:(\/\/)?:memory:|memory:)/.test(db)) {
    throw usage('a database in memory would end with this command: name a file, sqlite:FILE')
  }
  if (/^(sqlite:.|(mysql|mariadb|postgres|postgresql):)/.test(db)) return
  // One letter is a drive of Windows.
  const scheme = /^[a-z]{2,}:/i.exec(db)?.[0] ?? 'sqlite:'
  if (scheme !== 'sqlite:') {
    throw usage(`the database must be sqlite:FILE, mysql://… or postgres://…: this version knows no ${scheme}`)
  }
  const isFile = db !== '' && db !== scheme && !MAY_BE_SECRET.test(db)
  throw usage(`${isFile ? db : 'this'} is no database URL: write sqlite:${isFile ? db : 'FILE'}`)
}

/** The database's file; nothing where it is a server. @param {StoreOptions} options */
export function fileOf ({ db = '' }) {
  return /^sqlite:/.test(db) ? db.replace(/^sqlite:(\/\/)?/, '') : undefined
}

/** What people read of the database: never its password. @param {StoreOptions} options */
export function labelOf ({ db }) {
  return db?.replace(/^([a-z]+:\/\/[^:@/]*):.*@/, '$1@')
}

/** @param {StoreOptions} options */
export function namesTable ({ table, clientColumn, tokenColumn, timeColumn }) {
  return [table, clientColumn, tokenColumn, timeColumn].some(name => name !== undefined)
}
