/**
 * What goes wrong with a connection, in words that say what to do, and whether trying again may help.
 *
 * Node and OpenSSL name the same trouble in many ways; the tables here bring them to a few codes.
 */
import { BellpushError } from './errors.js'

/** @typedef {import('./errors.js').ErrorCode} ErrorCode */
/** @typedef {{ host: string, port: number }} Peer */

/**
 * After which errors a new try may help. All others stay until somebody changes something.
 * @type {ReadonlySet<unknown>}
 */
const passing = new Set(
  /** @type {ErrorCode[]} */ (['BELLPUSH_CONNECT_FAILED', 'BELLPUSH_CONNECT_TIMEOUT', 'BELLPUSH_CONNECTION_LOST']))

/**
 * Whether trying again may help after this error.
 * @param {unknown} error
 */
export const retryMayHelp = error => error instanceof BellpushError && passing.has(error.code)

/**
 * What the other side said about our certificate, by its TLS alert. With TLS 1.3 it says so only when the client takes
 * the handshake for done.
 * @type {[RegExp, ErrorCode, string][]}
 */
const refusals = [
  [/ALERT_CERTIFICATE_REQUIRED|ALERT_NO_CERTIFICATE/, 'BELLPUSH_CREDENTIALS_REFUSED',
    'it wants a client certificate: give cert and key, or pfx'],
  [/ALERT_CERTIFICATE_EXPIRED/, 'BELLPUSH_CREDENTIALS_REFUSED',
    'it holds the client certificate for expired: renew it'],
  [/ALERT_CERTIFICATE_REVOKED/, 'BELLPUSH_CREDENTIALS_REFUSED',
    'the client certificate has been revoked: request a new one'],
  [/ALERT_UNKNOWN_CA/, 'BELLPUSH_CREDENTIALS_REFUSED',
    'it does not trust the authority that issued the client certificate: is it a certificate for this gateway?'],
  [/ALERT_(BAD|UNSUPPORTED)_CERTIFICATE|ALERT_CERTIFICATE_UNKNOWN|ALERT_ACCESS_DENIED|ALERT_DECRYPT_ERROR/,
    'BELLPUSH_CREDENTIALS_REFUSED', 'it refuses the client certificate: is it a certificate for this gateway?'],
  [/ALERT_HANDSHAKE_FAILURE/, 'BELLPUSH_CREDENTIALS_REFUSED',
    'it wants a client certificate (give cert and key, or pfx), or shares no cipher with this client']
]

/**
 * What ends a handshake besides.
 * @type {[RegExp, ErrorCode, string][]}
 */
const handshakeFaults = [
  [/ALERT_NO_APPLICATION_PROTOCOL/, 'BELLPUSH_NOT_HTTP2',
    'it speaks TLS, but not HTTP/2 (no ALPN h2): is it the right host and port?'],
  [/ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW/, 'BELLPUSH_NOT_TLS',
    'it speaks only versions of TLS older than 1.2'],
  [/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNKNOWN_PROTOCOL|RECORD_LAYER_FAILURE|BAD_RECORD_TYPE/,
    'BELLPUSH_NOT_TLS', 'what it answers is not TLS: is the port right?'],
  [/CERT_HAS_EXPIRED/, 'BELLPUSH_SERVER_UNTRUSTED',
    'its certificate, or one of its authority, has expired: it must be renewed there; or is this clock wrong?'],
  [/CERT_NOT_YET_VALID/, 'BELLPUSH_SERVER_UNTRUSTED', 'its certificate is not valid yet: is this clock wrong?'],
  [/ALTNAME|HOSTNAME_MISMATCH/, 'BELLPUSH_SERVER_UNTRUSTED',
    'its certificate is for another host: use a host name that is in it'],
  [/CERT_|SELF_SIGNED|UNABLE_TO_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|CERTIFICATE_VERIFY_FAILED/,
    'BELLPUSH_SERVER_UNTRUSTED', 'its certificate is not from an authority that is trusted here: give that one as ca']
]

/** @type {Record<string, string>} */
const networkFaults = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'it closed the connection before it was ready, as some do that refuse the client certificate',
  EPIPE: 'it closed the connection before it was ready',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  ETIMEDOUT: 'it does not answer',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the name service does not answer'
}

/**
 * An error of a socket as a BellpushError. What is one already, or an abort, stays as it is.
 * @param {unknown} error
 * @param {Peer} peer
 * @param {{ established?: boolean }} [state] whether the connection had been made
 * @returns {Error}
 */
export function classify (error, peer, { established = false } = {}) {
  const cause = first(error)
  if (cause instanceof BellpushError || cause.name === 'AbortError') return cause
  const name = `${cause.code ?? ''} ${cause.message}`.toUpperCase().replace(/[ -]/g, '_')
  const rules = established ? refusals : [...refusals, ...handshakeFaults]
  const [, code, advice] = rules.find(([pattern]) => pattern.test(name)) ?? [undefined, undefined, undefined]
  if (code !== undefined) {
    return new BellpushError(code, `${nameOf(peer)}: ${advice} (${wordsOf(cause)})`, { cause })
  }
  if (established) {
    return new BellpushError('BELLPUSH_CONNECTION_LOST',
      `the connection to ${nameOf(peer)} broke: ${wordsOf(cause)}`, { cause })
  }
  const known = networkFaults[cause.code ?? '']
  const words = known === undefined ? wordsOf(cause) : `${known} (${cause.code})`
  return new BellpushError('BELLPUSH_CONNECT_FAILED', `cannot connect to ${nameOf(peer)}: ${words}`, { cause })
}

/**
 * `host:port`, for messages.
 * @param {Peer} peer
 */
export const nameOf = ({ host, port }) => host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

/**
 * Where a host has several addresses, each has its own error.
 * @param {unknown} error
 * @returns {Error & { code?: string, reason?: string }}
 */
function first (error) {
  if (error instanceof AggregateError && error.errors.length > 0) return first(error.errors[0])
  return error instanceof Error ? error : new Error(String(error))
}

/**
 * The shortest that says what happened. The peer has a part in it: its certificate's names can be long.
 * @param {Error & { code?: string, reason?: string }} error
 */
function wordsOf ({ code, reason, message }) {
  const words = (reason ?? (message || code || 'no reason given')).replace(/[\p{Cc}\p{Cf}]+/gu, ' ').trim()
  return words.length > 200 ? `${words.slice(0, 200)}…` : words
}
