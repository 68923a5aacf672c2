/**
 * One connection to the simulated feedback service: the whole list at once, then a close.
 *
 * The list is gone as soon as it was given to a connection, even if that one breaks off: a client must keep what it
 * reads.
 */

import { feedbackWrites } from '../feedback-writes.js'

const lingering = 10_000

/**
 * @param {import('node:net').Socket} socket
 * @param {Array<{ time: number, token: string }>} tuples
 * @returns {Promise<void>} when everything was written or the connection is gone
 */
export async function serveFeedback (socket, tuples) {
  socket.resume() // the client has nothing to say; its close must be seen
  for (const bytes of feedbackWrites(tuples)) {
    if (!socket.writable) return
    await new Promise((resolve) => { socket.write(bytes, resolve) })
  }
  if (!socket.writable) return
  socket.end()
  const timer = setTimeout(() => socket.destroy(), lingering)
  socket.once('close', () => clearTimeout(timer))
}
