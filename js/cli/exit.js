/**
 * What the command ends with: the exit code of everything that can happen, in one place, and how an error is told.
 *
 * Not here: what a single command does.
 */
import { BellpushError } from '../errors.js'
import { printable, tell } from './output.js'

/** The exit codes, as every `--help` explains them. */
export const exit = Object.freeze({ done: 0, incomplete: 1, usage: 2, unreachable: 3 })

/** The exit code of each error. @type {Readonly<Record<import('../errors.js').ErrorCode, number>>} */
const exitOf = Object.freeze({
  BELLPUSH_OPTION_INVALID: exit.usage,
  BELLPUSH_TOKEN_MALFORMED: exit.usage,
  BELLPUSH_PAYLOAD_INVALID: exit.usage,
  BELLPUSH_NOTIFICATION_INVALID: exit.usage,
  BELLPUSH_PAYLOAD_TOO_LARGE: exit.usage,
  BELLPUSH_FRAME_MALFORMED: exit.incomplete,
  BELLPUSH_CREDENTIALS_INVALID: exit.unreachable,
  BELLPUSH_PASSPHRASE_WRONG: exit.unreachable,
  BELLPUSH_KEY_MISMATCH: exit.unreachable,
  BELLPUSH_CERTIFICATE_EXPIRED: exit.unreachable,
  BELLPUSH_CERTIFICATE_NOT_YET_VALID: exit.unreachable,
  BELLPUSH_WRONG_ENVIRONMENT: exit.unreachable,
  BELLPUSH_CREDENTIALS_REFUSED: exit.unreachable,
  BELLPUSH_SERVER_UNTRUSTED: exit.unreachable,
  BELLPUSH_NOT_TLS: exit.unreachable,
  BELLPUSH_CONNECT_FAILED: exit.unreachable,
  BELLPUSH_CONNECT_TIMEOUT: exit.unreachable,
  BELLPUSH_PROXY_REFUSED: exit.unreachable,
  BELLPUSH_NOT_HTTP2: exit.unreachable,
  BELLPUSH_LISTEN_FAILED: exit.unreachable,
  BELLPUSH_CONNECTION_LOST: exit.unreachable,
  BELLPUSH_NOTIFICATION_REFUSED: exit.incomplete,
  BELLPUSH_CHANNEL_REFUSED: exit.incomplete,
  BELLPUSH_GATEWAY_FAILING: exit.unreachable,
  BELLPUSH_MOSTLY_INVALID: exit.incomplete,
  BELLPUSH_AUDIENCE_FAILED: exit.incomplete,
  BELLPUSH_DESTROYED: exit.incomplete,
  BELLPUSH_CLOSED: exit.incomplete,
  BELLPUSH_CORE_FAILED: exit.incomplete,
  BELLPUSH_JOURNAL_FAILED: exit.unreachable,
  BELLPUSH_STORE_UNAVAILABLE: exit.unreachable,
  BELLPUSH_STORE_LOCKED: exit.unreachable,
  BELLPUSH_STORE_READ_ONLY: exit.unreachable,
  BELLPUSH_STORE_SCHEMA: exit.usage,
  BELLPUSH_STORE_FAILED: exit.unreachable
})

/**
 * @param {unknown} error
 * @returns {number}
 */
export function exitCodeOf (error) {
  return (error instanceof BellpushError && exitOf[error.code]) || exit.incomplete
}

/**
 * Tells an error in a line or two on stderr; a stack only where BELLPUSH_DEBUG is set.
 * @param {unknown} error
 */
export function tellError (error) {
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  tell(`error: ${printable(message, '\n')}`)
  if (process.env.BELLPUSH_DEBUG) console.error(stack, /** @type {Error} */ (error)?.cause ?? '')
  else if (!isExpected(error)) tell('This is a bug in Bellpush: please report it. BELLPUSH_DEBUG=1 shows where it is.')
}

/** @param {unknown} error */
function isExpected (error) {
  return error instanceof BellpushError || (error instanceof Error && error.name === 'AbortError')
}

/**
 * An error as programs read it.
 * @param {unknown} error
 */
export function errorJson (error) {
  const { code, message } = /** @type {{ code?: unknown, message?: unknown }} */ (error)
  return { code: typeof code === 'string' ? code : 'UNEXPECTED', message: String(message ?? error) }
}

/** A mistake in how the command was called. @param {string} message */
export function usage (message) {
  return new BellpushError('BELLPUSH_OPTION_INVALID', message)
}
