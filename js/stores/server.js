/**
 * What databases that are servers of their own have in common: a driver that is installed beside this package, a pool
 * of connections, and errors that must not carry tokens on.
 */
import { BellpushError } from '../errors.js'
import { parseAddress } from './address.js'
import { checkLockTimeout, checkStatementTimeout, Database } from './database.js'
import { openLayout } from './layout.js'
import { checkOptions } from './options.js'
import { SqlBackend } from './sql.js'
import { isWholeNumber } from './values.js'

/** So many connections does a store open at most. */
const CONNECTIONS = 10

/** How long is waited for a connection, a free one or a new one, milliseconds. */
export const CONNECT_TIMEOUT = 10_000

/**
 * What a driver reports (`code: message`), what it means to us, and what to do. The last one takes whatever is left.
 * @typedef {[pattern: RegExp, code: import('../errors.js').ErrorCode, words: string][]} Reasons
 */

/** @typedef {{ connections: number, lockTimeout: number, statementTimeout: number }} Limits milliseconds */

/**
 * @typedef {object} Kind
 * @property {string} driver the package
 * @property {number} port
 * @property {import('./address.js').Securing} securing
 * @property {import('./database.js').Dialect} dialect
 * @property {(driver: any, login: import('./address.js').Login, limits: Limits)
 *   => import('kysely').Dialect} connect
 */

/**
 * @param {Kind} kind
 * @param {string} url
 * @param {import('./index.js').DatabaseOptions} options
 * @param {import('./words.js').Words} words
 * @returns {Promise<SqlBackend>}
 */
export async function openServer (kind, url, options, words) {
  const { names, undated, lockTimeout, statementTimeout } = checkOptions(options, words)
  const database = await openServerDatabase(kind, url, { lockTimeout, statementTimeout })
  try {
    return new SqlBackend(database, await openLayout(database, names, options.create === true, words), { undated })
  } catch (error) {
    await database.close().catch(() => {})
    throw error
  }
}

/**
 * The database alone, whatever is in it. Connects when there is something to ask.
 * @param {Kind} kind
 * @param {string} url
 * @param {{ lockTimeout?: number, statementTimeout?: number }} options
 * @returns {Promise<Database>}
 */
export async function openServerDatabase (kind, url, options) {
  const { driver: name, dialect, connect } = kind
  const lockTimeout = checkLockTimeout(options.lockTimeout)
  const statementTimeout = checkStatementTimeout(options.statementTimeout)
  const { login, label } = await parseAddress(url, kind)
  const driver = await load(name)
  /** @param {number} connections */
  const driverOf = connections => connect(driver, login, { connections, lockTimeout, statementTimeout })
  const apart = () => new Database({ driver: driverOf(1), dialect, label, lockTimeout })
  return new Database({ driver: driverOf(CONNECTIONS), dialect, label, lockTimeout, apart })
}

/**
 * @param {string} name of the package
 * @returns {Promise<any>}
 */
async function load (name) {
  try {
    const module = await import(name)
    return module.default
  } catch (error) {
    throw new BellpushError('BELLPUSH_STORE_UNAVAILABLE',
      `The database driver, the package ${name}, cannot be loaded. Install it: npm install ${name}`, { cause: error })
  }
}

/**
 * One of our errors for one of a driver's. The driver's own holds statements with the values in them: only its code and
 * its message go on, without tokens.
 * @param {any} error
 * @param {string} label
 * @param {string} server what the server is called
 * @param {Reasons} reasons
 * @returns {BellpushError}
 */
export function explainServer (error, label, server, reasons) {
  if (error instanceof BellpushError) return error
  const code = String(error?.code ?? '')
  const message = String(error?.message || code || error).replace(/[0-9a-f]{8}[0-9a-f <>]{8,}/gi, text =>
    `${text.slice(0, 8)}…`)
  const [, ours, words] = /** @type {Reasons[number]} */ (
    reasons.find(([pattern]) => pattern.test(`${code}: ${message}`)))
  const cause = Object.assign(new Error(message), { code, errno: error?.errno })
  return new BellpushError(ours, `The token database ${label} ${words} (${server}: ${message})`, { cause })
}

/** What TLS says of a server's certificate, or the server of ours. */
const untrusted = /^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|INVALID_CA|ERR_(TLS|SSL|OSSL)|HANDSHAKE_SSL_ERROR)/

/**
 * What both kinds of server have in common about TLS.
 * @param {import('./address.js').Securing} securing
 * @param {RegExp} unable what is reported where the server has no TLS
 * @param {RegExp} wanting and where it takes nothing else
 * @returns {Reasons}
 */
export function securingReasons ({ mode, ca, modes }, unable, wanting) {
  const strictest = Object.keys(modes).at(-1)
  return [
    [unable, 'BELLPUSH_STORE_UNAVAILABLE', `has no TLS, and ${mode} asks for it.`],
    [wanting, 'BELLPUSH_STORE_UNAVAILABLE', `wants TLS: put ?${mode}=${strictest} behind its URL.`],
    [untrusted, 'BELLPUSH_STORE_UNAVAILABLE',
      `and this program do not trust each other. See who signed its certificate (${ca}), and for what name.`]
  ]
}

/** What the network says, before there is any answer of the server. */
export const unreachable = /^(ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EHOST|ENET|EPIPE|ENOENT|EACCES)/

/**
 * @param {string} text
 * @param {number} bits
 * @param {boolean} [unsigned]
 * @returns {boolean} whether an integer of so many bits holds the number that is written so
 */
export function fits (text, bits, unsigned = false) {
  if (!isWholeNumber(text)) return false
  const number = BigInt(text)
  return number === (unsigned ? BigInt.asUintN(bits, number) : BigInt.asIntN(bits, number))
}
