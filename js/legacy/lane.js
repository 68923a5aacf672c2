/**
 * A run of an old connection on its way: one batch that the connections of HTTP/2 carry, fed as its tokens come.
 *
 * Not here: what its verdicts mean for the old client; that is the conversation's.
 */
import { Batch } from '../core.js'

/**
 * A batch of ours is held back by its conversation's window, and is never stopped for what becomes of single tokens.
 */
const UNBOUNDED = 16_777_216
const NO_BREAKER = 0xffff_ffff

/** Times that a notification is tried when Apple fails to process it. */
const ATTEMPTS = 3

/**
 * @typedef {object} LaneParts
 * @property {import('../http2/pool.js').Http2Pool} pool
 * @property {Uint8Array} payload
 * @property {number | undefined} expiration Unix seconds
 * @property {ReturnType<typeof import('./request.js').requestOfFrame>} request
 * @property {() => void} changed something may have settled
 * @property {(error: Error) => void} failed Apple cannot be reached, or the core failed
 */

export class Lane {
  #parts
  #batch
  /** @type {import('../http2/pool.js').User} */
  #user
  #joined = false
  #ended = false
  /**
   * Tokens as they came, from the oldest unsettled one on. @type {{ first: number, digits: number, text: Buffer }[]}
   */
  #texts = []
  #pushed = 0
  #clearAt = 0
  /** @type {import('../core.js').Standing} */
  #standing
  /** How many had settled when it was last collected. */
  #collected = 0

  /**
   * @param {LaneParts} parts
   * @throws {import('../errors.js').BellpushError} BELLPUSH_PAYLOAD_INVALID, BELLPUSH_PAYLOAD_TOO_LARGE,
   *   BELLPUSH_CORE_FAILED
   */
  constructor (parts) {
    this.#parts = parts
    const { pool, payload, expiration, request } = parts
    pool.setClock()
    const now = () => pool.now()
    this.#batch = new Batch(payload, {
      payloadLimit: request.payloadLimit,
      expiration,
      priority: request.priority,
      maxInFlight: UNBOUNDED,
      maxAttempts: ATTEMPTS,
      breaker: NO_BREAKER,
      resendInDoubt: false,
      listAccepted: false
    }, now())
    this.#standing = this.#batch.standing(now())
    this.#user = {
      batch: this.#batch,
      request: request.request,
      advance: () => parts.changed(),
      connected: () => {},
      failed: error => {
        this.stop()
        parts.failed(error)
      },
      coreFailed: error => parts.failed(error)
    }
  }

  /** When it may have something to send again, by time alone: milliseconds since 1970. */
  get wakeup () { return this.#standing.wakeup }

  /** Something of it waits to be written. Where nothing did, nothing does before it is pushed to or collected again. */
  hasWork () {
    if (!this.#standing.hasWork) return false
    this.#standing = this.#batch.standing(this.#parts.pool.now())
    return this.#standing.hasWork
  }

  /** All that it was given has settled. */
  get isClear () { return this.#standing.firstUnsettled === this.#pushed }

  /** A token was refused once, and another connection is asked about it. */
  get isSuspicious () { return this.#standing.refused > this.#clearAt }

  /**
   * @param {Uint8Array} text tokens in hexadecimal, one behind the other: it is copied
   * @param {number} digits of each
   * @param {number} count
   */
  push (text, digits, count) {
    this.#batch.pushDigits(text, digits, count, this.#parts.pool.now())
    this.#texts.push({ first: this.#pushed, digits, text: Buffer.from(text) })
    this.#pushed += count
    this.#standing = this.#batch.standing(this.#parts.pool.now())
    if (this.#joined) return
    this.#joined = true
    this.#parts.pool.join(this.#user)
  }

  /**
   * What has settled and was not simply accepted, and up to where all has settled.
   * @returns {{ settled: import('../core.js').SettledSlot[], below: number } | undefined} undefined: as before
   */
  collect () {
    this.#standing = this.#batch.standing(this.#parts.pool.now())
    const { counts: { accepted, rejected, exhausted, expired, inDoubt, notSent } } = this.#standing
    const count = accepted + rejected + exhausted + expired + inDoubt + notSent
    if (count === this.#collected) return undefined
    this.#collected = count
    const settled = this.#batch.settled()
    if (this.isClear) this.#clearAt = this.#standing.refused
    return { settled, below: this.#standing.firstUnsettled }
  }

  /** @param {number} slot @returns {string} its token, as long as `forget` was not told of it */
  tokenOf (slot) {
    const part = this.#texts.findLast(({ first }) => first <= slot)
    if (part === undefined) return ''
    const start = (slot - part.first) * part.digits
    return part.text.toString('latin1', start, start + part.digits)
  }

  /** Tokens below this slot are not asked for any more. @param {number} slot */
  forget (slot) {
    let done = 0
    while (done < this.#texts.length && (this.#texts[done + 1]?.first ?? this.#pushed) <= slot) done++
    if (done > 0) this.#texts.splice(0, done)
  }

  /** @param {number} reason @returns {import('../core.js').ReasonInWords} */
  describe (reason) { return this.#batch.describeReason(reason) }

  /** What has not been sent is not sent any more. */
  stop () {
    if (!this.#ended) this.#batch.stop(this.#parts.pool.now())
  }

  /** Lets go of it: all has settled, or nobody wants to know. */
  end () {
    if (this.#ended) return
    this.#ended = true
    if (this.#joined) this.#parts.pool.leave(this.#user)
    this.#batch.free()
  }
}
