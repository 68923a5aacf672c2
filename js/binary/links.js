/**
 * The links of one push over the binary protocol: made while it has work for them, each until it has been answered.
 *
 * How many: one while no token is refused, then more and more, because each refusal costs its connection. They end with
 * their push, or, where silence is taken for success, are listened to for a while afterwards.
 *
 * Not here: what is said on a link, and what an answer means; both are the core's.
 */
import { sleep, waitBefore } from '../backoff.js'
import { retryMayHelp } from '../connection-errors.js'
import { BellpushError } from '../errors.js'
import { SocketLink } from './link.js'
import { Supply } from './supply.js'

/** @typedef {import('../push.js').Carried} Carried */

/** Tokens of each link remembered after they were taken for accepted: as many as the core's link remembers. */
const REMEMBERED_IN_SILENCE = 65_536

/**
 * Connections at once where the caller sets no number: one while no token is refused, then more and more, up to as many
 * as a round trip has milliseconds, within these bounds: each refusal costs its connection some round trips.
 */
const MOST_CONNECTIONS = { near: 16, far: 32 }

/** Milliseconds until a gateway that turned away a connection, while others work, is asked for one again, at most. */
const MOST_WAIT = 5_000

/** An answer ends its connection: from so many on, the next connections are made before they are needed. */
const ANSWERS_UNTIL_AHEAD = 2

/**
 * @typedef {object} LinksParts
 * @property {(signal: AbortSignal) => Promise<import('node:net').Socket>} connect
 * @property {(error: Error) => Error} classify says what an error of a connected socket means
 * @property {number} [connections] links at work at once
 * @property {number} connectTries connections in a row that end and have taught nothing, before the gateway is given up
 * @property {{ linger: number, answerTimeout: number, quiet?: number, listen: number, idle?: number }} timing
 *   milliseconds; `listen`: for late refusals, where silence was taken for success
 */

/** The links of a push; an {@link import('../push.js').Carrier}. */
export class Links {
  #parts
  #push
  #supply
  /** @type {Set<SocketLink>} */
  #links = new Set()
  /** Links of a push that is over, in whose silence something may still be refused. @type {Set<SocketLink>} */
  #listening = new Set()
  #opening = 0
  /** Links in a row that ended and had taught nothing. */
  #fruitless = 0
  /** Times in a row that none of the connections that were being made could be. */
  #failedDials = 0
  /** The gateway turned away a connection beside others: it is asked for one at a time. */
  #isCrowded = false
  #answers = 0
  /** How the batch stood when it was last asked whether to grow. */
  #hasWork = false
  #refused = 0
  #isOver = false

  /**
   * @param {LinksParts} parts
   * @param {Carried} push
   */
  constructor (parts, push) {
    this.#parts = parts
    this.#push = push
    this.#supply = new Supply(parts.connect, { mostIdle: parts.timing.idle })
  }

  get remembered () {
    return this.#isQuiet ? REMEMBERED_IN_SILENCE * Math.max(1, this.#links.size) : 0
  }

  get listening () {
    return this.#listening.size
  }

  /** There is nothing to join: links are made when there is work. */
  join () {}

