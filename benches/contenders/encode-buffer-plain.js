/**
 * Encoding a broadcast as most people write it: a `Buffer` a frame, and chunks of many made with `Buffer.concat`.
 * A round encodes all tokens.
 */
import { payload } from '../lib/tokens.js'
import { rounds } from '../lib/encoder.js'

const BYTES_A_CHUNK = 65_536

/** @param {{ count: number }} setup */
export async function prepare ({ count }) {
  const text = Buffer.from(payload)
  return rounds(count, (tokens, take) => {
    /** @type {Buffer[]} */
    let frames = []
    let size = 0
    for (let slot = 0; slot < tokens.length; slot++) {
      const frame = encode(tokens[slot], text, slot + 1)
      if (size + frame.length > BYTES_A_CHUNK) {
        take(Buffer.concat(frames, size))
        frames = []
        size = 0
      }
      frames.push(frame)
      size += frame.length
    }
    take(Buffer.concat(frames, size))
  })
}

/**
 * @param {string} token
 * @param {Buffer} text
 * @param {number} identifier
 */
function encode (token, text, identifier) {
  const bytes = Buffer.from(token, 'hex')
  const frame = Buffer.allocUnsafe(5 + 3 + bytes.length + 3 + text.length + 3 + 4)
  frame[0] = 2
  frame.writeUInt32BE(frame.length - 5, 1)
  let at = 5
  frame[at] = 1
  frame.writeUInt16BE(bytes.length, at + 1)
  at += 3 + bytes.copy(frame, at + 3)
  frame[at] = 2
  frame.writeUInt16BE(text.length, at + 1)
  at += 3 + text.copy(frame, at + 3)
  frame[at] = 3
  frame.writeUInt16BE(4, at + 1)
  frame.writeUInt32BE(identifier, at + 3)
  return frame
}
