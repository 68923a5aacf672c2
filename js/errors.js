/**
 * The one error class of the package. The `code` is the contract; the message is for people and may change.
 *
 * Not here: a rejected device token. That is a result, not an error.
 */

/**
 * Every code that can be thrown, with what it means. A program branches on these and on nothing else.
 */
export const codes = Object.freeze({
  BELLPUSH_OPTION_INVALID: 'an option is missing, of the wrong type or out of range',
  BELLPUSH_TOKEN_MALFORMED: 'a device token is not hexadecimal, has an odd number of digits, is empty or too long',
  BELLPUSH_PAYLOAD_INVALID: 'the payload is not a JSON object in UTF-8',
  BELLPUSH_NOTIFICATION_INVALID: 'what was given with the notification breaks a rule of its push type',
  BELLPUSH_PAYLOAD_TOO_LARGE: 'the payload is larger than the channel allows',
  BELLPUSH_FRAME_MALFORMED: 'bytes that should be a frame, an error response or a feedback tuple are not one',
  BELLPUSH_CREDENTIALS_INVALID: 'the certificate or the private key cannot be read',
  BELLPUSH_PASSPHRASE_WRONG: 'the passphrase does not open the private key or the PKCS#12 file',
  BELLPUSH_KEY_MISMATCH: 'the private key does not belong to the certificate',
  BELLPUSH_CERTIFICATE_EXPIRED: 'the certificate is past its last day',
  BELLPUSH_CERTIFICATE_NOT_YET_VALID: 'the certificate is before its first day',
  BELLPUSH_WRONG_ENVIRONMENT: 'a sandbox certificate was given for the production gateway, or the other way round',
  BELLPUSH_CREDENTIALS_REFUSED: 'the gateway refused the client certificate or the provider token',
  BELLPUSH_SERVER_UNTRUSTED: 'the certificate of the gateway is not trusted, or is for another host',
  BELLPUSH_NOT_TLS: 'the server does not speak TLS',
  BELLPUSH_CONNECT_FAILED: 'no connection could be made',
  BELLPUSH_CONNECT_TIMEOUT: 'the connection or its TLS handshake took too long',
  BELLPUSH_PROXY_REFUSED: 'the HTTP proxy makes no way to the gateway',
  BELLPUSH_NOT_HTTP2: 'the server does not speak HTTP/2',
  BELLPUSH_LISTEN_FAILED: 'a server could not listen on its address and port',
  BELLPUSH_CONNECTION_LOST: 'connections were made but lost again and again',
  BELLPUSH_NOTIFICATION_REFUSED: 'the gateway refused the payload or the topic, which every notification shares',
  BELLPUSH_CHANNEL_REFUSED: 'the gateway refused a broadcast or a request about channels, or its answer is none',
  BELLPUSH_GATEWAY_FAILING: 'the gateway fails to process every notification, for a passing cause',
  BELLPUSH_MOSTLY_INVALID: 'most device tokens were called invalid: wrong environment or wrong app',
  BELLPUSH_AUDIENCE_FAILED: 'the audience could not be read to its end',
  BELLPUSH_DESTROYED: 'the client was destroyed while work was in flight',
  BELLPUSH_CLOSED: 'the client or the token store is closed and takes no more work',
  BELLPUSH_CORE_FAILED: 'the WebAssembly core stopped; what was in flight is in doubt',
  BELLPUSH_JOURNAL_FAILED: 'the journal of dead tokens cannot be written or read',
  BELLPUSH_STORE_UNAVAILABLE: 'the token database cannot be opened or reached',
  BELLPUSH_STORE_LOCKED: 'another process holds a lock on the token database',
  BELLPUSH_STORE_READ_ONLY: 'the token database cannot be written',
  BELLPUSH_STORE_SCHEMA: 'the token database lacks the table or a column',
  BELLPUSH_STORE_FAILED: 'the token database answered with an error'
})

/** @typedef {keyof typeof codes} ErrorCode */
/** @typedef {{ reason: string | null, status: number | null }} Refusal */

/** An error with a stable `code`; where a cause is known it is in `cause`, and work already done is in `report`. */
export class BellpushError extends Error {
  /**
   * @param {ErrorCode} code the contract
   * @param {string} message what was found, where, and what to do about it
   * @param {{ cause?: unknown, report?: import('./report.js').Report, refusal?: Refusal }} [extra]
   */
  constructor (code, message, extra = {}) {
    super(message, extra.cause === undefined ? undefined : { cause: extra.cause })
    this.name = 'BellpushError'
    /** @type {ErrorCode} */
    this.code = code
    /** @type {import('./report.js').Report | undefined} what had become of each token when the error ended the batch */
    this.report = extra.report
    /** @type {Refusal | undefined} what the gateway said, where it was a refusal of everything */
    this.refusal = extra.refusal
  }
}

/**
 * The error of one push, with its report. What ends a push may end others as well, each of which has a report of its
 * own, so the error that they share is left as it is.
 * @param {Error} shared
 * @param {import('./report.js').Report} report
 * @returns {Error}
 */
export function withReport (shared, report) {
  const { cause, message, stack } = shared
  if (shared instanceof AbortError) return Object.assign(new AbortError(cause), { stack, report })
  if (!(shared instanceof BellpushError)) return Object.assign(shared, { report })
  const { code, refusal } = shared
  return Object.assign(new BellpushError(code, message, { cause, refusal, report }), { stack })
}

/** What the caller's own AbortSignal ends with. Its `name` is 'AbortError', its `cause` the signal's reason. */
export class AbortError extends Error {
  code = 'ABORT_ERR'
  /** @type {import('./report.js').Report | undefined} what had become of each token by then */
  report

  /** @param {unknown} reason */
  constructor (reason) {
    super('the operation was aborted', { cause: reason })
    this.name = 'AbortError'
  }
}
