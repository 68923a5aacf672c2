/**
 * A provider written by hand over a bare socket: it sends exactly the bytes it is told to and keeps what it receives.
 * Tests of the simulator use it, so that no mistake of the client and the simulator can cover each other.
 */

import net from 'node:net'
import tls from 'node:tls'
import { decodeErrorResponses, encodeFrame } from './reference.js'

/** @typedef {tls.ConnectionOptions & { allowHalfOpen?: boolean }} DialOptions */

/**
 * @param {string} url `apns://HOST:PORT`
 * @param {DialOptions | undefined} options nothing: plain text
 * @returns {Promise<RawClient>} connected, its handshake done
 */
export function connect (url, options) {
  const { hostname, port } = new URL(url)
  const address = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port), noDelay: true, allowHalfOpen: true }
  return new Promise((resolve, reject) => {
    const socket = options ? tls.connect({ ...address, ...options }) : net.connect(address)
    socket.once('error', reject)
    socket.once(options ? 'secureConnect' : 'connect', () => {
      socket.off('error', reject)
      resolve(new RawClient(socket))
    })
  })
}

export class RawClient {
  /** @type {Buffer[]} */
  #chunks = []
  /** @type {Set<() => void>} */
  #waiting = new Set()

  /** @param {net.Socket} socket */
  constructor (socket) {
    this.socket = socket
    /** @type {NodeJS.ErrnoException | undefined} */
    this.error = undefined
    /** The other side has closed in order. */
    this.ended = false
    socket.on('data', (chunk) => {
      this.#chunks.push(chunk)
      this.#wake()
    })
    socket.on('error', (/** @type {NodeJS.ErrnoException} */ error) => { this.error = error })
    socket.once('end', () => {
      this.ended = true
      this.#wake()
    })
    socket.once('close', () => this.#wake())
  }

  /** Every chunk as it came. */
  get chunks () { return [...this.#chunks] }

  get received () { return Buffer.concat(this.#chunks) }

  get responses () { return decodeErrorResponses(this.received) }

  /** @param {...import('./reference.js').Frame} frames @returns {Promise<void>} when the kernel has taken them */
  send (...frames) {
    return this.write(Buffer.concat(frames.map(encodeFrame)))
  }

  /** @param {Uint8Array} bytes @returns {Promise<void>} when the kernel has taken them, or the connection is gone */
  write (bytes) {
    return new Promise((resolve) => { this.socket.write(bytes, () => resolve()) })
  }

  /** @param {number} bytes received at least */
  async has (bytes) {
    await this.#until(() => this.received.length >= bytes)
  }

  /** The other side has closed or reset. */
  async over () {
    await this.#until(() => this.ended || this.socket.destroyed)
  }

  /** Closes our side, and waits until the connection is gone. */
  async close () {
    this.socket.end()
    await this.gone()
  }

  async gone () {
    await this.#until(() => this.socket.closed)
  }

  destroy () {
    this.socket.destroy()
  }

  /** @param {() => boolean} condition @returns {Promise<void>} */
  #until (condition) {
    return new Promise((resolve) => {
      const check = () => {
        if (!condition()) return
        this.#waiting.delete(check)
        resolve()
      }
      this.#waiting.add(check)
      check()
    })
  }

  #wake () {
    for (const check of [...this.#waiting]) check()
  }
}
