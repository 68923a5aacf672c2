/**
 * Opens one connection to a gateway, TLS or plain, within a time and until aborted; whatever a peer can do wrong
 * meanwhile ends as one rejection.
 *
 * Not here: trying again (backoff.js), and what is said on the connection.
 */
import net from 'node:net'
import tls from 'node:tls'
import { abortError } from './abort.js'
import { classify, nameOf } from './connection-errors.js'
import { BellpushError } from './errors.js'
import { tunnel } from './proxy.js'
import { holdWriteErrors } from './write-errors.js'

/**
 * @typedef {object} ConnectionOptions
 * @property {string} host name or address
 * @property {number} port
 * @property {import('./credentials.js').Credentials} [credentials] needed unless `plain`
 * @property {string} [servername] the name that the server's certificate must have, if it is not the host
 * @property {boolean} [http2] HTTP/2 and nothing else is spoken, agreed upon in the handshake (ALPN)
 * @property {import('./proxy.js').Proxy} [proxy] the way goes through it
 * @property {boolean} [plain] no TLS: for captures that can be read
 * @property {number} [connectTimeout] milliseconds for looking up, connecting and the handshake together
 * @property {AbortSignal} [signal]
 */

/**
 * The latest session of each server, so that the next connection is spared a full handshake. They belong to the
 * credentials: a session resumed under others would bypass the checks that those stand for.
 * @type {WeakMap<import('./credentials.js').Credentials, Map<string, Buffer>>}
 */
const sessions = new WeakMap()

/**
 * Forgets the session that a socket's server was offered: another one of these might end the same way.
 * @type {WeakMap<net.Socket, () => void>}
 */
const forget = new WeakMap()

/**
 * With TLS 1.3 a server judges the client's certificate when the client takes the handshake for done. Of these nobody
 * has heard that it did: a session would say so, which OpenSSL sends right after that. Not every server sends one, so
 * after a while it must have.
 * @type {WeakSet<net.Socket>}
 */
const judging = new WeakSet()

/** So long a server may judge a certificate: milliseconds, or so many times what the handshake took. */
const LONGEST_JUDGEMENT = { least: 1_000, times: 4 }

/**
 * Whether a refusal of our certificate that comes now may be that of the handshake, so that the server has read nothing
 * of what was written. One that comes later, in the midst of a connection, says nothing about that.
 * @param {net.Socket} socket of `openConnection`
 */
export const mayRefuseHandshake = socket => judging.has(socket)

/**
 * A connection that is ready for use, with TCP_NODELAY; what the peer has said before it broke is read. Errors that
 * come later are never unhandled, but whoever uses it listens for 'error' and 'close', and looks at `destroyed` first:
 * the peer may have closed already. With TLS 1.3 a refused client certificate is such a later error: see `classify`.
 * @param {ConnectionOptions} options
 * @returns {Promise<net.Socket>} a `tls.TLSSocket` unless `plain`
 * @throws {BellpushError} BELLPUSH_CONNECT_FAILED, BELLPUSH_CONNECT_TIMEOUT, BELLPUSH_NOT_TLS,
 *   BELLPUSH_SERVER_UNTRUSTED, BELLPUSH_CREDENTIALS_REFUSED, BELLPUSH_NOT_HTTP2, BELLPUSH_PROXY_REFUSED,
 *   BELLPUSH_OPTION_INVALID; an AbortError on abort
 */
export async function openConnection (options) {
  checkPeer(options)
  const { signal } = options
  if (signal?.aborted) throw abortError(signal)

  const startedAt = performance.now()
  const way = options.proxy && tunnel(options.proxy, options)
  if (way !== undefined) {
    way.socket.on('error', () => {})
    // Whatever goes wrong on the way is the proxy's.
    await within({ ...options, ...options.proxy }, startedAt, way.socket, way.opened)
  }
  const socket = newSocket(options, way?.socket)
  socket.setNoDelay(true)
  // This listener stays for good: an error without any would end the process.
  socket.on('error', () => {})
  holdWriteErrors(socket)
  await within(options, startedAt, socket)
  if (options.http2 && /** @type {tls.TLSSocket} */ (socket).alpnProtocol !== 'h2') {
    socket.destroy()
    throw new BellpushError('BELLPUSH_NOT_HTTP2',
      `${nameOf(options)}: it speaks TLS, but not HTTP/2 (no ALPN h2): is it the right host and port?`)
  }
  return socket
}

/**
 * Waits until a socket is ready, or something else is.
 * @param {ConnectionOptions} options
 * @param {number} startedAt by `performance.now()`
 * @param {net.Socket} socket destroyed where that fails
 * @param {Promise<void>} [ready] in the place of the socket's own event
 */
