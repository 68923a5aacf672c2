/**
 * No client at all: the bytes that one would write, encoded beforehand, through `write` in chunks. Nothing is faster
 * on Node's TLS.
 */
import tls from 'node:tls'
import { once } from 'node:events'
import { Batch, BinaryLink } from '../../js/core.js'
import { makeTokens, payload } from '../lib/tokens.js'

const CHUNK = 65_536

/** @param {{ port: number, credentials: { ca: string, cert: string, key: string }, count: number }} setup */
export async function prepare ({ port, credentials, count }) {
  const bytes = encode(makeTokens(count))
  return async () => {
    const socket = tls.connect({ host: '127.0.0.1', port, ...credentials })
    socket.setNoDelay(true)
    await once(socket, 'secureConnect')
    const answer = once(socket, 'data')
    for (let at = 0; at < bytes.length; at += CHUNK) {
      if (!socket.write(bytes.subarray(at, at + CHUNK))) await once(socket, 'drain')
    }
    await answer
    socket.destroy()
    return { knows: true }
  }
}

/** @param {string[]} tokens */
function encode (tokens) {
  const batch = new Batch(Buffer.from(payload), {
    payloadLimit: 2048,
    expiration: undefined,
    priority: undefined,
    maxInFlight: tokens.length,
    maxAttempts: 1,
    breaker: 1,
    resendInDoubt: false,
    listAccepted: false
  }, 0)
  batch.push(tokens, 0)
  batch.closeInput()
  const link = new BinaryLink(batch, { linger: 0, answerTimeout: 1, roundTrip: 2 }, 0)
  const chunks = []
  for (let chunk = link.write(CHUNK, 0); chunk; chunk = link.write(CHUNK, 0)) chunks.push(Buffer.from(chunk))
  link.free()
  batch.free()
  return Buffer.concat(chunks)
}
