/**
 * Tokens, payloads and single frames: what is used once in a while, and in the place of hand-written `pack()` code.
 */
import { BellpushError } from '../errors.js'
import { checkBytes } from './bytes.js'
import { codec, pkg } from './codec-module.js'
import { FeedbackDecoder } from './decoders.js'
import { hex } from './hex.js'
import { describeReason } from './reasons.js'

const encoder = new TextEncoder()

/**
 * Loads what this file and the decoders need, where that cannot be done at once (a browser). Harmless if it is there.
 * @param {URL | string | BufferSource | WebAssembly.Module} [source] where `codec_bg.wasm` is, if not where the package
 *   has it
 * @returns {Promise<void>}
 */
export function load (source) {
  return codec.load(source)
}

/**
 * A device token's canonical text: lower-case hexadecimal, without the spaces and brackets that people store.
 * @param {string} text
 * @returns {string}
 * @throws {BellpushError} `BELLPUSH_TOKEN_MALFORMED`
 */
export function normalizeToken (text) {
  if (typeof text !== 'string') {
    throw new BellpushError('BELLPUSH_TOKEN_MALFORMED', `a device token must be a string, found ${typeof text}`)
  }
  return codec.guarded(() => pkg.normalizeToken(text))
}

/**
 * Throws where a payload is no JSON object in UTF-8 of at most `limit` bytes.
 * @param {Uint8Array} payload
 * @param {number} limit
 */
export function checkPayload (payload, limit) {
  codec.guarded(() => pkg.checkPayload(payload, limit))
}

/**
 * The bytes of a payload: text and bytes as they are, anything else as JSON.
 * @param {string | Uint8Array | object} payload
 * @returns {Uint8Array}
 */
export function payloadBytes (payload) {
  if (payload instanceof Uint8Array) return payload
  return encoder.encode(typeof payload === 'string' ? payload : json(payload))
}

/** @param {unknown} value */
function json (value) {
  try {
    return JSON.stringify(value)
  } catch (error) {
    throw new BellpushError('BELLPUSH_PAYLOAD_INVALID',
      `the payload cannot be written as JSON: ${/** @type {Error} */ (error).message}`, { cause: error })
  }
}

/**
 * One notification as bytes: in the place of hand-written `pack()` code.
 * @param {object} notification
 * @param {0 | 1 | 2} [notification.command]
 * @param {string} notification.token
 * @param {string | Uint8Array | object} notification.payload
 * @param {number} [notification.identifier] not with command 0
 * @param {number} [notification.expiration] Unix seconds; not with command 0
 * @param {number} [notification.priority] commands 0 and 1 cannot say one: with them only 10, which they always mean
 * @returns {Uint8Array}
 */
export function encodeNotification ({ command = 2, token, payload, identifier, expiration, priority }) {
  if (![0, 1, 2].includes(command)) {
    throw new BellpushError('BELLPUSH_OPTION_INVALID', `command must be 0, 1 or 2, found ${String(command)}`)
  }
  checkInteger('identifier', identifier, 0xffff_ffff)
  checkInteger('expiration', expiration, 0xffff_ffff)
  checkInteger('priority', priority, 0xff)
  if (command < 2 && priority !== undefined && priority !== 10) {
    throw new BellpushError('BELLPUSH_OPTION_INVALID', `command ${command} cannot say a priority; it always means 10`)
  }
  if (command === 0 && (identifier !== undefined || expiration !== undefined)) {
    throw new BellpushError('BELLPUSH_OPTION_INVALID',
      'command 0 can say neither an identifier nor an expiration; command 1 and 2 can')
  }
  const bytes = payloadBytes(payload)
  const canonical = normalizeToken(token)
  return codec.guarded(() => pkg.encodeFrame(command, canonical, bytes, identifier, expiration, priority))
}

/**
 * @param {{ status: number, identifier: number }} response
 * @returns {Uint8Array} six bytes
 */
export function encodeErrorResponse ({ status, identifier }) {
  checkInteger('status', status, 0xff)
  checkInteger('identifier', identifier, 0xffff_ffff)
  return codec.guarded(() => pkg.encodeErrorResponse(status, identifier))
}

/**
 * The six bytes that a gateway sends, in the place of `unpack()`.
 * @param {Uint8Array} bytes
 * @returns {{ status: number, reason: string | null, identifier: number }}
 * @throws {BellpushError} `BELLPUSH_FRAME_MALFORMED`, `BELLPUSH_OPTION_INVALID` where they are no bytes
 */
export function decodeErrorResponse (bytes) {
  checkBytes(bytes)
  if (bytes.length !== 6 || bytes[0] !== 8) {
    throw new BellpushError('BELLPUSH_FRAME_MALFORMED',
      `an error response has 6 bytes and begins with 08, found ${bytes.length}: ${hex(bytes.subarray(0, 8)) || 'none'}`)
  }
  const identifier = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(2)
  return { status: bytes[1], reason: describeReason(bytes[1]).reason, identifier }
}

/**
 * @param {import('./decoders.js').FeedbackTuple[]} tuples
 * @returns {Uint8Array}
 */
export function encodeFeedback (tuples) {
  const parts = tuples.map(({ time, token }) => {
    checkInteger('time', time, 0xffff_ffff)
    return codec.guarded(() => pkg.encodeFeedbackTuple(time, token))
  })
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/**
 * Everything that a feedback service sent.
 * @param {Uint8Array} bytes
 * @returns {import('./decoders.js').FeedbackTuple[]}
 * @throws {BellpushError} `BELLPUSH_FRAME_MALFORMED`, `BELLPUSH_OPTION_INVALID` where they are no bytes
 */
export function decodeFeedback (bytes) {
  const feedback = new FeedbackDecoder()
  try {
    const { tuples, error } = feedback.push(bytes)
    if (error) throw error
    feedback.finish()
    return tuples
  } finally {
    feedback.free()
  }
}

/**
 * A field of a frame, an error response or a tuple.
 * @typedef {object} Field
 * @property {string} name
 * @property {number} offset
 * @property {number} length bytes
 * @property {string} value in words and numbers
 */

/**
 * @typedef {object} Explanation
 * @property {'frames' | 'error-responses' | 'feedback'} kind
 * @property {{ offset: number, length: number, summary: string, fields: Field[] }[]} parts
 * @property {{ offset: number, message: string } | null} problem what could not be read
 */

const KINDS = ['frames', 'error-responses', 'feedback']

/**
 * Bytes of the binary protocol, explained field by field.
 * @param {Uint8Array} bytes
 * @param {Explanation['kind']} [kind] what they are; if left out, what they look like
 * @returns {Explanation}
 */
export function explain (bytes, kind) {
  checkBytes(bytes)
  if (kind !== undefined && !KINDS.includes(kind)) {
    throw new BellpushError('BELLPUSH_OPTION_INVALID', `kind must be one of ${KINDS.join(', ')}, found ${String(kind)}`)
  }
  return codec.guarded(() => pkg.explain(bytes, kind))
}

/**
 * @param {string} name
 * @param {number | undefined} value
 * @param {number} max
 */
function checkInteger (name, value, max) {
  if (value === undefined || (Number.isInteger(value) && value >= 0 && value <= max)) return
  throw new BellpushError('BELLPUSH_OPTION_INVALID',
    `${name} must be an integer from 0 to ${max}, found ${String(value)}`)
}
