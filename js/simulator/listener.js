/**
 * One listening port of the simulator, TLS with client certificates or plain text, on which everything is bounded:
 * connections, handshakes and idleness. It hands over connections that are ready and can be closed for good.
 *
 * Not here: what is said on a connection.
 */

import net from 'node:net'
import tls from 'node:tls'
import { BellpushError } from '../errors.js'

const handshakeTimeout = 10_000

/**
 * @typedef {object} Connection
 * @property {net.Socket} socket to read and write; it has an error listener
 * @property {() => void} reset ends it with a TCP reset
 */

/**
 * @typedef {object} ListenerOptions
 * @property {string} host
 * @property {number} port 0: a free one
 * @property {tls.TlsOptions} [tls] key, certificate, CA, versions; without it: plain text
 * @property {string} [scheme] of its URL; default apns
 * @property {number} maxConnections
 * @property {number} idleTimeout milliseconds
 * @property {(connection: Connection) => void} onConnection
 * @property {(reason: Error) => void} onRefused
 */

export class Listener {
  #server
  #onConnection
  #onRefused
  #idleTimeout
  #scheme
  /** Every connection's TCP socket, from the first moment, and its TLS socket. @type {Set<net.Socket>} */
  #open = new Set()

  /**
   * @param {ListenerOptions} options
   * @returns {Promise<Listener>}
   * @throws {BellpushError} BELLPUSH_LISTEN_FAILED, BELLPUSH_OPTION_INVALID
   */
  static async start (options) {
    const listener = new Listener(options)
    await listener.#listen(options)
    return listener
  }

  /** @param {ListenerOptions} options */
  constructor ({ tls: secure, scheme = 'apns', maxConnections, idleTimeout, onConnection, onRefused }) {
    this.#onConnection = onConnection
    this.#onRefused = onRefused
    this.#idleTimeout = idleTimeout
    this.#scheme = scheme
    this.#server = secure ? this.#secureServer(secure) : net.createServer({ allowHalfOpen: true, noDelay: true })
    this.#server.maxConnections = maxConnections
    this.#server.on('connection', (tcp) => this.#track(tcp))
    this.#server.on('drop', () => onRefused(new Error(`more than ${maxConnections} connections at once`)))
    if (!secure) this.#server.on('connection', (tcp) => this.#ready(tcp, tcp))
  }

  /** `SCHEME://HOST:PORT` */
  get url () {
    const { address, port } = /** @type {net.AddressInfo} */ (this.#server.address())
    return `${this.#scheme}://${net.isIPv6(address) ? `[${address}]` : address}:${port}`
  }

  /** Stops listening and destroys every connection; done when the last one is gone. */
  async close () {
    const server = new Promise((resolve) => { this.#server.close(resolve) })
    const sockets = Array.from(this.#open, (socket) => new Promise((resolve) => { socket.once('close', resolve) }))
    for (const socket of this.#open) socket.destroy()
    await Promise.all([server, ...sockets])
  }

  /** @param {tls.TlsOptions} secure */
  #secureServer (secure) {
    try {
      const server = tls.createServer({
        requestCert: true,
        rejectUnauthorized: true,
        handshakeTimeout: Math.min(handshakeTimeout, this.#idleTimeout),
        allowHalfOpen: true,
        noDelay: true,
        ...secure
      })
      server.on('tlsClientError', (reason, socket) => {
        socket.destroy() // Node leaves it open when the handshake takes too long
        this.#onRefused(reason)
      })
      server.on('secureConnection', (socket) => {
        // Node does not say which TCP socket a TLS socket stands on.
        const tcp = [...this.#open].find((candidate) => candidate.remotePort === socket.remotePort &&
          candidate.remoteAddress === socket.remoteAddress)
        if (tcp === undefined || tcp.destroyed) socket.destroy()
        else this.#ready(tcp, socket)
      })
      return server
    } catch (cause) {
      throw new BellpushError('BELLPUSH_OPTION_INVALID',
        `the TLS options of the simulator are refused: ${/** @type {Error} */ (cause).message}`, { cause })
    }
  }

  /** @param {{ host: string, port: number }} options @returns {Promise<void>} */
  #listen ({ host, port }) {
    return new Promise((resolve, reject) => {
      const failed = (/** @type {NodeJS.ErrnoException} */ cause) => reject(listenFailed(host, port, cause))
      this.#server.once('error', failed)
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', failed)
        // From now on only accept() can fail, for want of file descriptors for instance.
        this.#server.on('error', (reason) => this.#onRefused(reason))
        resolve()
      })
    })
  }

  /** @param {net.Socket} socket */
  #track (socket) {
    this.#open.add(socket)
    socket.on('error', () => {}) // the close that follows is what counts
    socket.once('close', () => this.#open.delete(socket))
  }

  /**
   * @param {net.Socket} tcp
   * @param {net.Socket} socket
   */
  #ready (tcp, socket) {
    if (socket !== tcp) this.#track(socket)
    socket.setTimeout(this.#idleTimeout, () => socket.destroy())
    this.#onConnection({ socket, reset: () => { if (!tcp.destroyed) tcp.resetAndDestroy() } })
  }
}

/**
 * @param {string} host
 * @param {number} port
 * @param {NodeJS.ErrnoException} cause
 */
function listenFailed (host, port, cause) {
  const reasons = /** @type {Record<string, string>} */ ({
    EADDRINUSE: 'another program listens there already: choose another port, or 0 for a free one',
    EACCES: 'this user may not: choose a port above 1023, or 0 for a free one',
    EADDRNOTAVAIL: 'this machine does not have that address'
  })
  const reason = reasons[cause.code ?? ''] ?? cause.message
  return new BellpushError('BELLPUSH_LISTEN_FAILED', `cannot listen on ${host}, port ${port}: ${reason}`, { cause })
}
