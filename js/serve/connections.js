/**
 * Connections of callers, where they are slow or many: those that have not sent a whole request yet are bounded in
 * number and time, so that they hold up neither others nor the end of this process.
 *
 * Not here: the time that a request has to come, which Node keeps (sidecar.js says how long).
 */
import { STATUS_CODES } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { Problem, problemOf } from './problem.js'

/** Connections that wait for a request or its rest; of more, the one that has waited longest is closed. */
const MOST_WAITING = 2_000

/** Milliseconds that requests get to come whole when this process is to end. */
const GRACE = 5_000
const GRACE_STEP = 500

/** While it is closed, milliseconds between two looks for connections on which nothing is under way any more. */
const IDLE_INTERVAL = 50

/** @typedef {import('node:net').Socket} Socket */

/**
 * What can be wrong with bytes that are no request.
 * @type {Record<string, [code: ConstructorParameters<typeof Problem>[0], detail: string]>}
 */
const faults = {
  ERR_HTTP_REQUEST_TIMEOUT: ['BELLPUSH_REQUEST_TIMEOUT', 'the request did not come whole in time'],
  HPE_HEADER_OVERFLOW: ['BELLPUSH_HEADERS_TOO_LARGE', 'the headers are too large']
}

/** @param {import('./sidecar.js').Server} server */
export function watchConnections (server) {
  /** From the one that has waited longest to the one that came last. @type {Set<Socket>} */
  const waiting = new Set()
  /** @type {WeakSet<Socket>} */
  const known = new WeakSet()

  /** @param {Socket} socket */
  const wait = socket => {
    if (socket.destroyed) return
    waiting.delete(socket) // it was answered before its request had come whole: now it is the last
    waiting.add(socket)
    if (waiting.size <= MOST_WAITING) return
    const [longest] = waiting
    waiting.delete(longest)
    refuseConnection({ code: 'ERR_HTTP_REQUEST_TIMEOUT' }, longest)
  }
  server.server.on('connection', (/** @type {Socket} */ socket) => {
    known.add(socket)
    socket.once('close', () => waiting.delete(socket))
    wait(socket)
  })
  server.addHook('preHandler', async request => { waiting.delete(request.raw.socket) })
  server.addHook('onResponse', async request => { if (known.has(request.raw.socket)) wait(request.raw.socket) })

  const closed = new AbortController()
  server.addHook('preClose', async () => {
    // Node looks for late requests no more once it listens no more.
    const end = async () => {
      await setTimeout(GRACE, undefined, { ref: false, signal: closed.signal })
      for (;;) {
        for (const socket of waiting) socket.destroy()
        await setTimeout(GRACE_STEP, undefined, { ref: false, signal: closed.signal })
      }
    }
    end().catch(() => {})
    closeWhatGetsIdle(server.server)
  })
  server.addHook('onClose', async () => closed.abort())
}

/**
 * A server that is closed waits for its connections. One that is idle then is closed with it; but one on which a
 * request is under way stays open for the next request, and holds up the end for as long as its caller likes.
 * @param {import('node:http').Server} server
 */
function closeWhatGetsIdle (server) {
  if (!server.listening) return
  const timer = setInterval(() => server.closeIdleConnections(), IDLE_INTERVAL)
  server.once('close', () => clearInterval(timer))
}

/**
 * Answers what never became a request, as far as it can be answered.
 * @param {{ code?: string, message?: string }} error
 * @param {Socket} socket
 */
export function refuseConnection ({ code = '', message = '' }, socket) {
  const [name, detail] = faults[code] ?? ['BELLPUSH_REQUEST_INVALID', `this is no HTTP: ${message}`]
  const { status, body } = problemOf(new Problem(name, detail))
  const text = JSON.stringify(body)
  // In the midst of another answer it would be taken for a part of that.
  const isFree = !(/** @type {any} */ (socket)._httpMessage?.headersSent)
  if (socket.writable && isFree && code !== 'ECONNRESET') {
    const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, 'connection: close',
      'content-type: application/problem+json; charset=utf-8', `content-length: ${Buffer.byteLength(text)}`]
    socket.write(`${head.join('\r\n')}\r\n\r\n${text}`)
  }
  socket.destroy()
}