async function within (options, startedAt, socket, ready) {
  const { signal, connectTimeout = 10_000 } = options
  /** @type {(() => void)[]} */
  const undo = []
  let connected = !socket.connecting && options.proxy !== undefined && ready === undefined
  try {
    await new Promise((resolve, reject) => {
      /** @param {string} event @param {(...args: any[]) => void} listener */
      const on = (event, listener) => {
        socket.on(event, listener)
        undo.push(() => socket.off(event, listener))
      }
      on('connect', () => { connected = true })
      if (ready === undefined) on(options.plain ? 'connect' : 'secureConnect', resolve)
      else ready.then(resolve, reject)
      on('error', reject)
      on('close', () => reject(new Error('the connection was closed')))

      const timer = setTimeout(() => reject(timedOut(options, connectTimeout, connected, ready !== undefined)),
        Math.max(1, startedAt + connectTimeout - performance.now()))
      undo.push(() => clearTimeout(timer))
      const aborted = () => reject(abortError(/** @type {AbortSignal} */ (signal)))
      signal?.addEventListener('abort', aborted, { once: true })
      undo.push(() => signal?.removeEventListener('abort', aborted))
    })
  } catch (error) {
    socket.destroy()
    if (!signal?.aborted) forget.get(socket)?.()
    throw classify(error, options)
  } finally {
    for (const step of undo) step()
  }
}

/**
 * @param {ConnectionOptions} options
 * @param {net.Socket} [way] through a proxy
 */
function newSocket (options, way) {
  try {
    return options.plain ? way ?? net.connect({ host: options.host, port: options.port }) : secureSocket(options, way)
  } catch (error) {
    throw classify(error, options)
  }
}

/**
 * @param {ConnectionOptions} options
 * @param {net.Socket} [way] through a proxy
 */
function secureSocket ({ host, port, credentials, http2, servername = net.isIP(host) ? undefined : host }, way) {
  if (credentials === undefined) {
    throw new BellpushError('BELLPUSH_OPTION_INVALID', 'TLS needs credentials, even if they hold no certificate')
  }
  const known = sessions.get(credentials) ?? new Map()
  sessions.set(credentials, known)
  const server = `${host} ${port} ${servername}`
  const session = known.get(server)
  const socket = tls.connect({
    host,
    port,
    servername,
    session,
    secureContext: credentials.secureContext,
    ...(http2 && { ALPNProtocols: ['h2'] }),
    ...(way && { socket: way })
  })
  const startedAt = performance.now()
  socket.once('secureConnect', () => { if (socket.getProtocol() === 'TLSv1.3') judge(socket, startedAt) })
  socket.on('session', ticket => {
    judging.delete(socket)
    known.set(server, ticket)
  })
  // Whatever broke, a session that may have to do with it is not offered again.
  forget.set(socket, () => known.delete(server))
  socket.on('error', () => known.delete(server))
  socket.once('end', () => { if (socket.isSessionReused() && !socket.readableDidRead) known.delete(server) })
  return socket
}

/**
 * @param {tls.TLSSocket} socket
 * @param {number} startedAt when its handshake did, by `performance.now()`
 */
function judge (socket, startedAt) {
  judging.add(socket)
  const { least, times } = LONGEST_JUDGEMENT
  const longest = Math.max(least, times * (performance.now() - startedAt))
  const late = setTimeout(() => judging.delete(socket), longest).unref()
  socket.once('session', () => clearTimeout(late)).once('close', () => clearTimeout(late))
}

/** @param {ConnectionOptions} options */
function checkPeer ({ host, port, connectTimeout }) {
  if (typeof host !== 'string' || host === '') {
    throw new BellpushError('BELLPUSH_OPTION_INVALID',
      `host must be a name or an address, found ${JSON.stringify(host)}`)
  }
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new BellpushError('BELLPUSH_OPTION_INVALID', `port must be an integer from 1 to 65535, found ${String(port)}`)
  }
  if (connectTimeout !== undefined && !(connectTimeout > 0 && connectTimeout < 2 ** 31)) {
    throw new BellpushError('BELLPUSH_OPTION_INVALID',
      `connectTimeout must be milliseconds, more than 0 and less than 2^31, found ${String(connectTimeout)}`)
  }
}

/**
 * @param {ConnectionOptions} options
 * @param {number} milliseconds
 * @param {boolean} connected
 * @param {boolean} isProxy
 */
function timedOut (options, milliseconds, connected, isProxy) {
  if (connected && isProxy) {
    return new BellpushError('BELLPUSH_CONNECT_TIMEOUT',
      `the proxy ${nameOf(options)} gave no answer in ${milliseconds} ms: does it know CONNECT, and reach the gateway?`)
  }
  return new BellpushError('BELLPUSH_CONNECT_TIMEOUT', connected
    ? `${nameOf(options)} did not finish the TLS handshake within ${milliseconds} ms: does it speak TLS there?`
    : `no connection to ${nameOf(options)} within ${milliseconds} ms: is a firewall in the way?`)
}
