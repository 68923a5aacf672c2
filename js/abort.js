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

/**
 * What is to be done on the abort of a signal of the caller's, and the listener that stands for all of it.
 * @type {WeakMap<AbortSignal, { all: Set<() => void>, aborted: () => void }>}
 */
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
  const { all, aborted } = waiting.get(signal) ?? listenTo(signal)
  const one = () => run()
  all.add(one)
  return () => {
    if (!all.delete(one) || all.size > 0) return
    waiting.delete(signal)
    signal.removeEventListener('abort', aborted)
  }
}

/** @param {AbortSignal} signal */
function listenTo (signal) {
  /** @type {Set<() => void>} */
  const all = new Set()
  const waits = { all, aborted: () => { for (const each of [...all]) each() } }
  waiting.set(signal, waits)
  signal.addEventListener('abort', waits.aborted, { once: true })
  return waits
}
