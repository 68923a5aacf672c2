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
import { LONGEST_TIMER } from './clock.js'
import { Batch } from './core.js'
import { coreFailed } from './core/module.js'
import { AbortError, BellpushError } from './errors.js'
import { TokenWindow } from './window.js'

/** @typedef {import('./report.js').Report} Report */

/**
 * @typedef {object} Sink takes what settles
 * @property {(settled: import('./core.js').SettledSlot[], tokenOf: (slot: number) => string,
 *   describe: (reason: number) => import('./core.js').ReasonInWords) => void} take
 * @property {boolean} isFull nothing more is taken from the audience for now
 * @property {(counts: Report['counts'], isLast: boolean) => void} progress hears how many have settled
 * @property {(token: string, reason: number) => void} late hears of a token that was reported accepted and was not
 */

/**
 * What carries a push: its connections, whatever their protocol. They claim slots of its batch and bring verdicts. What
 * the core throws in a method is for the caller, which is the push; what happens by itself, {@link Carried} is told.
 * @typedef {object} Carrier
 * @property {() => void} join begins; nothing else is called before
 * @property {() => void} pump writes what there is to write, as far as the connections take it
 * @property {(standing: import('./core.js').Standing, awaitsMore: boolean) => void} grow called when the connections
 *   have claimed what they can, with how the batch stands then: sees to more of them where that helps. `awaitsMore`:
 *   the batch may be given more tokens
 * @property {() => void} abandon ends the connections at once: what was written on them is in doubt
 * @property {(isSound: boolean) => void} leave the push is over. `isSound`: every token has its outcome; if not, the
 *   core failed, and need not be asked any more
 * @property {number} remembered so many tokens, those taken for accepted last, may turn out not to have been
 * @property {number} listening connections on which that may still be heard after `leave`
 * @property {() => void} hush listens to them no more
 */

/**
 * A push as its carrier sees it. Nothing in it throws, so that all of it can be called from event handlers.
 * @typedef {object} Carried
 * @property {Batch} batch
 * @property {() => number} now as in {@link PushParts}
 * @property {() => void} advance something has happened, in which slots may have settled or become free
 * @property {() => void} connected a connection was made for it
 * @property {(error: Error) => void} failed the gateway is given up: what is unsent stays so
 * @property {(error: unknown) => void} coreFailed what had not settled is in doubt, and the push leaves
 * @property {(slot: number, reason: number) => void} late a slot that was taken for accepted was refused
 * @property {() => void} left after `leave`, once: the batch is needed no more
 */

/**
 * @typedef {object} PushParts
 * @property {Uint8Array} payload
 * @property {import('./core.js').BatchOptions} options
 * @property {AsyncGenerator<string[], void, undefined>} chunks the audience
 * @property {boolean} ownsTexts nobody else holds the texts in these chunks
 * @property {Sink} sink
 * @property {() => number} now milliseconds since 1970, by a clock that never runs backwards
 * @property {(push: Carried) => Carrier} carry makes what carries it
 */

