/**
 * One push: one notification on its way to an audience, until every token has its outcome.
 *
 * It feeds the batch, opens connections while the batch has work for them, and passes on what settles. Everything that
 * happens ends in `#advance`, which looks at how the batch stands and does what is to be done next.
 *
 * What it is not: what a refusal means, what is sent again and when a connection has proved what it was sent is decided
 * in the core.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { sleep, waitBefore } from './backoff.js'
import { Batch } from './core.js'
import { BellpushError } from './errors.js'
import { SocketLink } from './binary/link.js'
import { Supply } from './binary/supply.js'
import { TokenWindow } from './window.js'

/** @typedef {import('./report.js').Report} Report */

/** Tokens remembered after they were taken for accepted: as many as the core's link remembers. */
const REMEMBERED_IN_SILENCE = 65_536

/**
 * Connections at once where the caller sets no number: one while no token is refused, then more and more, up to as many
 * as a round trip has milliseconds, within these bounds: each refusal costs its connection some round trips.
 */
const MOST_CONNECTIONS = { near: 16, far: 32 }

/** An answer ends its connection: from so many on, the next connections are made before they are needed. */
const ANSWERS_UNTIL_AHEAD = 2

/**
 * @typedef {object} Sink takes what settles
 * @property {(settled: import('./core.js').SettledSlot[], tokenOf: (slot: number) => string,
 *   describe: (reason: number) => import('./core.js').ReasonInWords) => void} take
 * @property {boolean} isFull nothing more is read from the audience for now
 * @property {(counts: Report['counts'], isLast: boolean) => void} progress hears how many have settled
 * @property {(token: string, reason: number) => void} late hears of a token that was reported accepted and was not
 */

/**
 * @typedef {object} PushParts
 * @property {Uint8Array} payload
 * @property {import('./core.js').BatchOptions} options
 * @property {AsyncGenerator<string[], void, undefined>} chunks the audience
 * @property {Sink} sink
 * @property {(signal: AbortSignal) => Promise<import('node:net').Socket>} connect
 * @property {(error: Error) => Error} classify says what an error of a connected socket means
 * @property {number} [connections] links at work at once
 * @property {number} connectTries connections in a row that end and have taught nothing, before the gateway is given up
 * @property {{ pool: import('./http2/pool.js').Http2Pool, request: import('./core.js').Http2Request }} [http2] where
 *   this is the protocol: who carries it
 * @property {{ linger: number, answerTimeout: number, quiet?: number, listen: number, idle?: number }} timing
 *   milliseconds; `listen`: for late refusals, where silence was taken for success
 */

