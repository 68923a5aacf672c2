/**
 * The options of every command that opens the token database.
 */
import { openTokenStore } from '../stores/index.js'
import { usage } from './exit.js'

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
  if (help === undefined) command.requiredOption(flags, 'token database: sqlite:FILE')
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
  if (/^(sqlite:(\/\/)?:memory:|memory:)/.test(db)) {
    throw usage('a database in memory would end with this command: name a file, sqlite:FILE')
  }
  const columns = { clientId: clientColumn, token: tokenColumn, registeredAt: timeColumn }
  const store = await openTokenStore(db, { table, columns, ...more })
  try {
    return await run(store)
  } finally {
    await store.close()
  }
}

/** The database's file. @param {StoreOptions} options */
export function fileOf ({ db = '' }) {
  return db.replace(/^sqlite:(\/\/)?/, '')
}

/** @param {StoreOptions} options */
export function namesTable ({ table, clientColumn, tokenColumn, timeColumn }) {
  return [table, clientColumn, tokenColumn, timeColumn].some(name => name !== undefined)
}
