/**
 * Where the gateway says what happens: what pino offers, which anybody can give.
 */

/** @typedef {(about: Record<string, unknown>, message: string) => void} Say */
/** @typedef {{ debug: Say, info: Say, warn: Say, error: Say }} Log */

const nothing = () => {}

/** @type {Log} */
export const silence = { debug: nothing, info: nothing, warn: nothing, error: nothing }

/**
 * JSON, a line for each.
 * @param {{ write: (text: string) => unknown }} stream
 * @returns {Log}
 */
export function lines (stream) {
  const level = (/** @type {string} */ level) => (/** @type {Record<string, unknown>} */ about,
    /** @type {string} */ msg) => void stream.write(`${JSON.stringify({
    time: new Date().toISOString(), level, ...about, msg
  })}\n`)
  return { debug: nothing, info: level('info'), warn: level('warn'), error: level('error') }
}
