/**
 * Trying again: how long to wait before each try, and connecting with patience.
 *
 * Apple may take frequent reconnects for an attack, and a doorbell must ring now: the first retries come quickly, the
 * later ones ever more slowly, and at odd times, so that many clients do not come back in step.
 */
import { setTimeout } from 'node:timers/promises'
import { abortError, throwIfAborted } from './abort.js'
import { openConnection } from './connection.js'
import { retryMayHelp } from './connection-errors.js'
import { BellpushError } from './errors.js'

const firstWait = 100
const quickRetries = 3

/**
 * How long to wait before a try.
 * @param {number} attempt 1: the first try, which waits for nothing
 * @param {{ cap?: number, random?: () => number }} [options] `cap`: milliseconds; `random`: from 0 to below 1
 * @returns {number} milliseconds
 */
export function waitBefore (attempt, { cap = 30_000, random = Math.random } = {}) {
  const retry = attempt - 1
  if (retry < 1) return 0
  if (retry <= quickRetries) return Math.min(firstWait, cap)
  const longest = Math.min(firstWait * 2 ** (retry - quickRetries), cap)
  return Math.round(longest / 2 + random() * longest / 2)
}

/**
 * @param {number} milliseconds
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>} rejects with an AbortError as soon as the signal is aborted
 */
export async function sleep (milliseconds, signal) {
  throwIfAborted(signal)
  try {
    await setTimeout(milliseconds, undefined, { signal })
  } catch {
    throw abortError(/** @type {AbortSignal} */ (signal))
  }
}

/**
 * @typedef {object} RetryOptions
 * @property {number} [tries] default 8
 * @property {number} [maxWait] milliseconds between two tries at most; default 30 s
 * @property {(retry: { attempt: number, wait: number, error: Error }) => void} [onRetry] before each wait: the number
 *   of the coming try, the milliseconds until it, and what was wrong with the last one
 */

/**
 * Connects, and tries again where that may help.
 * @param {import('./connection.js').ConnectionOptions & RetryOptions} options
 * @returns {Promise<import('node:net').Socket>} see `openConnection`
 * @throws {BellpushError} the code of the last try's error, which is its cause; an AbortError on abort
 */
export async function connectWithRetry ({ tries = 8, maxWait, onRetry, ...connection }) {
  if (!(tries >= 1)) {
    throw new BellpushError('BELLPUSH_OPTION_INVALID', `tries must be a number of at least 1, found ${String(tries)}`)
  }
  const start = performance.now()
  for (let attempt = 1; ; attempt++) {
    try {
      return await openConnection(connection)
    } catch (error) {
      if (!retryMayHelp(error) || attempt >= tries) throw attempt === 1 ? error : afterTries(error, attempt, start)
      const wait = waitBefore(attempt + 1, { cap: maxWait })
      onRetry?.({ attempt: attempt + 1, wait, error: /** @type {Error} */ (error) })
      await sleep(wait, connection.signal)
    }
  }
}

/**
 * @param {unknown} error
 * @param {number} attempts
 * @param {number} start
 */
function afterTries (error, attempts, start) {
  if (!(error instanceof BellpushError)) return error
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  return new BellpushError(error.code, `${error.message}; given up after ${attempts} tries in ${seconds} s`,
    { cause: error })
}
