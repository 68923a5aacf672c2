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

/**
 * What `run` gives; once the signal is aborted nobody waits for it any more.
 * @template T
 * @param {AbortSignal} signal
 * @param {() => Promise<T>} run not called where the signal was aborted before
 * @returns {Promise<T>} rejects with the signal's reason as soon as it is aborted
 */
export async function unlessAborted (signal, run) {
  signal.throwIfAborted()
  let giveUp = () => {}
  const aborted = new Promise((resolve, reject) => { giveUp = () => reject(signal.reason) })
  signal.addEventListener('abort', giveUp, { once: true })
  try {
    return await /** @type {Promise<T>} */ (Promise.race([run(), aborted]))
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}
