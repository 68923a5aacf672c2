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
import { steadyClock } from '../clock.js'
import { coreFailed } from '../core/module.js'
import { BellpushError } from '../errors.js'
import { Http2Socket } from './connection.js'

/** Milliseconds of a round trip from which on waiting for answers costs more than another connection. */
const LONG_ROUND_TRIP = 5

/** So few streams hold back work, however short the round trip. */
const FEW_STREAMS = 100

/** Milliseconds between two tries at most: what is still at work may end meanwhile, and then there must be another. */
const LONGEST_WAIT = 5_000

/** Milliseconds by which the pool's clock may differ from the machine's. */
const CLOCK_TOLERANCE = 1_000

/** Milliseconds without a stream after which a connection is closed. */
const IDLE_TIMEOUT = 600_000

/**
 * @typedef {import('./connection.js').Work & {
 *   advance: () => void,
 *   failed: (error: Error) => void,
 *   coreFailed: (error: Error) => void,
 *   connected: () => void
 * }} User a push; `connected`: a connection was made while it had work
 */

/**
 * @typedef {object} PoolParts
 * @property {(signal: AbortSignal) => Promise<import('node:net').Socket>} connect
 * @property {string} authority
 * @property {import('./connection.js').Http2SocketParts['token']} token
 * @property {number} maxConnections
 * @property {number} connectTries connections in a row that end and have taught nothing, before the gateway is given up
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
  /** Connections in a row that could not be made, while others were at work. */
  #failedDials = 0
  /** Ends what is being made. */
  #over = newController()
  #clock = steadyClock()
  /** @type {NodeJS.Timeout | undefined} */
  #idle

  /** @param {PoolParts} parts */
  constructor (parts) {
    this.#parts = parts
  }

  /**
   * To be called before a push is made. Where the machine slept, or its clock was set, since the pool's clock was: sets
   * that, too, and lets go of the connections, which count by the old one, and may have died in the sleep.
   */
  setClock () {
    if (this.#users.size > 0 || Math.abs(Date.now() - this.#clock()) < CLOCK_TOLERANCE) return
    this.#bury()
    for (const connection of this.#connections) connection.abandon()
    this.#connections.clear()
    this.#clock = steadyClock()
  }

  /** @param {User} user */
  join (user) {
    clearTimeout(this.#idle)
    this.#bury()
    if (this.#users.size === 0) this.#fruitless = this.#failedDials = 0
    this.#users.add(user)
    for (const connection of this.#connections) {
      connection.rest(false)
      this.#serve(connection, user)
    }
  }

  /**
   * The core failed under some connections, perhaps in a call that was about something else altogether: whoever used
   * them has lost what it had there, and others are made for whoever comes next.
   */
  #bury () {
    const dead = [...this.#connections].filter(connection => !connection.isAlive)
    if (dead.length === 0) return
    for (const connection of dead) {
      this.#connections.delete(connection)
      connection.drop()
    }
    for (const user of [...this.#users]) if (!user.batch.isAlive) user.coreFailed(coreFailed())
  }

  /**
   * What can be no request is its own push's trouble, and nobody else's.
   * @param {Http2Socket} connection
   * @param {User} user
   */
  #serve (connection, user) {
    if (!this.#users.has(user)) return
    try {
      connection.serve(user)
    } catch (error) {
      fail(user, /** @type {Error & { code?: string }} */ (error))
    }
  }

  /** Its batch is over. @param {User} user */
  leave (user) {
    if (!this.#users.delete(user)) return
    this.#bury()
    for (const connection of this.#connections) connection.forget(user)
    if (this.#users.size > 0) return
    // Nobody waits for what is being made, either.
    this.#over.abort()
    this.#over = newController()
    for (const connection of this.#connections) connection.rest(true)
    this.#idle = setTimeout(() => this.close(), this.#parts.idleTimeout ?? IDLE_TIMEOUT).unref()
  }

  /** Writes what there is to write. */
  pump () {
    this.#bury()
    for (const connection of this.#connections) connection.pump()
  }

  /** Somebody has work that was not written: sees to another connection where that helps. */
  grow () {
    const open = [...this.#connections].filter(({ standing }) => standing.isOpen)
    // It may have become due since.
    for (const connection of open) if (connection.isReady) connection.pump()
    if (!open.every(({ standing }) => isHeldBack(standing))) return
    // Those that drain are answered soon, and then there is room. One that accused all that is left makes room itself,
    // also where the gateway admits no other beside it.
    const accuser = open.find(({ standing }) => standing.blocked === 'other')
    const isFull = this.#connections.size >= this.#parts.maxConnections
    if (accuser !== undefined && (isFull || this.#failedDials > 0)) {
      if (this.#opening === 0) accuser.close()
      return
    }
    // One is enough to ask about tokens.
    const wanted = accuser === undefined ? open.length : 1
    for (let missing = this.#missing(wanted); missing > 0; missing--) this.#open()
  }

  /**
   * How many connections to make now: as many as are at work, so that a far gateway is soon used as it may be, and a
   * near one is not rushed. One at a time while they fail.
   * @param {number} atWork
   */
  #missing (atWork) {
    const wanted = this.#fruitless > 0 || this.#failedDials > 0 ? 1 : Math.max(atWork, 1)
    return Math.min(wanted, this.#parts.maxConnections - this.#connections.size) - this.#opening
  }

  /** Takes leave of every connection, and makes others where there is still work. */
  close () {
    this.#bury()
    for (const connection of [...this.#connections]) connection.close()
  }

  /** Ends all at once. */
  abandon () {
    this.#over.abort()
    this.#bury()
    for (const connection of [...this.#connections]) connection.abandon()
    this.#connections.clear()
  }

  /** Milliseconds since 1970 by a clock that never runs backwards: that of its users, too. */
  now () {
    return this.#clock()
  }

  async #open () {
    this.#opening++
    const { signal } = this.#over
    let socket
    try {
      const vain = Math.max(this.#fruitless, this.#failedDials)
      if (vain > 0) await sleep(waitBefore(vain + 1, { cap: LONGEST_WAIT }), signal)
      socket = await this.#parts.connect(signal)
    } catch (error) {
      this.#opening--
      if (!signal.aborted) {
        this.#failedDials++
        this.#giveUp(/** @type {Error} */ (error))
      }
      this.#advance()
      return
    }
    this.#opening--
    this.#failedDials = 0
    if (signal.aborted) {
      socket.destroy()
      this.#advance()
      return
    }
    try {
      const connection = new Http2Socket({
        ...this.#parts,
        socket,
        now: () => this.now(),
        changed: connection => this.#changed(connection)
      })
      this.#connections.add(connection)
      for (const user of [...this.#users]) {
        this.#serve(connection, user)
        user.connected()
      }
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
      } else if (this.#fruitless >= this.#parts.connectTries && this.#connections.size === 0) {
        // The next one is being made, perhaps: it would go the same way.
        this.#stop(new BellpushError('BELLPUSH_CONNECTION_LOST',
          `the gateway ended ${this.#fruitless} connections in a row before it accepted or refused anything` +
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
    if (this.#connections.size === 0 && this.#opening === 0) this.#stop(error)
  }

  /** @param {Error} error */
  #stop (error) {
    for (const user of [...this.#users]) user.failed(error)
  }

  #advance () {
    for (const user of [...this.#users]) user.advance()
  }
}

/** Each connection that is being made listens to its signal. */
function newController () {
  const over = new AbortController()
  setMaxListeners(0, over.signal)
  return over
}

/** @param {User} user @param {Error & { code?: string }} error */
function fail (user, error) {
  if (error.code === 'BELLPUSH_CORE_FAILED') user.coreFailed(error)
  else user.failed(error)
}

/** @param {import('../core.js').ConnectionStanding} standing */
function isHeldBack ({ blocked, hasLearnt, roundTrip, maxStreams }) {
  if (blocked === 'other') return true
  const isBlocked = blocked === 'streams' || blocked === 'window'
  return isBlocked && hasLearnt && ((roundTrip ?? 0) >= LONG_ROUND_TRIP || maxStreams < FEW_STREAMS)
}
