/**
 * What went wrong in a way that a person can act on: its message is all there is to show. Any other error that the
 * scripts throw is a fault of their own, and keeps its stack.
 */
export class Failure extends Error {}

/**
 * @param {unknown} error
 * @returns {string}
 */
export function messageOf (error) {
  if (error instanceof Failure) return error.message
  return error instanceof Error ? String(error.stack) : String(error)
}
