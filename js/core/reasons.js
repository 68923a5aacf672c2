/**
 * The words for the core's numbers of reasons.
 */
import { codec, pkg } from './codec-module.js'

/** @typedef {{ reason: string | null, status: number | null }} ReasonInWords */

/** @type {Map<number, ReasonInWords> | undefined} */
let words

/**
 * The word for a reason, and the status where it is one: the binary protocol's, or HTTP's for a reason of HTTP/2.
 * @param {number} reason the core's number
 * @returns {ReasonInWords}
 */
export function describeReason (reason) {
  const known = readReasons().get(reason)
  if (known !== undefined) return { ...known }
  return reason < 256 ? { reason: `Status${reason}`, status: reason } : { reason: null, status: null }
}

/** Reads them, once: another module of the core has them. */
export function readReasons () {
  if (words === undefined) {
    /** @type {[code: number, name: string, httpStatus: number][]} */
    const names = codec.guarded(() => pkg.reasonNames())
    words = new Map(names.map(([code, reason, httpStatus]) =>
      [code, { reason, status: httpStatus || (code < 256 ? code : null) }]))
  }
  return words
}