export class Push {
  #parts
  #now
  #batch
  #carrier
  #window
  /** Tokens that were read and have no slot yet, for want of room. @type {string[]} */
  #rest = []
  #inputEnded = false
  /** The audience was read to its end. */
  #complete = false
  /** @type {(() => void) | undefined} wakes the reader of the audience */
  #roomMade
  /** @type {NodeJS.Timeout | undefined} */
  #wakeup
  /** The first thing that went wrong with the push as a whole. @type {Error | undefined} */
  #error
  #isOver = false
  /** @type {import('./core.js').Standing} */
  #standing
  #advancing = false
  #again = false
  #connections = 0
  /** @type {import('./core.js').ReasonInWords} */
  #refusal = { reason: null, status: null }
  #startedAt
  /** @type {() => void} */
  #resolve = () => {}
  /** @type {Promise<void>} settles (it never rejects) when every token has its outcome */
  done = new Promise(resolve => { this.#resolve = resolve })

  /** @param {PushParts} parts */
  constructor (parts) {
    this.#parts = parts
    this.#now = parts.now
    this.#window = new TokenWindow({ packs: parts.ownsTexts })
    const now = this.#now()
    this.#startedAt = Math.floor(now)
    this.#batch = new Batch(parts.payload, parts.options, now)
    this.#standing = this.#batch.standing(now)
    this.#carrier = parts.carry({
      batch: this.#batch,
      now: this.#now,
      advance: () => this.#advance(),
      connected: () => { this.#connections++ },
      failed: error => this.stop(error),
      coreFailed: error => this.#coreFailed(error),
      late: (slot, reason) => this.#late(slot, reason),
      left: () => this.#batch.free()
    })
  }

  start () {
    this.#carrier.join()
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
    return this.#carrier.listening
  }

  /** Why the core stopped it, if it did. */
  get stopped () {
    return { why: this.#standing.stopped, refusal: this.#refusal }
  }

  /**
   * Nothing more is sent. What has been sent still gets its verdict, and `done` waits for it.
   * @param {Error} [error] why
   */
  stop (error) {
    if (this.#isOver) return
    this.#error ??= error
    this.#attempt(() => this.#batch.stop(this.#now()))
    this.#advance()
  }

  /**
   * Everything ends at once; what has been sent is in doubt.
   * @param {Error} error why
   */
  abandon (error) {
    if (this.#isOver) return
    this.#error ??= error
    this.#attempt(() => {
      this.#batch.stop(this.#now())
      this.#carrier.abandon()
    })
    this.#advance()
  }

  /** The sink has room again. */
  resume () {
    this.#advance()
  }

  /** Listens no more for refusals that come late. */
  hush () {
    this.#carrier.hush()
  }

  #advance () {
    // A connection that is pumped may report at once: one round at a time, and another one afterwards.
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
    this.#carrier.pump()
    this.#collect()
    const standing = this.#standing
    if (standing.finished) return this.#finish()
    if (standing.stopped !== null || (standing.room > 0 && !this.#parts.sink.isFull)) this.#roomMade?.()
    if (standing.wakeup !== null) this.#wakeAt(standing.wakeup)
    // Only now: what the connections were to write they have claimed.
    this.#carrier.grow(standing, !this.#inputEnded)
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
    this.#window.forgetBelow(this.#standing.firstUnsettled - this.#carrier.remembered)
    this.#parts.sink.progress(this.#standing.counts, false)
  }

  #endInput () {
    if (this.#inputEnded || this.#isOver) return
    this.#inputEnded = true
    this.#pushRest() // they get their outcome, too, which needs no room
    this.#batch.closeInput()
  }

  /** Reads the audience, a chunk further at most than the batch has room. Never rejects. */
  async #feed () {
    try {
      for await (const tokens of this.#parts.chunks) {
        this.#rest = tokens
        while (this.#rest.length > 0) {
          const room = await this.#room()
          this.#attempt(() => this.#pushRest(room))
          this.#advance()
          if (room === 0) return
          // What settles at once takes no room: a source that never waits would keep everything else from its turn.
          await turn()
        }
      }
      this.#complete = true
    } catch (error) {
      // What was read before still goes out; then the push ends with this error. Of one that was stopped for another
      // cause nothing is read any more, and how its source takes that matters to nobody.
      if (this.#standing.stopped === null) this.#error ??= isOurs(error) ? error : audienceFailed(error)
    } finally {
      this.#attempt(() => this.#endInput())
      this.#advance()
    }
  }

  /**
   * Gives so many of the tokens that were read their slots, or, where the push was stopped, all of them.
   * @param {number} [room]
   */
  #pushRest (room = 0) {
    if (this.#isOver || this.#rest.length === 0) return
    const isAll = room === 0 || this.#rest.length <= room
    const part = isAll ? this.#rest : this.#rest.slice(0, room)
    this.#window.add(part)
    this.#rest = isAll ? [] : this.#rest.slice(room)
    this.#batch.push(part, this.#now())
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

  /** @param {number} time */
  #wakeAt (time) {
    clearTimeout(this.#wakeup)
    this.#wakeup = setTimeout(() => this.#advance(), Math.min(Math.max(0, time - this.#now()) + 1, LONGEST_TIMER))
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
   * The core cannot be asked any more: what had not settled is in doubt, and what it never had is not sent, as numbers.
   * @param {unknown} error
   */
  #coreFailed (error) {
    if (this.#isOver) return
    this.#error ??= isOurs(error) ? error : coreFailed(error)
    const { counts } = this.#standing
    const settled = Object.values(counts).reduce((sum, count) => sum + count, 0)
    const inDoubt = counts.inDoubt + this.#window.next - settled
    const notSent = counts.notSent + this.#rest.length
    this.#window.add(this.#rest)
    this.#rest = []
    this.#standing = { ...this.#standing, counts: { ...counts, inDoubt, notSent } }
    this.#finish(false)
  }

  /**
   * @param {number} slot
   * @param {number} reason
   */
  #late (slot, reason) {
    const token = this.#window.find(slot)
    if (token !== undefined) this.#parts.sink.late(token, reason)
  }

  #describeStop () {
    try {
      this.#refusal = this.#batch.describeReason(this.#standing.refusal)
    } catch (error) {
      this.#error ??= isOurs(error) ? error : coreFailed(error)
    }
  }

  /** @param {boolean} [isSound] the core can still be asked */
  #finish (isSound = true) {
    this.#isOver = true
    clearTimeout(this.#wakeup)
    if (this.#standing.stopped !== null) this.#describeStop()
    this.#attempt(() => this.#carrier.leave(isSound))
    this.#parts.sink.progress(this.#standing.counts, true)
    this.#roomMade?.()
    this.#resolve()
  }
}

/**
 * @param {unknown} error
 * @returns {error is BellpushError | AbortError}
 */
const isOurs = error => error instanceof BellpushError || error instanceof AbortError

/** @param {unknown} cause what the caller's own source of tokens threw */
function audienceFailed (cause) {
  const words = cause instanceof Error ? cause.message : String(cause)
  return new BellpushError('BELLPUSH_AUDIENCE_FAILED', `the audience could not be read to its end: ${words}`, { cause })
}
