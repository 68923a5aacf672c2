/**
 * Connections for one push: made when they are needed, and ahead of need where that saves the time of a handshake.
 */

import { setMaxListeners } from 'node:events'

/** An answer takes at least so many milliseconds: the event loop has other things to do, too. */
const LEAST_ROUND_TRIP = 2

/** A connection that was made ahead and idle for so many milliseconds is closed: who knows what lives at its end. */
const MOST_IDLE = 30_000

export class Supply {
  #connect
  #mostIdle
  /**
   * Ends when the push does: connections that are being made are given up. Made with the first one, because a small
   * push over HTTP/2 makes none, and this is what would cost it most.
   * @type {AbortController | undefined}
   */
  #over
  #isOver = false
  /** Made before they were needed. @type {import('node:net').Socket[]} */
  #ready = []
  /** How many more are being made for that. */
  #making = 0
  /** Who waits for one of those. @type {((socket: Promise<import('node:net').Socket>) => void)[]} */
  #takers = []
  /** Milliseconds that the quickest connection and its handshake took, which is at least two round trips. */
  #quickest = Infinity

  /**
   * @param {(signal: AbortSignal) => Promise<import('node:net').Socket>} connect
   * @param {{ mostIdle?: number }} [options] milliseconds
   */
  constructor (connect, { mostIdle = MOST_IDLE } = {}) {
    this.#connect = connect
    this.#mostIdle = mostIdle
  }

  /** Aborted when the push is over. */
  get signal () {
    if (this.#over === undefined) {
      this.#over = new AbortController()
      setMaxListeners(0, this.#over.signal) // each connection that is being made listens
      if (this.#isOver) this.#over.abort()
    }
    return this.#over.signal
  }

  /** Milliseconds that an answer takes, probably. */
  get roundTrip () {
    return Math.max(LEAST_ROUND_TRIP, this.#quickest / 2)
  }

  /** A connection: the first one that was made ahead and still lives, or is about to be made, or a new one. */
  async take () {
    for (let socket = this.#ready.shift(); socket; socket = this.#ready.shift()) {
      socket.setTimeout(0)
      // Where the gateway has spoken already it takes leave: what is sent now would be in doubt.
      if (socket.writable && socket.readableLength === 0) return socket
      socket.destroy()
    }
    if (this.#making <= this.#takers.length) return await this.#make()
    return await /** @type {Promise<import('node:net').Socket>} */ (new Promise(resolve => this.#takers.push(resolve)))
  }

  /**
   * Sees to it that so many are made, or being made, before they are needed.
   * @param {number} count
   */
  keepAhead (count) {
    while (this.#ready.length + this.#making < count) this.#makeAhead()
  }

  end () {
    this.#isOver = true
    this.#over?.abort()
    for (const socket of this.#ready) socket.destroy()
  }

  async #makeAhead () {
    this.#making++
    const made = this.#make()
    const socket = await made.catch(() => undefined)
    this.#making--
    if (socket !== undefined && !this.#isOver && this.#takers.length === 0) {
      this.#ready.push(socket.setTimeout(this.#mostIdle).once('timeout', () => socket.destroy()))
    } else if (socket !== undefined) {
      const take = this.#takers.shift()
      if (take) take(made)
      else socket.destroy()
    } else if (this.#takers.length > this.#making) {
      // Nobody waits in vain: where it failed, another one is made, whose error is told.
      this.#takers.shift()?.(this.#make())
    }
  }

  async #make () {
    const startedAt = performance.now()
    const socket = await this.#connect(this.signal)
    this.#quickest = Math.min(this.#quickest, performance.now() - startedAt)
    return socket
  }
}
