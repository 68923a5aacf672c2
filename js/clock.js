/**
 * Time: a clock, and how long a timer can be.
 */

/** Milliseconds: `setTimeout` takes no more, and a time that is further away is looked at again then. */
export const LONGEST_TIMER = 2 ** 31 - 1

/**
 * @returns {() => number} a clock that begins with the machine's, milliseconds since 1970, and never runs backwards,
 *   whatever is done to that
 */
export function steadyClock () {
  const offset = Date.now() - performance.now()
  return () => offset + performance.now()
}
