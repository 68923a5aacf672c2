/**
 * One connection to the feedback service: the whole list at once, then a close.
 *
 * Whole tuples go out in each write and each TLS record, because old clients read 38 bytes and expect a tuple. The list
 * is cleared only when the client has taken all of it: it closes after we did, and in order. One that closes earlier,
 * or breaks off, is told the same again next time, which does no harm.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { encodeFeedback } from '../core.js'

/** Bytes of a write: what PHP reads at a time, and less than a TLS record. */
const WRITE_LIMIT = 8192

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
    for (const bytes of chunks(page.tuples)) {
      if (!socket.writable) return { told, last: undefined }
      // One write at a time: TLS would join two that wait and cut the sum anywhere.
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

/** @param {import('./feedback-store.js').Tuple[]} tuples */
function * chunks (tuples) {
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
