/**
 * PostgreSQL: the driver `pg`, and what it does differently from other databases.
 */
import { PostgresDialect, sql } from 'kysely'
import {
  CONNECT_TIMEOUT, explainServer, fits, openServer, openServerDatabase, securingReasons, unreachable
} from './server.js'
import { isWholeNumber } from './values.js'

/**
 * @param {string} url `postgres://…` or `postgresql://…`
 * @param {import('./index.js').DatabaseOptions} options
 * @param {import('./words.js').Words} words
 */
export async function openPostgres (url, options, words) {
  return openServer(kind(), url, options, words)
}

/**
 * The database alone, whatever is in it.
 * @param {string} url
 * @param {{ lockTimeout?: number, statementTimeout?: number }} options
 */
export async function openPostgresDatabase (url, options) {
  return openServerDatabase(kind(), url, options)
}

/** PostgreSQL, "SSL Mode Descriptions". @type {import('./address.js').Securing} */
const securing = {
  mode: 'sslmode',
  ca: 'sslrootcert',
  cert: 'sslcert',
  key: 'sslkey',
  modes: { disable: null, require: 'nothing', 'verify-ca': 'authority', 'verify-full': 'name' }
}

const kind = () => ({ driver: 'pg', port: 5432, securing, dialect, connect })

/** @type {import('./database.js').Dialect} */
const dialect = {
  begin: 'begin isolation level read committed',
  locksRows: true,
  columnTypes: { clientId: 'text', token: 'text', registeredAt: 'bigint', name: 'text', text: 'text' },
  createIndex: index => index.ifNotExists().execute(),
  variables: 30_000,
  raced: ({ code }) => code === '40P01' || code === '40001' || code === '23505',

  async describe (db, table) {
    const { rows: [found] } = await query`
      select c.oid::int8 as oid, c.relname as name from pg_catalog.pg_class as c
      where lower(c.relname) = lower(${table}) and c.relkind in ('r', 'p', 'v', 'm', 'f')
        and pg_catalog.pg_table_is_visible(c.oid)
      order by c.relname = ${table} desc limit 1`.execute(db)
    if (!found) return null
    const { rows: columns } = await query`
      select attname as name, pg_catalog.format_type(atttypid, null) as type from pg_catalog.pg_attribute
      where attrelid = ${found.oid} and attnum > 0 and not attisdropped order by attnum`.execute(db)
    const { rows: unique } = await query`
      select a.attname as name, i.indisprimary as is_primary from pg_catalog.pg_index as i
      join pg_catalog.pg_attribute as a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
      where i.indrelid = ${found.oid} and i.indisunique and i.indisvalid and i.indpred is null
        and i.indexprs is null and i.indnkeyatts = 1`.execute(db)
    const primary = unique.find(row => row.is_primary)?.name
    return {
      name: found.name,
      columns: columns.map(({ name, type }) => ({ name, type, kind: NUMBER.test(type) ? 'numeric' : 'text' })),
      unique: unique.map(({ name }) => name),
      rowKey: columns.find(({ name, type }) => name === primary && BITS[type])?.name ?? null
    }
  },

  async tableNames (db) {
    const { rows } = await query`
      select relname as name from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p', 'v', 'm', 'f') and pg_catalog.pg_table_is_visible(c.oid)
        and n.nspname not in ('pg_catalog', 'information_schema') order by relname`.execute(db)
    return rows.map(({ name }) => name)
  },

  distorts: (text, { type }) => BITS[type] ? !fits(text, BITS[type]) : !isWholeNumber(text),

  explain: (error, label) => explainServer(error, label, 'PostgreSQL', REASONS)
}

/** @type {Record<string, number>} */
const BITS = { smallint: 16, integer: 32, bigint: 64 }
const NUMBER = /^(smallint|integer|bigint|numeric|real|double precision)$/

const query = /** @type {typeof sql<Record<string, any>>} */ (sql)

