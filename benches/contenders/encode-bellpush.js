/**
 * Encoding a broadcast with this package's core, as its host does it: chunks of tokens go in, chunks of bytes come out.
 * A round is one batch.
 */
import { Batch, BinaryLink } from '../../js/core.js'
import { rounds } from '../lib/encoder.js'
import { payload } from '../lib/tokens.js'

/** As in js/audience.js and js/binary/link.js. */
const TOKENS_A_CHUNK = 1024
const BYTES_A_CHUNK = 65_536

/** @param {{ count: number }} setup */
export async function prepare ({ count }) {
  const options = {
    payloadLimit: 2048,
    expiration: undefined,
    priority: undefined,
    maxInFlight: count + 1, // a full batch would write a sentinel
    maxAttempts: 3,
    breaker: 20,
    resendInDoubt: false,
    listAccepted: false
  }
  return rounds(count, (tokens, take) => {
    const batch = new Batch(Buffer.from(payload), options, 0)
    const link = new BinaryLink(batch, { linger: 250, answerTimeout: 30_000, roundTrip: 2 }, 0)
    for (let at = 0; at < tokens.length; at += TOKENS_A_CHUNK) {
      batch.push(tokens.slice(at, at + TOKENS_A_CHUNK), 0)
      for (let bytes = link.write(BYTES_A_CHUNK, 0); bytes; bytes = link.write(BYTES_A_CHUNK, 0)) take(bytes)
    }
    link.free()
    batch.free()
  })
}
