/**
 * One listening port of the legacy gateway, TLS with client certificates or plain text, on which everything is bounded:
 * connections, handshakes, idleness. It hands over connections that are ready.
 *
 * Not here: what is said on a connection, and who may say it.
 */
import net from 'node:net'
import tls from 'node:tls'
import { BellpushError } from '../errors.js'

/** Milliseconds for a handshake. */
const HANDSHAKE_TIMEOUT = 10_000

/** Milliseconds of silence after which the kernel asks whether the other machine is still there. */
const KEEP_ALIVE = 60_000

/**
 * @typedef {object} PortOptions
 * @property {string} host
 * @property {number} port 0: a free one
 * @property {tls.TlsOptions} [secure] without it: plain text
 * @property {number} maxConnections
 * @property {number} idleTimeout milliseconds without a byte
 * @property {(socket: net.Socket) => void} connected it has an error listener
 * @property {(reason: Error) => void} refused
 */

export class Port {
  #options
  #server
  /** Every connection's socket, from the first moment. @type {Set<net.Socket>} */
  #open = new Set()

  /**
   * @param {PortOptions} options
   * @returns {Promise<Port>} listening
   * @throws {BellpushError} BELLPUSH_LISTEN_FAILED, BELLPUSH_CREDENTIALS_INVALID
   */
  static async open (options) {
    const port = new Port(options)
    await port.#listen()
    return port
  }

  /** @param {PortOptions} options */
  constructor (options) {
    this.#options = options
    const { secure, maxConnections, refused } = options
    this.#server = secure ? this.#secureServer(secure) : net.createServer({ allowHalfOpen: true, noDelay: true })
    this.#server.maxConnections = maxConnections
    this.#server.on('drop', () => refused(new Error(`more than ${maxConnections} connections at once`)))
    this.#server.on('connection', socket => {
      this.#track(socket)
      socket.setKeepAlive(true, KEEP_ALIVE)
      if (!secure) this.#ready(socket)
    })
  }

  /** `HOST:PORT` */
  get address () {
    const { address, port } = /** @type {net.AddressInfo} */ (this.#server.address())
    return `${net.isIPv6(address) ? `[${address}]` : address}:${port}`
  }

  /** The port that it listens on. */
  get number () {
    return /** @type {net.AddressInfo} */ (this.#server.address()).port
  }

  /** Takes no more connections; done when the last one is gone. @returns {Promise<void>} */
  stop () {
    return new Promise(resolve => this.#server.close(() => resolve()))
  }

  /** Ends every connection. */
  destroy () {
    for (const socket of this.#open) socket.destroy()
  }

  /** @param {tls.TlsOptions} secure */
  #secureServer (secure) {
    const { refused } = this.#options
    try {
      const server = tls.createServer({
        handshakeTimeout: HANDSHAKE_TIMEOUT, allowHalfOpen: true, noDelay: true, ...secure
      })
      server.on('tlsClientError', (reason, socket) => {
        socket.destroy() // Node leaves it open when the handshake takes too long
        refused(reason)
      })
      server.on('secureConnection', socket => {
        this.#track(socket)
        this.#ready(socket)
      })
      return server
    } catch (cause) {
      throw new BellpushError('BELLPUSH_CREDENTIALS_INVALID',
        `the certificate or the TLS options of the gateway's own ports are refused: ${
          /** @type {Error} */ (cause).message}`, { cause })
    }
  }

  /** @returns {Promise<void>} */
  #listen () {
    const { host, port, refused } = this.#options
    return new Promise((resolve, reject) => {
      const failed = (/** @type {Error} */ cause) => reject(new BellpushError('BELLPUSH_LISTEN_FAILED',
        `cannot listen on ${host}, port ${port}: ${cause.message}`, { cause }))
      this.#server.once('error', failed)
      this.#server.listen({ host, port, backlog: 4096 }, () => {
        this.#server.off('error', failed)
        // From now on only accept() can fail, for want of file descriptors for instance.
        this.#server.on('error', refused)
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

  /** @param {net.Socket} socket */
  #ready (socket) {
    socket.setTimeout(this.#options.idleTimeout, () => socket.destroy())
    this.#options.connected(socket)
  }
}
