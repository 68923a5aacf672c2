/**
 * What a feedback service writes: old clients read 38 bytes and expect a tuple, so whole ones go out in each write, and
 * in each TLS record.
 */
import { encodeFeedback } from './core.js'

/** Bytes of a write: what PHP reads at a time, and less than a TLS record. */
const WRITE_LIMIT = 8192

/**
 * @param {{ time: number, token: string }[]} tuples
 * @returns {Generator<Uint8Array, void, undefined>} for one write each, of which the next one has to wait for the last:
 *   TLS would join two that wait and cut the sum anywhere
 */
export function * feedbackWrites (tuples) {
  let bytes = 0
  let from = 0
  for (const [index, { token }] of tuples.entries()) {
    const size = 6 + token.length / 2
    if (bytes + size > WRITE_LIMIT) {
      yield encodeFeedback(tuples.slice(from, index))
      from = index
      bytes = 0
    }
    bytes += size
  }
  if (from < tuples.length) yield encodeFeedback(tuples.slice(from))
}
