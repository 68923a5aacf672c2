/**
 * Where the tokens are in a database: the names of the table and its columns, checked against what is really there.
 *
 * Not here: any SQL that reads or changes tokens.
 */
import { sql } from 'kysely'
import { BellpushError } from '../errors.js'
import { invalid, readTime } from './values.js'

/**
 * `registeredAt: null` says that there is no such column, or that it is to be left alone.
 * @typedef {{ clientId?: string, token?: string, registeredAt?: string | null }} ColumnOptions
 * @typedef {{ table?: string, columns?: ColumnOptions }} TableOptions
 */

/**
 * A column and its declared type. `kind` is what the database makes of a value: a numeric column compares and stores
 * '007' as 7; `any` is SQLite's column without a type, where 7 and '7' differ.
 * @typedef {{ name: string, type: string, kind: 'text' | 'numeric' | 'any' }} Column
 */

/**
 * What a dialect tells of a table. `unique` names the columns that alone have a UNIQUE constraint; `rowKey` is what
 * tells rows apart and orders them, if the database has such a thing.
 * @typedef {{ name: string, columns: Column[], unique: string[], rowKey: string | null }} Description
 */

/**
 * The layout that a store works with, in the names that the database itself uses.
 * @typedef {object} Layout
 * @property {string} table
 * @property {Column} clientId
 * @property {Column} token
 * @property {Column | null} registeredAt null where registration times are not known
 * @property {boolean} unique whether the database keeps a token from being in two rows
 * @property {string | null} rowKey
 */

/** @typedef {import('./database.js').Database} Database */
/** @typedef {import('./words.js').Words} Words */

const DEFAULT_TIME = 'registered_at'

/**
 * Names that are plain, with the defaults filled in. `registeredAt` undefined: use the default one if it is there.
 * @typedef {{ table: string, clientId: string, token: string, registeredAt: string | null | undefined }} Names
 */

/**
 * @param {TableOptions} options
 * @param {Words} words
 * @returns {Names}
 * @throws {BellpushError} BELLPUSH_OPTION_INVALID
 */
export function checkNames ({ table = 'device_tokens', columns = {} }, words) {
  for (const key of Object.keys(columns)) {
    if (!['clientId', 'token', 'registeredAt'].includes(key)) {
      throw invalid(`columns has no ${JSON.stringify(key.slice(0, 40))}; it has clientId, token and registeredAt.`)
    }
  }
  const { clientId = 'client_id', token = 'token', registeredAt } = columns
  const names = [checkName(words.table, table), checkName(words.clientId, clientId), checkName(words.token, token)]
  if (registeredAt !== undefined && registeredAt !== null) names.push(checkName(words.registeredAt, registeredAt))
  if (new Set(names.slice(1).map(name => name.toLowerCase())).size < names.length - 1) {
    throw invalid(`${words.clientId}, ${words.token} and ${words.registeredAt} name the same column twice.`)
  }
  return { table, clientId, token, registeredAt }
}

/**
 * @param {Database} database
 * @param {Names} names
 * @param {Words} words
 * @returns {Promise<Layout | null>} null where there is no such table
 * @throws {BellpushError} BELLPUSH_STORE_SCHEMA where a column is missing
 */
async function findLayout (database, names, words) {
  const found = await database.run(db => database.dialect.describe(db, names.table))
  if (!found) return null
  /** @param {string} name */
  const column = name => {
    const wanted = found.columns.find(column => column.name === name) ??
      found.columns.find(column => column.name.toLowerCase() === name.toLowerCase())
    if (wanted) return wanted
    throw lacks(`The table ${found.name} in ${database.label} has no column ${name}. Its columns are: ` +
      `${listed(found.columns.map(column => column.name))}. ` +
      `Name the right ones with ${words.clientId}, ${words.token} and ${words.registeredAt}.`)
  }
  const token = column(names.token)
  const layout = {
    table: found.name,
    clientId: column(names.clientId),
    token,
    registeredAt: null,
    unique: found.unique.includes(token.name),
    rowKey: found.rowKey
  }
  if (names.registeredAt === null) return layout
  if (names.registeredAt === undefined && !found.columns.some(({ name }) => name.toLowerCase() === DEFAULT_TIME)) {
    return layout
  }
  const registeredAt = column(names.registeredAt ?? DEFAULT_TIME)
  // A column that merely happens to have the default name, and is for dates or seconds, belongs to somebody else.
  if (names.registeredAt === undefined && /date|time/i.test(registeredAt.type)) return layout
  const strange = await strangeTime(database, found.name, registeredAt)
  if (strange === undefined) return { ...layout, registeredAt }
  if (names.registeredAt === undefined) return layout
  throw lacks(`The column ${found.name}.${registeredAt.name} in ${database.label} holds ${strange}, and milliseconds ` +
    `since 1970 are wanted. Name another column, or none: ${words.undated}.`)
}

