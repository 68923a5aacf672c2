/**
 * The error of an aborted call, as Node's own functions make it: name `AbortError`, code `ABORT_ERR`, and the caller's
 * reason as its cause.
 */

/**
 * @param {AbortSignal} signal that was aborted
 * @returns {Error}
 */
export function abortError (signal) {
  const error = new Error('The operation was aborted', { cause: signal.reason })
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' })
}

/**
 * @param {AbortSignal} [signal]
 */
export function throwIfAborted (signal) {
  if (signal?.aborted) throw abortError(signal)
}
