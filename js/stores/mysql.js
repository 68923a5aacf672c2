/**
 * MariaDB and MySQL: the driver `mysql2`, and what they do differently from other databases.
 *
 * Their texts compare without case, and often without accents and trailing spaces, unless a column says otherwise: a
 * client's id is compared byte by byte besides.
 */
import { MysqlDialect, sql } from 'kysely'
import { checkNamed } from './address.js'
import {
  CONNECT_TIMEOUT, explainServer, fits, openServer, openServerDatabase, securingReasons, unreachable
} from './server.js'
import { isWholeNumber } from './values.js'

/**
 * @param {string} url `mysql://…` or `mariadb://…`
 * @param {import('./index.js').DatabaseOptions} options
 * @param {import('./words.js').Words} words
 */
export async function openMysql (url, options, words) {
  return openServer(kind(), url, options, words)
}

/**
 * The database alone, whatever is in it.
 * @param {string} url
 * @param {{ lockTimeout?: number, statementTimeout?: number }} options
 */
export async function openMysqlDatabase (url, options) {
  return openServerDatabase(kind(), url, options)
}

/** MySQL, "Command Options for Encrypted Connections". @type {import('./address.js').Securing} */
const securing = {
  mode: 'ssl-mode',
  ca: 'ssl-ca',
  cert: 'ssl-cert',
  key: 'ssl-key',
  modes: { disabled: null, required: 'nothing', verify_ca: 'authority', verify_identity: 'name' }
}

const kind = () => ({ driver: 'mysql2', port: 3306, securing, dialect, connect })

/** @type {import('./database.js').Dialect} */
const dialect = {
  begin: 'start transaction',
  locksRows: true,
  columnTypes: {
    clientId: sql`varchar(255) character set utf8mb4 collate utf8mb4_bin`,
    token: sql`varchar(200) character set ascii collate ascii_bin`,
    registeredAt: 'bigint',
    name: sql`varchar(255) character set ascii collate ascii_bin`,
    text: sql`longtext character set utf8mb4`
  },
  variables: 30_000,
  raced: ({ errno }) => errno === 1213 || errno === 1062,

  async createIndex (index) {
    await index.execute().catch(error => {
      if (error.code !== 'ER_DUP_KEYNAME') throw error
    })
  },

  amongTexts: (column, values) => sql`(${column} in (${sql.join(values)}) and
    cast(convert(${column} using utf8mb4) as binary) in (${sql.join(values)}))`,

  async describe (db, table) {
    const { rows: [found] } = await query`
      select table_name as name from information_schema.tables
      where table_schema = database() and lower(table_name) = lower(${table})
      order by cast(table_name as binary) = ${table} desc limit 1`.execute(db)
    if (!found) return null
    const { rows: columns } = await query`
      select column_name as name, column_type as type from information_schema.columns
      where table_schema = database() and table_name = ${found.name} order by ordinal_position`.execute(db)
    const { rows: unique } = await query`
      select index_name as ${sql.id('index')}, min(column_name) as name from information_schema.statistics
      where table_schema = database() and table_name = ${found.name} and non_unique = 0
      group by index_name having count(*) = 1 and count(sub_part) = 0`.execute(db)
    const described = columns.map(({ name, type }) => ({ name, type: String(type), kind: kindOf(String(type)) }))
    const primary = unique.find(({ index }) => index === 'PRIMARY')?.name
    return {
      name: found.name,
      columns: described,
      unique: unique.map(({ name }) => name),
      rowKey: described.find(({ name, type }) => name === primary && INTEGER.test(type))?.name ?? null
    }
  },

  async tableNames (db) {
    const { rows } = await query`
      select table_name as name from information_schema.tables where table_schema = database()
      order by table_name`.execute(db)
    return rows.map(({ name }) => name)
  },

  distorts (text, { type }) {
    const size = INTEGER.exec(type)?.[1]
    return size === undefined ? !isWholeNumber(text) : !fits(text, BITS[size.toLowerCase()], /unsigned/i.test(type))
  },

  explain: (error, label) => explainServer(error, label, 'MariaDB or MySQL', REASONS)
}

/** @type {Record<string, number>} */
const BITS = { tiny: 8, small: 16, medium: 24, '': 32, big: 64 }
const INTEGER = /^(?:(tiny|small|medium|big|)int)\b/i

/** @param {string} type @returns {'numeric' | 'text'} */
const kindOf = type => INTEGER.test(type) || /^(decimal|float|double)/i.test(type) ? 'numeric' : 'text'

const query = /** @type {typeof sql<Record<string, any>>} */ (sql)

