/**
 * Ctrl+C, twice: the first time politely, the second time at once.
 */

/**
 * @template T
 * @param {object} reactions
 * @param {() => void} reactions.stop called when the first signal comes, and the AbortSignal is aborted
 * @param {() => void} reactions.end called when the second one comes; a third one ends the process by itself
 * @param {(signal: AbortSignal) => Promise<T>} run
 * @returns {Promise<T>}
 */
export async function interruptible ({ stop, end }, run) {
  const controller = new AbortController()
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM'])
  const interrupt = () => {
    if (controller.signal.aborted) {
      for (const signal of signals) process.off(signal, interrupt)
      end()
    } else {
      stop()
      controller.abort()
    }
  }
  for (const signal of signals) process.on(signal, interrupt)
  try {
    return await run(controller.signal)
  } finally {
    for (const signal of signals) process.off(signal, interrupt)
  }
}
