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

/** The listener that stands for all of them. @type {WeakMap<Set<() => void>, () => void>} */
const listeners = new WeakMap()

/** What is to be done on the abort of a signal of the caller's. @type {WeakMap<AbortSignal, Set<() => void>>} */
const waiting = new WeakMap()

/**
 * Calls `run` on abort. However many wait for one signal, there is one listener on it: with more than ten Node warns,
 * and how many a caller's own signal may have is not ours to change.
 * @param {AbortSignal | undefined} signal not aborted
 * @param {() => void} run must not throw
 * @returns {() => void} waits no more
 */
export function onAbort (signal, run) {
  if (!signal) return () => {}
  const all = waiting.get(signal) ?? new Set()
  const one = () => run()
  if (all.size === 0) {
    const aborted = () => { for (const each of [...all]) each() }
    waiting.set(signal, all)
    signal.addEventListener('abort', aborted, { once: true })
    listeners.set(all, aborted)
  }
  all.add(one)
  return () => {
    if (!all.delete(one) || all.size > 0) return
    waiting.delete(signal)
    signal.removeEventListener('abort', listeners.get(all) ?? one)
  }
}