/** @type {import('./server.js').Reasons} */
const REASONS = [
  ...securingReasons(securing, /^HANDSHAKE_NO_SSL_SUPPORT/, /^ER_SECURE_TRANSPORT|insecure transport/),
  [/^ER_(ACCESS_DENIED|DBACCESS_DENIED|BAD_DB|NOT_SUPPORTED_AUTH|HOST_NOT_PRIVILEGED)/, 'BELLPUSH_STORE_UNAVAILABLE',
    'does not let this user in. See that the name of the database, the user and the password are right, and whether ' +
    'it wants TLS (ssl-mode).'],
  [unreachable, 'BELLPUSH_STORE_UNAVAILABLE', 'cannot be reached. See that its server runs; then try again.'],
  [/^(PROTOCOL_|ER_SERVER_SHUTDOWN|ER_CON_COUNT|ER_TOO_MANY_USER|ER_CONNECTION_KILLED|ER_HOST_IS_BLOCKED)|closed state/,
    'BELLPUSH_STORE_UNAVAILABLE', 'ended the connection, or has none to give. Try again.'],
  [/^ER_STATEMENT_TIMEOUT/, 'BELLPUSH_STORE_UNAVAILABLE', 'took too long. Try again; see whether it lacks an index.'],
  [/^ER_LOCK_(WAIT_TIMEOUT|DEADLOCK)/, 'BELLPUSH_STORE_LOCKED',
    'is locked by another transaction; nothing was changed. Try again, or end what holds the lock.'],
  [/^ER_(TABLEACCESS_DENIED|COLUMNACCESS_DENIED|OPTION_PREVENTS|CANT_EXECUTE_IN_READ_ONLY|READ_ONLY|OPEN_AS_READONLY)/,
    'BELLPUSH_STORE_READ_ONLY', 'may not be used like that; nothing was changed. Give this user the right.'],
  [/^ER_(NO_SUCH_TABLE|BAD_FIELD)/, 'BELLPUSH_STORE_SCHEMA',
    'lacks a table or a column that was there when it was opened.'],
  [/^ER_(DISK_FULL|RECORD_FILE_FULL)/, 'BELLPUSH_STORE_FAILED', 'cannot grow: the disk is full. Nothing was changed.'],
  [/^ER_(DUP|ROW_IS_REF|NO_REFERENCED|NO_DEFAULT|BAD_NULL|DATA_TOO_LONG|CONSTRAINT|CHECK)/, 'BELLPUSH_STORE_FAILED',
    'has a rule that forbids the change; nothing was changed. A column that must be filled needs a default.'],
  [/^/, 'BELLPUSH_STORE_FAILED', 'answered with an error.']
]

/** @type {import('./server.js').Kind['connect']} */
function connect (mysql, login, { connections, lockTimeout, statementTimeout }) {
  checkNamed(login, securing)
  const { socket, tls, ...rest } = login
  const pool = mysql.createPool({
    ...rest,
    ...(socket && { socketPath: socket }),
    ...(tls && {
      ssl: {
        ca: tls.ca,
        cert: tls.cert,
        key: tls.key,
        rejectUnauthorized: tls.verify !== 'nothing',
        verifyIdentity: tls.verify === 'name'
      }
    }),
    charset: 'utf8mb4',
    connectionLimit: connections,
    maxIdle: connections,
    connectTimeout: CONNECT_TIMEOUT,
    enableKeepAlive: true,
    stringifyObjects: true,
    // Numbers of 64 bits go beyond what a JavaScript number holds exactly.
    typeCast: (/** @type {any} */ field, /** @type {() => unknown} */ next) => {
      if (field.type !== 'LONGLONG') return next()
      const text = field.string()
      return text === null ? null : BigInt(text)
    }
  })
  const seconds = Math.max(1, Math.ceil(lockTimeout / 1000))
  // Without NO_BACKSLASH_ESCAPES, which would undo how the driver quotes texts. MariaDB would read the whole table for
  // a thousand values.
  const setUp = ['set session transaction isolation level read committed', `set session
    sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', innodb_lock_wait_timeout = ${seconds},
    lock_wait_timeout = ${seconds} /*M! , in_predicate_conversion_threshold = 0,
    max_statement_time = ${statementTimeout / 1000} */`]
  pool.on('connection', (/** @type {any} */ connection) => {
    // A connection that is not set up must not be used; what waits behind this on it fails.
    for (const text of setUp) connection.query(text, (/** @type {unknown} */ error) => error && connection.destroy())
  })
  return new MysqlDialect({
    pool: {
      getConnection: callback => soon(pool, (/** @type {any} */ error, /** @type {any} */ connection) =>
        callback(error, connection && withTimeout(connection, statementTimeout))),
      end: callback => pool.end(callback)
    }
  })
}

/**
 * A connection of the pool, or an error: the driver would let those who wait behind busy ones wait for ever.
 * @param {any} pool
 * @param {(error: any, connection?: any) => void} callback
 */
function soon (pool, callback) {
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    callback(Object.assign(new Error('no connection in time'), { code: 'PROTOCOL_CONNECTION_TIMEOUT' }))
  }, CONNECT_TIMEOUT)
  pool.getConnection((/** @type {any} */ error, /** @type {any} */ connection) => {
    clearTimeout(timer)
    if (!isLate) callback(error, connection)
    else connection?.release()
  })
}

/**
 * @param {any} connection
 * @param {number} statementTimeout milliseconds
 */
function withTimeout (connection, statementTimeout) {
  return {
    /**
     * @param {string} text
     * @param {any} values
     * @param {(error: any, result: any) => void} callback
     */
    query (text, values, callback) {
      // The driver's own timer goes on where a connection breaks, and keeps the process from ending.
      const timer = setTimeout(() => {
        // Its answer may still come, and would be taken for that of the next statement.
        connection.destroy()
        callback(Object.assign(new Error('no answer in time'), { code: 'PROTOCOL_SEQUENCE_TIMEOUT' }), undefined)
      }, statementTimeout)
      return connection.query({ sql: text, values }, (/** @type {any} */ error, /** @type {any} */ result) => {
        clearTimeout(timer)
        callback(error, result)
      })
    },
    release: () => connection.release()
  }
}
