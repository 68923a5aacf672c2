/**
 * How the sidecar says no: problem details (RFC 9457) with a code that programs branch on. Everything that can go wrong
 * is in one table with its status.
 */
import { STATUS_CODES } from 'node:http'
import { BellpushError } from '../errors.js'

/** The sidecar's own codes. @type {Readonly<Record<string, number>>} */
const own = {
  BELLPUSH_REQUEST_INVALID: 400,
  BELLPUSH_KEY_INVALID: 401,
  BELLPUSH_APP_FORBIDDEN: 403,
  BELLPUSH_APP_UNKNOWN: 404,
  BELLPUSH_JOB_UNKNOWN: 404,
  BELLPUSH_ROUTE_UNKNOWN: 404,
  BELLPUSH_REQUEST_TIMEOUT: 408,
  BELLPUSH_IDEMPOTENCY_CONFLICT: 409,
  BELLPUSH_IDEMPOTENCY_RUNNING: 409,
  BELLPUSH_BODY_TOO_LARGE: 413,
  BELLPUSH_MEDIA_TYPE_UNKNOWN: 415,
  BELLPUSH_HOST_UNKNOWN: 421,
  BELLPUSH_RATE_LIMITED: 429,
  BELLPUSH_HEADERS_TOO_LARGE: 431,
  BELLPUSH_UNEXPECTED: 500,
  BELLPUSH_QUEUE_FULL: 503,
  BELLPUSH_CLOSING: 503
}

/** Codes of the library that are not the caller's fault; all others are, and mean 422. */
const notTheirs = {
  BELLPUSH_STORE_UNAVAILABLE: 503,
  BELLPUSH_STORE_LOCKED: 503,
  BELLPUSH_STORE_READ_ONLY: 503,
  BELLPUSH_STORE_FAILED: 503,
  BELLPUSH_CLOSED: 503,
  BELLPUSH_DESTROYED: 503,
  BELLPUSH_CORE_FAILED: 500
}

/** Seconds after which it may be tried again, for what passes. */
const RETRY_AFTER = 1

/** What Fastify itself complains of. @type {Record<string, string>} */
const fastifys = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'BELLPUSH_BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'BELLPUSH_MEDIA_TYPE_UNKNOWN'
}

/** An answer that is a refusal. */
export class Problem extends Error {
  /**
   * @param {keyof typeof own & string} code
   * @param {string} detail what was found, where, what to do
   */
  constructor (code, detail) {
    super(detail)
    this.code = code
  }
}

/**
 * @param {any} error whatever was thrown in a route
 * @returns {{ status: number, body: object, retryAfter: number | undefined }}
 */
export function problemOf (error) {
  const { status, code, detail } = judged(error)
  const body = { type: 'about:blank', title: STATUS_CODES[status], status, code, detail }
  return { status, body, retryAfter: status === 503 ? RETRY_AFTER : undefined }
}

/** @param {any} error */
function judged (error) {
  if (error instanceof Problem) return { status: own[error.code], code: error.code, detail: error.message }
  if (error instanceof BellpushError) {
    const status = /** @type {Record<string, number>} */ (notTheirs)[error.code] ?? 422
    // What kind of trouble the database has is for the log: to the caller they are one.
    const code = status === 503 && error.code.startsWith('BELLPUSH_STORE_') ? 'BELLPUSH_STORE_FAILED' : error.code
    return { status, code, detail: error.message }
  }
  const code = fastifys[error?.code]
  if (code) return { status: own[code], code, detail: error.message }
  const status = error?.statusCode
  if (error?.validation || (status >= 400 && status < 500)) {
    return { status: 400, code: 'BELLPUSH_REQUEST_INVALID', detail: requestFault(error) }
  }
  return { status: 500, code: 'BELLPUSH_UNEXPECTED', detail: 'this is a bug in Bellpush: its log tells more' }
}

/** @param {any} error */
function requestFault ({ message, validation, validationContext }) {
  const [fault] = validation ?? []
  if (!fault) return message
  const where = `${validationContext}${fault.instancePath}`
  const extra = fault.params?.additionalProperty
  return extra === undefined ? `${where} ${fault.message}` : `${where} has the unknown property '${extra}'`
}
