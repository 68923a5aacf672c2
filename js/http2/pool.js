/**
 * The connections of a client of HTTP/2: made when there is work for them, shared by all pushes, and kept warm.
 *
 * How many: one, until it has answered; another one where streams or windows hold back work and round trips last, or
 * where a token has to be asked about by somebody else; never more than `maxConnections`.
 *
 * Not here: what is said on a connection, and what an answer means; both are the core's.
 */
import { setMaxListeners } from 'node:events'
import { sleep, waitBefore } from '../backoff.js'
import { BellpushError } from '../errors.js'
import { Http2Socket } from './connection.js'

/** So many connections in a row that end and have taught nothing, and the gateway is given up. */
const FRUITLESS_CONNECTIONS = 5

/** Milliseconds of a round trip from which on waiting for answers costs more than another connection. */
const LONG_ROUND_TRIP = 5

/** So few streams hold back work, however short the round trip. */
const FEW_STREAMS = 100

/** Milliseconds without a stream after which a connection is closed. */
const IDLE_TIMEOUT = 600_000

/**
 * @typedef {import('./connection.js').Work & {
 *   advance: () => void,
 *   failed: (error: Error) => void,
 *   coreFailed: (error: Error) => void,
 *   hasWork: () => boolean,
 *   connected: () => void
 * }} User a push; `connected`: a connection was made while it had work
 */

/**
 * @typedef {object} PoolParts
 * @property {(signal: AbortSignal) => Promise<import('node:net').Socket>} connect
 * @property {string} authority
 * @property {import('./connection.js').Http2SocketParts['token']} token
 * @property {number} maxConnections
 * @property {number} [idleTimeout] milliseconds
 * @property {{ answerTimeout: number, pingInterval: number }} timing milliseconds
 * @property {(error: Error) => Error} classify
 */

export class Http2Pool {
  #parts
  /** @type {Set<Http2Socket>} */
  #connections = new Set()
  /** @type {Set<User>} */
  #users = new Set()
  #opening = 0
  #fruitless = 0
  #over = new AbortController()
  #clockOffset = Date.now() - performance.now()
  /** @type {NodeJS.Timeout | undefined} */
  #idle

  /** @param {PoolParts} parts */
  constructor (parts) {
    this.#parts = parts
    setMaxListeners(0, this.#over.signal) // each connection that is being made listens
  }

  /** @param {User} user */
  join (user) {
    clearTimeout(this.#idle)
    if (this.#users.size === 0) this.#fruitless = 0
    this.#users.add(user)
    for (const connection of this.#connections) {
      connection.rest(false)
      connection.serve(user)
    }
  }

  /** Its batch is over. @param {User} user */
  leave (user) {
    if (!this.#users.delete(user)) return
    for (const connection of this.#connections) connection.forget(user)
    if (this.#users.size > 0) return
    for (const connection of this.#connections) connection.rest(true)
    this.#idle = setTimeout(() => this.close(), this.#parts.idleTimeout ?? IDLE_TIMEOUT).unref()
  }

  /** Writes what there is to write; where that is not all, sees to another connection. */
  pump () {
    for (const connection of this.#connections) connection.pump()
    if (this.#opening > 0 || ![...this.#users].some(user => user.hasWork())) return
    const open = [...this.#connections].filter(({ standing }) => standing.isOpen)
    if (!open.every(({ standing }) => isHeldBack(standing))) return
    if (this.#connections.size < this.#parts.maxConnections) this.#open()
    // Those that drain are answered soon, and then there is room. One that accused all that is left makes room itself.
    else open.find(({ standing }) => standing.blocked === 'other')?.close()
  }

  /** Takes leave of every connection, and makes others where there is still work. */
  close () {
    for (const connection of [...this.#connections]) connection.close()
  }

  /** Ends all at once. */
  abandon () {
    this.#over.abort()
    for (const connection of [...this.#connections]) connection.abandon()
    this.#connections.clear()
  }

  /** A clock that never runs backwards, whatever is done to the machine's. */
  #now () {
    return this.#clockOffset + performance.now()
  }

  async #open () {
    this.#opening++
    let socket
    try {
      if (this.#fruitless > 0) await sleep(waitBefore(this.#fruitless + 1), this.#over.signal)
      socket = await this.#parts.connect(this.#over.signal)
    } catch (error) {
      this.#opening--
      this.#giveUp(/** @type {Error} */ (error))
      this.#advance()
      return
    }
    this.#opening--
    if (this.#over.signal.aborted) return void socket.destroy()
    try {
      const connection = new Http2Socket({
        ...this.#parts,
        socket,
        now: () => this.#now(),
        changed: connection => this.#changed(connection)
      })
      this.#connections.add(connection)
      for (const user of this.#users) {
        connection.serve(user)
        user.connected()
      }
      if (this.#users.size === 0) connection.rest(true)
    } catch (error) {
      socket.destroy()
      for (const user of [...this.#users]) user.coreFailed(/** @type {Error} */ (error))
    }
    this.#advance()
  }

  /** @param {Http2Socket} connection */
  #changed (connection) {
    if (connection.standing.hasLearnt) this.#fruitless = 0
    if (connection.isDone && this.#connections.delete(connection)) {
      const { error } = connection
      if (!connection.standing.hasLearnt) this.#fruitless++
      if (error?.code === 'BELLPUSH_CORE_FAILED') {
        for (const user of [...this.#users]) user.coreFailed(error)
      } else if (error?.code === 'BELLPUSH_CREDENTIALS_REFUSED') {
        this.#giveUp(error)
      } else if (this.#fruitless >= FRUITLESS_CONNECTIONS) {
        this.#giveUp(new BellpushError('BELLPUSH_CONNECTION_LOST',
          `the gateway ended ${this.#fruitless} connections in a row without an answer` +
          `${error ? ` (the last one: ${error.message})` : ''}`, { cause: error }))
      }
    }
    this.#advance()
  }

  /**
   * Where no other connection may carry the pushes to their end: what is unsent stays so.
   * @param {Error} error
   */
  #giveUp (error) {
    if (this.#connections.size > 0 || this.#opening > 0) return
    for (const user of [...this.#users]) user.failed(error)
  }

  #advance () {
    for (const user of [...this.#users]) user.advance()
  }
}

/** @param {import('../core.js').ConnectionStanding} standing */
function isHeldBack ({ blocked, hasLearnt, roundTrip, maxStreams }) {
  if (blocked === 'other') return true
  const isBlocked = blocked === 'streams' || blocked === 'window'
  return isBlocked && hasLearnt && ((roundTrip ?? 0) >= LONG_ROUND_TRIP || maxStreams < FEW_STREAMS)
}