/** By SQLSTATE (postgresql.org/docs/current/errcodes-appendix.html). @type {import('./server.js').Reasons} */
const REASONS = [
  ...securingReasons(securing, /does not support SSL/, /no encryption/),
  [/^(28|3D)...:/, 'BELLPUSH_STORE_UNAVAILABLE',
    'does not let this user in. See that the name of the database, the user and the password are right.'],
  [/SASL|password must be a string/, 'BELLPUSH_STORE_UNAVAILABLE', 'wants a password.'],
  [unreachable, 'BELLPUSH_STORE_UNAVAILABLE', 'cannot be reached. See that its server runs; then try again.'],
  [/^(08...|57P0.|57014|53300|25P03):|^: .*(terminated|timeout|not queryable|Connection ended)/i,
    'BELLPUSH_STORE_UNAVAILABLE', 'ended the connection, or has none to give. Try again.'],
  [/^(40...|55P03):/, 'BELLPUSH_STORE_LOCKED',
    'is locked by another transaction; nothing was changed. Try again, or end what holds the lock.'],
  [/^(42501|25006):/, 'BELLPUSH_STORE_READ_ONLY',
    'may not be used like that; nothing was changed. Give this user the right.'],
  [/^(42P01|42703):/, 'BELLPUSH_STORE_SCHEMA', 'lacks a table or a column that was there when it was opened.'],
  [/^53100:/, 'BELLPUSH_STORE_FAILED', 'cannot grow: the disk is full. Nothing was changed.'],
  [/^(23...|22001):/, 'BELLPUSH_STORE_FAILED',
    'has a rule that forbids the change; nothing was changed. A column that must be filled needs a default.'],
  [/^/, 'BELLPUSH_STORE_FAILED', 'answered with an error.']
]

/** int8, whose numbers go beyond what a JavaScript number holds exactly. */
const INT8 = 20

/** @type {import('./server.js').Kind['connect']} */
function connect (pg, login, { connections, lockTimeout, statementTimeout }) {
  const { socket, tls, ...rest } = login
  const pool = new pg.Pool({
    ...rest,
    ...(socket && { host: socket }),
    ...(tls && {
      ssl: {
        // An address is no server name, and without it the certificate would be checked for localhost.
        host: rest.host,
        ca: tls.ca,
        ...(tls.cert && { cert: tls.cert, key: tls.key }),
        rejectUnauthorized: tls.verify !== 'nothing',
        ...(tls.verify !== 'name' && { checkServerIdentity: () => undefined })
      }
    }),
    max: connections,
    connectionTimeoutMillis: CONNECT_TIMEOUT,
    query_timeout: statementTimeout,
    // The server is to stop working for nobody.
    statement_timeout: Math.ceil(statementTimeout),
    lock_timeout: Math.max(1, Math.ceil(lockTimeout)),
    keepAlive: true,
    application_name: 'bellpush',
    types: {
      getTypeParser: (/** @type {number} */ type, /** @type {string} */ format) =>
        type === INT8 ? BigInt : pg.types.getTypeParser(type, format)
    }
  })
  // A connection that ends while nobody uses it: the pool has let go of it already.
  pool.on('error', () => {})
  return new PostgresDialect({
    pool: {
      connect: async () => withTimeout(await pool.connect()),
      end: () => pool.end()
    }
  })
}

/** @param {any} client */
function withTimeout (client) {
  let failed = false
  const fail = () => { failed = true }
  // It ended between two statements of a transaction: the next one says so.
  client.on('error', fail)
  return /** @type {any} */ ({
    /**
     * @param {string} text
     * @param {unknown[]} values
     */
    async query (text, values) {
      // It would wait behind the statement that got no answer.
      if (failed) throw Object.assign(new Error('this connection has failed'), { code: '08006' })
      try {
        return await client.query(text, values)
      } catch (error) {
        // Without a code of the server: its answer may still come, or the connection is gone.
        if (!/** @type {any} */ (error).severity) fail()
        throw error
      }
    },
    release () {
      client.off('error', fail)
      client.release(failed)
    }
  })
}
