/**
 * What the encoders that are compared have in common: the same tokens, and how they are timed.
 */
import { createHash } from 'node:crypto'
import { makeTokens } from './tokens.js'

/**
 * @param {number} count tokens of a round
 * @param {(tokens: string[], take: (bytes: Uint8Array) => void) => void} encode gives the bytes in chunks
 * @returns {(input: { hash?: boolean }) => Promise<string | number>} a round: a hash of the bytes or nanoseconds of the
 *   processor's time that a token takes
 */
export function rounds (count, encode) {
  const tokens = makeTokens(count)
  return async ({ hash = false }) => {
    if (hash) {
      const digest = createHash('sha256')
      encode(tokens, bytes => digest.update(bytes))
      return digest.digest('hex')
    }
    const start = process.cpuUsage()
    encode(tokens, () => {})
    const { user, system } = process.cpuUsage(start)
    return (user + system) * 1000 / count
  }
}
