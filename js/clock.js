/**
 * @returns {() => number} a clock that begins with the machine's, milliseconds since 1970, and never runs backwards,
 *   whatever is done to that
 */
export function steadyClock () {
  const offset = Date.now() - performance.now()
  return () => offset + performance.now()
}
