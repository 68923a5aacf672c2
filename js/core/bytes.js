/**
 * Whether what should be bytes are bytes. The core would take a text for so many zeros.
 */
import { BellpushError } from '../errors.js'

/**
 * @param {unknown} bytes
 * @throws {BellpushError} `BELLPUSH_OPTION_INVALID`
 */
export function checkBytes (bytes) {
  if (bytes instanceof Uint8Array) return
  throw new BellpushError('BELLPUSH_OPTION_INVALID', `bytes must be a Uint8Array (or a Buffer), found ${typeof bytes}`)
}
