/**
 * Encoding a broadcast with `Buffer`, carefully: one buffer for a chunk, used again and again, into which each frame is
 * written whole. A round encodes all tokens.
 */
import { payload } from '../lib/tokens.js'
import { rounds } from '../lib/encoder.js'

const BYTES_A_CHUNK = 65_536

/** @param {{ count: number }} setup */
export async function prepare ({ count }) {
  const text = Buffer.from(payload)
  const chunk = Buffer.allocUnsafe(BYTES_A_CHUNK)
  return rounds(count, (tokens, take) => {
    let used = 0
    for (let slot = 0; slot < tokens.length; slot++) {
      const length = 5 + 3 + tokens[slot].length / 2 + 3 + text.length + 3 + 4
      if (used + length > BYTES_A_CHUNK) {
        take(chunk.subarray(0, used))
        used = 0
      }
      used = write(chunk, used, length, tokens[slot], text, slot + 1)
    }
    take(chunk.subarray(0, used))
  })
}

/**
 * @param {Buffer} chunk
 * @param {number} start
 * @param {number} length of the frame
 * @param {string} token
 * @param {Buffer} text
 * @param {number} identifier
 * @returns {number} where the frame ends
 */
function write (chunk, start, length, token, text, identifier) {
  let at = chunk.writeUInt8(2, start)
  at = chunk.writeUInt32BE(length - 5, at)
  at = chunk.writeUInt8(1, at)
  at = chunk.writeUInt16BE(token.length / 2, at)
  at += chunk.write(token, at, 'hex')
  at = chunk.writeUInt8(2, at)
  at = chunk.writeUInt16BE(text.length, at)
  at += text.copy(chunk, at)
  at = chunk.writeUInt8(3, at)
  at = chunk.writeUInt16BE(4, at)
  return chunk.writeUInt32BE(identifier, at)
}