export class Push {
  #parts
  #batch
  #window = new TokenWindow()
  /** @type {Set<SocketLink>} */
  #links = new Set()
  /** Links of a push that is over, in whose silence something may still be refused. @type {Set<SocketLink>} */
  #listening = new Set()
  #opening = 0
  #supply
  #connections = 0
  #fruitless = 0
  #answers = 0
  #inputEnded = false
  /** The audience was read to its end. */
  #complete = false
  /** @type {(() => void) | undefined} wakes the reader of the audience */
  #roomMade
  /** @type {NodeJS.Timeout | undefined} */
  #wakeup
  /** @type {unknown} the first thing that went wrong with the push as a whole */
  #error
  #isOver = false
  /** @type {import('./core.js').Standing} */
  #standing
  #advancing = false
  #again = false
  /** @type {import('./http2/pool.js').User | undefined} */
  #user
  /** @type {import('./core.js').ReasonInWords} */
  #refusal = { reason: null, status: null }
  #startedAt = Date.now()
  #clockOffset = this.#startedAt - performance.now()
  /** @type {() => void} */
  #resolve = () => {}
  /** @type {Promise<void>} settles (it never rejects) when every token has its outcome */
  done = new Promise(resolve => { this.#resolve = resolve })

  /** @param {PushParts} parts */
  constructor (parts) {
    this.#parts = parts
    this.#supply = new Supply(parts.connect, { mostIdle: parts.timing.idle })
    const now = this.#now()
    this.#startedAt = Math.floor(now)
    this.#batch = new Batch(parts.payload, parts.options, now)
    this.#standing = this.#batch.standing(now)
  }

  /** @throws {import('./errors.js').BellpushError} `BELLPUSH_OPTION_INVALID` where something can be no header field */
  start () {
    if (this.#parts.http2 !== undefined) this.#join(this.#parts.http2)
    this.#feed()
  }

  /** Milliseconds since 1970 when it began. */
  get startedAt () {
    return this.#startedAt
  }

  /** @returns {import('./report.js').Figures} */
  get figures () {
    return {
      counts: this.#standing.counts,
      total: this.#window.next,
      complete: this.#complete,
      connections: this.#connections,
      elapsed: Math.round(this.#now() - this.#startedAt)
    }
  }

  /** What went wrong with the push as a whole, once it is done; single tokens have outcomes instead. */
  get error () {
    return this.#error
  }

  /** Connections on which a refusal may still come for what was reported accepted. */
  get listening () {
    return this.#listening.size
  }

  /** Why the core stopped it, if it did. */
  get stopped () {
    return { why: this.#standing.stopped, refusal: this.#refusal }
  }

  /**
   * Nothing more is sent. What has been sent still gets its verdict, and `done` waits for it.
   * @param {unknown} [error] why
   */
  stop (error) {
    if (this.#isOver) return
    this.#error ??= error
    this.#attempt(() => this.#batch.stop(this.#now()))
    this.#advance()
  }

  /**
   * Everything ends at once; what has been sent is in doubt.
   * @param {unknown} error why
   */
  abandon (error) {
    if (this.#isOver) return
    this.#error ??= error
    this.#attempt(() => {
      this.#batch.stop(this.#now())
      for (const link of this.#links) link.abandon()
      this.#parts.http2?.pool.abandon()
    })
    this.#advance()
  }

  /** The sink has room again. */
  resume () {
    this.#advance()
  }

  /** A clock that never runs backwards, whatever is done to the machine's. */
  #now () {
    return this.#parts.http2?.pool.now() ?? this.#clockOffset + performance.now()
  }

  #advance () {
    // A pumped link may report at once: one round at a time, and another one afterwards.
    if (this.#advancing) {
      this.#again = true
      return
    }
    this.#advancing = true
    do {
      this.#again = false
      this.#attempt(() => this.#round())
    } while (this.#again)
    this.#advancing = false
  }

  #round () {
    if (this.#isOver) return
    for (const link of this.#links) link.pump()
    this.#parts.http2?.pool.pump()
    this.#collect()
    const standing = this.#standing
    if (standing.finished) return this.#finish()
    if (standing.stopped !== null || (standing.room > 0 && !this.#parts.sink.isFull)) this.#roomMade?.()
    if (standing.wakeup !== null) this.#wakeAt(standing.wakeup)
    if (this.#parts.http2 !== undefined) {
      // Only now: what the connections were to write they have claimed.
      if (standing.hasWork) this.#parts.http2.pool.grow()
      return
    }
    const wanted = this.#wanted
    this.#batch.setLinks(wanted)
    // The window is full: once what is in it is confirmed, which ends the connections, others are needed at once.
    if (standing.room === 0 && !this.#inputEnded) this.#supply.keepAhead(wanted)
    if (standing.hasWork && this.#links.size + this.#opening < wanted) this.#open()
  }

  /** Passes on what has settled, then forgets it. */
  #collect () {
    this.#standing = this.#batch.standing(this.#now())
    // Nothing more is read for a push that was stopped, even where the source hangs.
    if (this.#standing.stopped !== null && !this.#inputEnded) {
      this.#endInput()
      this.#standing = this.#batch.standing(this.#now())
    }
    // Only now: asking how it stands settles what has expired.
    const settled = this.#batch.settled()
    if (settled.length > 0) {
      this.#parts.sink.take(settled, slot => this.#window.tokenOf(slot), reason => this.#batch.describeReason(reason))
    }
    const remembered = this.#isQuiet ? REMEMBERED_IN_SILENCE : 0
    this.#window.forgetBelow(this.#standing.firstUnsettled - remembered)
    this.#parts.sink.progress(this.#standing.counts, false)
  }

  /** @param {NonNullable<PushParts['http2']>} http2 */
  #join ({ pool, request }) {
    this.#user = {
      batch: this.#batch,
      request,
      advance: () => this.#advance(),
      connected: () => { this.#connections++ },
      failed: error => this.stop(error),
      coreFailed: error => this.#coreFailed(error)
    }
    pool.join(this.#user)
  }

  #endInput () {
    if (this.#inputEnded || this.#isOver) return
    this.#inputEnded = true
    this.#batch.closeInput()
  }

  /** Reads the audience, never further ahead than the batch has room. Never rejects. */
  async #feed () {
    try {
      for await (const tokens of this.#parts.chunks) {
        for (let at = 0; at < tokens.length;) {
          const room = await this.#room()
          if (room === 0) return
          const part = at === 0 && tokens.length <= room ? tokens : tokens.slice(at, at + room)
          at += part.length
          this.#window.add(part)
          this.#attempt(() => this.#batch.push(part, this.#now()))
          this.#advance()
          // What settles at once takes no room: a source that never waits would keep everything else from its turn.
          await turn()
        }
      }
      this.#complete = true
    } catch (error) {
      // What was read before still goes out; then the push ends with this error.
      this.#error ??= error
    } finally {
      this.#attempt(() => this.#endInput())
      this.#advance()
    }
  }

  /** How many tokens may be pushed now, at least one; 0: none any more. */
  async #room () {
    for (;;) {
      if (this.#isOver || this.#standing.stopped !== null) return 0
      if (this.#standing.room > 0 && !this.#parts.sink.isFull) return this.#standing.room
      await /** @type {Promise<void>} */ (new Promise(resolve => { this.#roomMade = resolve }))
      this.#roomMade = undefined
    }
  }

  /** How many links should be at work. */
  get #wanted () {
    if (this.#parts.connections !== undefined) return this.#parts.connections
    const { near, far } = MOST_CONNECTIONS
    const most = Math.min(Math.max(near, Math.floor(this.#supply.roundTrip)), far)
    return Math.min(Math.max(1, this.#standing.refused), most)
  }

  async #open () {
    this.#opening++
    let socket
    try {
      if (this.#fruitless > 0) await sleep(waitBefore(this.#fruitless + 1), this.#supply.signal)
      socket = await this.#supply.take()
    } catch (error) {
      this.#opening--
      // Another one that is being made may still succeed.
      if (this.#opening === 0) this.#giveUp(error)
      return
    }
    this.#opening--
    if (this.#isOver) {
      socket.destroy()
      return
    }
    this.#connections++
    this.#attempt(() => {
      this.#links.add(new SocketLink({
        socket,
        batch: this.#batch,
        timing: { ...this.#parts.timing, roundTrip: this.#supply.roundTrip },
        now: () => this.#now(),
        classify: this.#parts.classify,
        changed: link => this.#changed(link),
        late: slots => { for (const { slot, reason } of slots) this.#late(slot, reason) }
      }))
      if (this.#answers >= ANSWERS_UNTIL_AHEAD) this.#supply.keepAhead(this.#wanted)
    })
    if (this.#isOver) socket.destroy() // the core failed
    this.#advance()
  }

  /** @param {SocketLink} link */
  #changed (link) {
    if (link.isDone && this.#links.delete(link)) {
      const { error } = link
      if (link.learnt) {
        this.#answers++
        this.#fruitless = 0
      } else if (link.written || this.#standing.hasWork) {
        // One that ended before it could write what there was counts too: the next one is not made at once.
        this.#fruitless++
      }
      if (error?.code === 'BELLPUSH_CORE_FAILED') {
        this.#coreFailed(error)
      } else if (error?.code === 'BELLPUSH_CREDENTIALS_REFUSED') {
        this.#giveUp(error)
      } else if (this.#fruitless >= this.#parts.connectTries) {
        this.#giveUp(new BellpushError('BELLPUSH_CONNECTION_LOST',
          `the gateway ended ${this.#fruitless} connections in a row without an answer that can be understood` +
          `${error ? ` (the last one: ${error.message})` : ''}`, { cause: error }))
      }
    }
    this.#advance()
  }

  /**
   * Where no other connection is at work that may carry it to its end: no more of them, and what is unsent stays so.
   * @param {unknown} error
   */
  #giveUp (error) {
    if (this.#links.size === 0) this.stop(error)
  }

  /** @param {number} time */
  #wakeAt (time) {
    clearTimeout(this.#wakeup)
    this.#wakeup = setTimeout(() => this.#advance(), Math.max(0, time - this.#now()) + 1)
  }

  /**
   * Runs something of the core, whose failure ends the push.
   * @param {() => void} run
   */
  #attempt (run) {
    try {
      run()
    } catch (error) {
      this.#coreFailed(error)
    }
  }

  /**
   * The core cannot be asked any more: what had not settled is in doubt, as a number.
   * @param {unknown} error
   */
  #coreFailed (error) {
    if (this.#isOver) return
    this.#error ??= error
    for (const link of this.#links) link.drop()
    const { counts } = this.#standing
    const settled = Object.values(counts).reduce((sum, count) => sum + count, 0)
    this.#standing = { ...this.#standing, counts: { ...counts, inDoubt: counts.inDoubt + this.#window.next - settled } }
    this.#finish()
  }

  get #isQuiet () {
    return this.#parts.timing.quiet !== undefined
  }

  /**
   * @param {number} slot
   * @param {number} reason
   */
  #late (slot, reason) {
    const token = this.#window.find(slot)
    if (token !== undefined) this.#parts.sink.late(token, reason)
  }

  /** Listens no more for refusals that come late. */
  hush () {
    for (const link of this.#listening) link.drop()
    this.#listening.clear()
    if (this.#isOver) this.#batch.free()
  }

  #listenOn () {
    for (const link of this.#listening) {
      link.listenOn(this.#parts.timing.listen, () => {
        this.#listening.delete(link)
        if (this.#listening.size === 0) this.hush()
      })
    }
  }

  #describeStop () {
    try {
      this.#refusal = this.#batch.describeReason(this.#standing.refusal)
    } catch (error) {
      this.#error ??= error
    }
  }

  #finish () {
    this.#isOver = true
    this.#supply.end()
    if (this.#user) this.#parts.http2?.pool.leave(this.#user)
    if (this.#standing.stopped !== null) this.#describeStop()
    clearTimeout(this.#wakeup)
    for (const link of this.#links) {
      if (this.#isQuiet && !link.isDone) this.#listening.add(link)
      else link.drop()
    }
    this.#links.clear()
    if (this.#listening.size > 0) this.#listenOn()
    else this.#batch.free()
    this.#parts.sink.progress(this.#standing.counts, true)
    this.#roomMade?.()
    this.#resolve()
  }
}
