/**
 * Encoding a broadcast with nothing but `Buffer`, as carefully as one can by hand: the frames of a chunk are laid out
 * once and for all, and of each only the token and the identifier are written, in one buffer that is used again and
 * again. A round encodes all tokens.
 */
import { payload } from '../lib/tokens.js'
import { rounds } from '../lib/encoder.js'

const BYTES_A_CHUNK = 65_536
const TOKEN_BYTES = 32

/** @param {{ count: number }} setup */
export async function prepare ({ count }) {
  const frame = frameWithoutToken()
  const tokenAt = 8
  const identifierAt = frame.length - 4
  const framesAChunk = Math.floor(BYTES_A_CHUNK / frame.length)
  const chunk = Buffer.concat(Array.from({ length: framesAChunk }, () => frame))
  return rounds(count, (tokens, take) => {
    for (let first = 0; first < tokens.length; first += framesAChunk) {
      const frames = Math.min(framesAChunk, tokens.length - first)
      for (let i = 0, at = 0; i < frames; i++, at += frame.length) {
        const slot = first + i
        chunk.write(tokens[slot], at + tokenAt, TOKEN_BYTES, 'hex')
        chunk.writeUInt32BE(slot + 1, at + identifierAt)
      }
      take(chunk.subarray(0, frames * frame.length))
    }
  })
}

/** Command 2: token, payload, identifier. */
function frameWithoutToken () {
  const items = [[1, TOKEN_BYTES], [2, payload.length], [3, 4]]
  const frame = Buffer.alloc(items.reduce((length, [, size]) => length + 3 + size, 5))
  frame[0] = 2
  frame.writeUInt32BE(frame.length - 5, 1)
  let at = 5
  for (const [item, size] of items) {
    frame[at] = item
    frame.writeUInt16BE(size, at + 1)
    if (item === 2) frame.write(payload, at + 3, 'latin1')
    at += 3 + size
  }
  return frame
}
