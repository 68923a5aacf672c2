/**
 * The error of an aborted call, as Node's own functions make it: name `AbortError`, code `ABORT_ERR`, and the caller's
 * reason as its cause.
 */
import { AbortError } from './errors.js'

/**
 * @param {AbortSignal} signal that was aborted
 * @returns {AbortError}
 */
export function abortError (signal) {
  return new AbortError(signal.reason)
}

/**
 * @param {AbortSignal} [signal]
 */
export function throwIfAborted (signal) {
  if (signal?.aborted) throw abortError(signal)
}
