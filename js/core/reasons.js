/**
 * The words for the core's numbers of reasons.
 */
import { codec, pkg } from './codec-module.js'

/** @type {Map<number, string> | undefined} */
let names

/**
 * The word for a reason, and the binary protocol's status where it is one.
 * @param {number} reason the core's number
 * @returns {{ reason: string | null, status: number | null }}
 */
export function describeReason (reason) {
  names ??= new Map(codec.guarded(() => pkg.reasonNames()))
  const status = reason < 256 ? reason : null
  return { reason: names.get(reason) ?? (status === null ? null : `Status${status}`), status }
}
