/**
 * One connection to the simulated feedback service: the whole list at once, then a close.
 *
 * Whole tuples go out in each write and each TLS record, because old clients read 38 bytes and expect a tuple. The list
 * is gone as soon as it was given to a connection, even if that one breaks off: a client must keep what it reads.
 */

import { encodeFeedback } from '../core.js'

/** Bytes of a write: what PHP reads at a time, and less than a TLS record. */
const writeLimit = 8192
const lingering = 10_000

/**
 * @param {import('node:net').Socket} socket
 * @param {Array<{ time: number, token: string }>} tuples
 * @returns {Promise<void>} when everything was written or the connection is gone
 */
export async function serveFeedback (socket, tuples) {
  socket.resume() // the client has nothing to say; its close must be seen
  for (const bytes of chunks(tuples)) {
    if (!socket.writable) return
    // One write at a time: TLS would join two that wait and cut the sum anywhere.
    await new Promise((resolve) => { socket.write(bytes, resolve) })
  }
  if (!socket.writable) return
  socket.end()
  const timer = setTimeout(() => socket.destroy(), lingering)
  socket.once('close', () => clearTimeout(timer))
}

/** @param {Array<{ time: number, token: string }>} tuples */
function * chunks (tuples) {
  let bytes = 0
  let from = 0
  for (const [index, { token }] of tuples.entries()) {
    const size = 6 + token.length / 2
    if (bytes + size > writeLimit) {
      yield encodeFeedback(tuples.slice(from, index))
      from = index
      bytes = 0
    }
    bytes += size
  }
  if (from < tuples.length) yield encodeFeedback(tuples.slice(from))
}