/**
 * Finds the table, or makes it.
 * @param {Database} database
 * @param {Names} names
 * @param {boolean} create
 * @param {Words} words
 * @returns {Promise<Layout>}
 */
export async function openLayout (database, names, create, words) {
  let layout = await findLayout(database, names, words)
  if (!layout && create) {
    await createTable(database, names)
    layout = await findLayout(database, names, words)
  }
  if (!layout) throw await noTable(database, names.table, words)
  return layout
}

/**
 * @param {Database} database
 * @param {Names} names
 */
async function createTable (database, names) {
  const { columnTypes } = database.dialect
  const { table, clientId, token, registeredAt = DEFAULT_TIME } = names
  await database.transaction(async db => {
    const start = db.schema.createTable(table).ifNotExists()
      .addColumn(clientId, columnTypes.clientId, column => column.notNull())
      .addColumn(token, columnTypes.token, column => column.notNull().unique())
    const end = registeredAt === null
      ? start
      : start.addColumn(registeredAt, columnTypes.registeredAt, column => column.notNull())
    await end.execute()
    // The token is in the index too, so that a client's tokens are listed in order from the index alone.
    const index = db.schema.createIndex(`${table}_by_client`).on(table).columns([clientId, token])
    await database.dialect.createIndex(index)
  })
}

/**
 * @param {Database} database
 * @param {string} table
 * @param {Words} words
 * @returns {Promise<BellpushError>}
 */
async function noTable (database, table, words) {
  const tables = await database.run(db => database.dialect.tableNames(db))
  return lacks(`${database.label} has no table ${table}; ` +
    (tables.length > 0 ? `its tables are: ${listed(tables)}. ` : 'it has no tables at all. ') +
    `Name the right one with ${words.table}, or have it made: ${words.create}.`)
}

/**
 * @param {Database} database
 * @param {string} table
 * @param {Column} column
 * @returns {Promise<string | undefined>} what the column holds instead of times in milliseconds, for a message
 */
async function strangeTime (database, table, { name, type, kind }) {
  const { rows } = await database.run(db => /** @type {typeof sql<{ time: unknown }>} */ (sql)`
    select ${sql.ref(`${table}.${name}`)} as ${sql.id('time')} from ${sql.table(table)}
    where ${sql.ref(`${table}.${name}`)} is not null limit 1`.execute(db))
  if (kind === 'text') return /date|time/i.test(type) ? 'dates' : 'text'
  if (database.dialect.distorts(String(Date.now()), { name, type, kind })) return 'smaller numbers'
  if (rows.length === 0 || readTime(rows[0].time) !== null) return undefined
  const { time } = rows[0]
  return typeof time === 'bigint' || typeof time === 'number' ? `${time}` : 'text or bytes'
}

/**
 * @param {string} option
 * @param {unknown} name
 * @returns {string}
 */
function checkName (option, name) {
  if (typeof name === 'string' && /^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(name)) return name
  throw invalid(`${option} must be a name of up to 63 letters, digits and underscores that begins with no digit, not ` +
    `${JSON.stringify(String(name).slice(0, 40))}.`)
}

/** @param {string} message */
const lacks = message => new BellpushError('BELLPUSH_STORE_SCHEMA', message)

/** @param {string[]} names */
const listed = names => names.slice(0, 30).join(', ') + (names.length > 30 ? ' …' : '')
