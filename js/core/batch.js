/**
 * The retry state machine of the core, with tokens going in and outcomes coming out once a chunk.
 */
import { guarded, numbers, pkg, Resident, view } from './module.js'

const encoder = new TextEncoder()

/** Numbers in what the core says of how a batch stands. */
const STANDING = 14

/** What a slot can end as, by the core's number. */
export const outcomes = Object.freeze(
  /** @type {const} */ (['accepted', 'rejected', 'exhausted', 'expired', 'inDoubt', 'notSent']))

/** @typedef {typeof outcomes[number]} Outcome */

/** @type {Map<number, string> | undefined} */
let names

/**
 * The word for a reason, and the binary protocol's status where it is one.
 * @param {number} reason the core's number
 * @returns {{ reason: string | null, status: number | null }}
 */
export function describeReason (reason) {
  names ??= new Map(guarded(() => pkg.reasonNames()))
  const status = reason < 256 ? reason : null
  return { reason: names.get(reason) ?? (status === null ? null : `Status${status}`), status }
}

/**
 * @typedef {object} BatchOptions
 * @property {number} payloadLimit bytes
 * @property {number | undefined} expiration Unix seconds; 0: try once, store nothing
 * @property {number | undefined} priority 10 or 5
 * @property {number} maxInFlight slots held at once
 * @property {number} maxAttempts times that one notification is tried when the gateway fails
 * @property {number} breaker refused tokens that stop the batch if they outnumber the accepted ones
 * @property {boolean} resendInDoubt
 * @property {boolean} listAccepted whether `settled` lists accepted slots
 */

/**
 * How a batch stands.
 * @typedef {object} Standing
 * @property {Record<Outcome, number>} counts
 * @property {number} firstUnsettled all slots below have settled
 * @property {number} room tokens that it takes now
 * @property {boolean} hasWork a link would find something to send
 * @property {boolean} finished
 * @property {'caller' | 'mostlyRefused' | 'refused' | 'failing' | null} stopped
 * @property {number} refusal the reason, where `stopped` is 'refused' or 'failing'
 * @property {number | null} wakeup milliseconds since 1970 at which there may be work again
 * @property {number} refused tokens that were refused at least once, for themselves and not for a passing cause
 */

/**
 * @typedef {object} SettledSlot
 * @property {number} slot
 * @property {Outcome} outcome
 * @property {boolean} dead the policy holds the token for dead
 * @property {number} reason see {@link describeReason}
 * @property {number} elapsed milliseconds since the batch was made
 */

/** One notification on its way to many tokens: the retry state machine. Times are milliseconds since 1970. */
export class Batch {
  /** @internal */
  resident

  /**
   * @param {Uint8Array} payload
   * @param {BatchOptions} options
   * @param {number} now
   */
  constructor (payload, options, now) {
    this.resident = new Resident(() => {
      const fields = Object.assign(new pkg.BatchOptions(), options)
      try {
        return new pkg.Batch(payload, fields, now)
      } finally {
        fields.free()
      }
    })
  }

  /**
   * Adds tokens, as people store them; each gets the next slot, malformed ones too.
   * @param {string[]} tokens
   * @param {number} now
   */
  push (tokens, now) {
    if (tokens.length === 0 || this.#pushEqual(tokens, now) || this.#pushLines(tokens.join('\n'), tokens.length, now)) {
      return
    }
    // A line break inside of a token would move all slots behind it. Around it, it is a space; in the middle, these are
    // two tokens and none: something that is no digit says so.
    this.#pushLines(tokens.map(token => token.trim().replaceAll('\n', '?')).join('\n'), tokens.length, now)
  }

  /**
   * The usual case: texts of one length need nothing between them. To add them up one by one only notes what is to be
   * put together, which is then done once, straight into the core's memory.
   * @param {string[]} tokens
   * @param {number} now
   * @returns {boolean} false: they are not like that, and nothing was pushed
   */
  #pushEqual (tokens, now) {
    const { length } = tokens[0]
    if (length === 0) return false
    let text = ''
    for (const token of tokens) {
      if (token.length !== length) return false
      text += token
    }
    return this.resident.use(inner => {
      const { read, written } = encoder.encodeInto(text, view(inner.reserve(text.length), text.length))
      return read === written && written === text.length && inner.pushEqual(length, tokens.length, now)
    })
  }

  /**
   * @param {string} text
   * @param {number} count
   * @param {number} now
   * @returns {boolean} false: there are not `count` lines, and nothing was pushed
   */
  #pushLines (text, count, now) {
    return this.resident.use(inner => {
      // The core takes no lines in no bytes for no tokens, so an empty token on its own is written as a space.
      const lines = text || ' '
      // One byte a character is right but for malformed tokens: they show in what was not read.
      let room = lines.length
      let written = encoder.encodeInto(lines, view(inner.reserve(room), room))
      if (written.read < lines.length) {
        room = 3 * lines.length // the most that UTF-8 needs for a UTF-16 code unit
        written = encoder.encodeInto(lines, view(inner.reserve(room), room))
      }
      return inner.pushLines(written.written, count, now)
    })
  }

  /**
   * How many links are meant to serve it at once, so that each leaves the others their share.
   * @param {number} links
   */
  setLinks (links) {
    this.resident.use(inner => inner.setLinks(links))
  }

  closeInput () {
    this.resident.use(inner => inner.closeInput())
  }

  /**
   * Nothing more is sent; what has been sent still gets its verdict.
   * @param {number} now
   */
  stop (now) {
    this.resident.use(inner => inner.stop(now))
  }

  /**
   * What settled since the last call.
   * @returns {SettledSlot[]}
   */
  settled () {
    const records = this.resident.use(inner => inner.settled())
    const settled = new Array(records.length / 3)
    for (let i = 0, at = 0; at < records.length; i++, at += 3) {
      const packed = records[at + 1]
      settled[i] = {
        slot: records[at],
        outcome: outcomes[packed & 0xff],
        dead: (packed >>> 8 & 0xff) !== 0,
        reason: packed >>> 16,
        elapsed: records[at + 2]
      }
    }
    return settled
  }

  /**
   * @param {number} now
   * @returns {Standing}
   */
  standing (now) {
    const [accepted, rejected, exhausted, expired, inDoubt, notSent, firstUnsettled, room, hasWork, finished, stopped,
      refusal, wakeup, refused] = numbers(this.resident.use(inner => inner.standing(now)), STANDING)
    return {
      counts: { accepted, rejected, exhausted, expired, inDoubt, notSent },
      firstUnsettled,
      room,
      hasWork: hasWork === 1,
      finished: finished === 1,
      stopped: (/** @type {const} */ ([null, 'caller', 'mostlyRefused', 'refused', 'failing']))[stopped],
      refusal,
      wakeup: wakeup < 0 ? null : wakeup,
      refused
    }
  }

  free () {
    this.resident.free()
  }
}
