/**
 * One connection to the feedback service: the whole list at once, then a close.
 *
 * The list is cleared only when the client has taken all of it: it closes after we did, and in order. One that closes
 * earlier, or breaks off, is told the same again next time, which does no harm.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { feedbackWrites } from '../feedback-writes.js'

/**
 * Milliseconds between the last tuple and our close. A client that closes by itself before it was told the end has not
 * waited for it, so nobody knows how much it has taken.
 */
const PAUSE = 250

/** Milliseconds that a client has to close its side after we closed ours. */
const LINGERING = 10_000

/**
 * @param {import('node:net').Socket} socket
 * @param {Iterable<{ tuples: import('./feedback-store.js').Tuple[], last: number }>} pages
 * @returns {Promise<{ told: number, last: number | undefined }>} `last`: all up to here was taken; undefined: who knows
 */
export async function serveFeedback (socket, pages) {
  let over = false
  let broken = false
  const closed = /** @type {Promise<void>} */ (new Promise(resolve => socket.once('close', () => resolve())))
  socket.once('end', () => { over = true })
  socket.on('error', () => { broken = true })
  socket.resume() // the client has nothing to say; its close must be seen
  let told = 0
  let last
  for (const page of pages) {
    for (const bytes of feedbackWrites(page.tuples)) {
      if (!socket.writable) return { told, last: undefined }
      await Promise.race([closed, new Promise(resolve => socket.write(bytes, resolve))])
    }
    told += page.tuples.length
    last = page.last
  }
  if (told > 0) await Promise.race([closed, sleep(PAUSE)])
  const early = over
  socket.end()
  const timer = setTimeout(() => socket.destroy(new Error('the client does not close')), LINGERING)
  await closed
  clearTimeout(timer)
  return { told, last: early || broken || !over ? undefined : last }
}