  pump () {
    for (const link of this.#links) link.pump()
  }

  /**
   * @param {import('../core.js').Standing} standing
   * @param {boolean} awaitsMore
   */
  grow ({ hasWork, refused, room }, awaitsMore) {
    this.#hasWork = hasWork
    this.#refused = refused
    const wanted = this.#wanted
    this.#push.batch.setLinks(wanted)
    // The window is full: once what is in it is confirmed, which ends the connections, others are needed at once.
    if (room === 0 && awaitsMore) this.#supply.keepAhead(wanted)
    if (!hasWork || (this.#isCrowded && this.#opening > 0)) return
    // A caller's number is what may be, and not what this audience needs: one at a time, as there is work for it.
    let most = this.#parts.connections === undefined && !this.#isCrowded ? Infinity : 1
    while (most-- > 0 && this.#links.size + this.#opening < wanted) this.#open()
  }

  abandon () {
    for (const link of this.#links) link.abandon()
  }

  /** @param {boolean} isSound */
  leave (isSound) {
    this.#isOver = true
    this.#supply.end()
    for (const link of this.#links) {
      if (isSound && this.#isQuiet && !link.isDone) this.#listening.add(link)
      else link.drop()
    }
    this.#links.clear()
    if (this.#listening.size > 0) this.#listenOn()
    else this.#push.left()
  }

  hush () {
    if (this.#listening.size === 0) return
    for (const link of this.#listening) link.drop()
    this.#listening.clear()
    this.#push.left()
  }

  get #isQuiet () {
    return this.#parts.timing.quiet !== undefined
  }

  /** How many links should be at work. */
  get #wanted () {
    if (this.#parts.connections !== undefined) return this.#parts.connections
    const { near, far } = MOST_CONNECTIONS
    const most = Math.min(Math.max(near, Math.floor(this.#supply.roundTrip)), far)
    return Math.min(Math.max(1, this.#refused), most)
  }

  async #open () {
    this.#opening++
    let socket
    try {
      const wait = Math.max(waitBefore(this.#fruitless + 1), waitBefore(this.#failedDials + 1, { cap: MOST_WAIT }))
      if (wait > 0) await sleep(wait, this.#supply.signal)
      socket = await this.#supply.take()
    } catch (error) {
      this.#isCrowded = true
      // Another one that is being made may still succeed.
      if (--this.#opening > 0) return
      this.#failedDials++
      // A gateway that has answered may turn us away for a moment in whatever way. Others have been asked often enough.
      const isOdd = this.#answers > 0 && !retryMayHelp(error) && this.#failedDials < this.#parts.connectTries
      if (isOdd) this.#push.advance()
      else this.#giveUp(error)
      return
    }
    this.#opening--
    this.#failedDials = 0
    if (this.#isOver) {
      socket.destroy()
      return
    }
    this.#push.connected()
    try {
      this.#links.add(this.#linkOf(socket))
      if (this.#answers >= ANSWERS_UNTIL_AHEAD) this.#supply.keepAhead(this.#wanted)
    } catch (error) {
      this.#push.coreFailed(error)
    }
    if (this.#isOver) socket.destroy() // the core failed
    this.#push.advance()
  }

  /** @param {import('node:net').Socket} socket */
  #linkOf (socket) {
    const push = this.#push
    return new SocketLink({
      socket,
      batch: push.batch,
      timing: { ...this.#parts.timing, roundTrip: this.#supply.roundTrip },
      now: push.now,
      classify: this.#parts.classify,
      changed: link => this.#changed(link),
      late: slots => { for (const { slot, reason } of slots) push.late(slot, reason) }
    })
  }

  /** @param {SocketLink} link */
  #changed (link) {
    if (link.isDone && this.#links.delete(link)) this.#ended(link)
    this.#push.advance()
  }

  /** @param {SocketLink} link */
  #ended ({ error, learnt, written }) {
    if (learnt) {
      this.#answers++
      this.#fruitless = 0
    } else if (written || this.#hasWork) {
      // One that ended before it could write what there was counts too: the next one is not made at once.
      this.#fruitless++
    }
    if (error?.code === 'BELLPUSH_CORE_FAILED') {
      this.#push.coreFailed(error)
    } else if (error?.code === 'BELLPUSH_CREDENTIALS_REFUSED') {
      this.#giveUp(error)
    } else if (this.#fruitless >= this.#parts.connectTries) {
      this.#giveUp(new BellpushError('BELLPUSH_CONNECTION_LOST',
        `the gateway ended ${this.#fruitless} connections in a row without an answer that can be understood` +
        `${error ? ` (the last one: ${error.message})` : ''}`, { cause: error }))
    }
  }

  /**
   * Where no other connection is at work that may carry it to its end: no more of them, and what is unsent stays so.
   * @param {unknown} error
   */
  #giveUp (error) {
    if (this.#links.size === 0) this.#push.failed(/** @type {Error} */ (error))
  }

  #listenOn () {
    for (const link of this.#listening) {
      link.listenOn(this.#parts.timing.listen, () => {
        if (this.#listening.delete(link) && this.#listening.size === 0) this.#push.left()
      })
    }
  }
}
