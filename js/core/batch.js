/**
 * The retry state machine of the core, with tokens going in and outcomes coming out once a chunk.
 */
import { Resident } from './module.js'
import { pkg, push } from './push-module.js'
import { describeReason } from './reasons.js'
import { LONGEST, TEXT } from './texts.js'
import { uuids } from './uuids.js'

const encoder = new TextEncoder()

/** The upper half of a time that nobody said. */
const NEVER = 0xffffffff

/** The core's number where there is no reason. */
const NO_REASON = 0xffff

/** Numbers of a settled slot, with and without the id that the gateway gave, which are the last ones. */
const RECORD = 5
const RECORD_WITH_ID = 10

/** Characters of a UUID. */
const UUID = 36

/** Numbers in what the core says of how a batch stands. */
const STANDING = 14

/** What a slot can end as, by the core's number. */
export const outcomes = Object.freeze(
  /** @type {const} */ (['accepted', 'rejected', 'exhausted', 'expired', 'inDoubt', 'notSent']))

/** @typedef {typeof outcomes[number]} Outcome */

/**
 * @typedef {object} BatchOptions
 * @property {number} payloadLimit bytes
 * @property {number | undefined} expiration Unix seconds; 0: try once, store nothing
 * @property {number | undefined} priority 10 or 5
 * @property {number} maxInFlight slots held at once
 * @property {number} maxAttempts times that one notification is tried when the gateway fails
 * @property {number} [retryFirst] milliseconds before the second of these tries, doubled before each further one
 * @property {number} [retryLongest] milliseconds, the most
 * @property {number} breaker refused tokens that stop the batch if they outnumber the accepted ones
 * @property {boolean} resendInDoubt
 * @property {boolean} listAccepted whether `settled` lists accepted slots
 * @property {boolean} [listIds] whether `settled` tells what the gateway calls each notification
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
 * @property {number | null} diedAt milliseconds since 1970 at which a dead token died, where the gateway said so
 * @property {string | null} id what the gateway calls the notification, a UUID, where ids are listed
 */

/** One notification on its way to many tokens: the retry state machine. Times are milliseconds since 1970. */
export class Batch {
  /** @internal */
  resident
  #listsIds

  /**
   * @param {Uint8Array} payload
   * @param {BatchOptions} options
   * @param {number} now
   */
  constructor (payload, options, now) {
    this.#listsIds = options.listIds ?? false
    this.resident = new Resident(push, () => {
      const fields = Object.assign(new pkg.BatchOptions(), options)
      try {
        return new pkg.Batch(payload, fields, now)
      } finally {
        fields.free()
      }
    })
  }

  /** It can be asked: the core that holds it has not failed since. */
  get isAlive () {
    return this.resident.isAlive
  }

  /**
   * Adds tokens, as people store them; each gets the next slot, malformed ones too.
   * @param {string[]} tokens
   * @param {number} now
   */
  push (tokens, now) {
    const pushed = tokens.length === 0 || tokens[0].length > LONGEST ? 0 : this.#pushEqual(tokens, now)
    if (pushed < tokens.length) this.#pushUnlike(pushed === 0 ? tokens : tokens.slice(pushed), now)
  }

  /**
   * Adds tokens of 1 to 100 bytes, all of one length, in hexadecimal digits with nothing between them.
   * @param {Uint8Array} text
   * @param {number} digits of each
   * @param {number} count
   * @param {number} now
   */
  pushDigits (text, digits, count, now) {
    this.resident.use(inner => {
      push.view(inner.reserve(text.length), text.length).set(text)
      inner.pushDigits(digits, count, now)
    })
  }

  /**
   * The usual case: texts of one length need nothing between them. To add them up one by one only notes what is to be
   * put together, which is then done once, straight into the core's memory.
   * @param {string[]} tokens
   * @param {number} now
   * @returns {number} how many were pushed: those before the first one that has anything but digits in it, and none
   *   where their lengths differ
   */
  #pushEqual (tokens, now) {
    const { length } = tokens[0]
    const size = length * tokens.length
    if (size === 0) return 0
    return this.resident.use(inner => {
      const room = push.view(inner.reserve(size), size)
      const part = Math.max(1, Math.floor(TEXT / length))
      for (let at = 0; at < tokens.length; at += part) {
        const end = Math.min(at + part, tokens.length)
        let text = ''
        for (let index = at; index < end; index++) {
          const token = tokens[index]
          if (token.length !== length) return 0
          text += token
        }
        const { read, written } = encoder.encodeInto(text, room.subarray(at * length))
        if (read !== text.length || written !== text.length) return 0
      }
      return inner.pushDigits(length, tokens.length, now)
    })
  }

  /**
   * @param {string[]} tokens
   * @param {number} now
   */
  #pushUnlike (tokens, now) {
    // Whatever somebody has in the place of a token must not fill the core's memory, which never shrinks again.
    const texts = tokens.some(isTooLong) ? tokens.map(text => isTooLong(text) ? '?' : text) : tokens
    if (this.#pushLines(texts.join('\n'), texts.length, now)) return
    // A line break inside of a token would move all slots behind it. Around it, it is a space; in the middle, these are
    // two tokens and none: something that is no digit says so.
    const lines = texts.map(text => text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '').replaceAll('\n', '?'))
    this.#pushLines(lines.join('\n'), lines.length, now)
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
      let written = encoder.encodeInto(lines, push.view(inner.reserve(room), room))
      if (written.read < lines.length) {
        room = 3 * lines.length // the most that UTF-8 needs for a UTF-16 code unit
        written = encoder.encodeInto(lines, push.view(inner.reserve(room), room))
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
    const length = this.#listsIds ? RECORD_WITH_ID : RECORD
    const ids = this.#listsIds ? uuids(records, RECORD, RECORD_WITH_ID) : ''
    const settled = new Array(records.length / length)
    for (let i = 0, at = 0; at < records.length; i++, at += length) {
      const packed = records[at + 1]
      settled[i] = {
        slot: records[at],
        outcome: outcomes[packed & 0xff],
        dead: (packed >>> 8 & 0xff) !== 0,
        reason: packed >>> 16,
        elapsed: records[at + 2],
        diedAt: records[at + 4] === NEVER ? null : records[at + 4] * 2 ** 32 + records[at + 3],
        id: this.#listsIds && records[at + RECORD] === 1 ? ids.slice(UUID * i, UUID * (i + 1)) : null
      }
    }
    return settled
  }

  /**
   * Like the function of this name, and knows reasons that came with this batch and are in no list.
   * @param {number} reason
   * @returns {import('./reasons.js').ReasonInWords}
   */
  describeReason (reason) {
    if (reason === NO_REASON) return { reason: null, status: null }
    const known = describeReason(reason)
    if (known.reason !== null) return known
    return this.resident.use(inner =>
      ({ reason: inner.foreignText(reason) ?? null, status: inner.foreignStatus(reason) ?? null }))
  }

  /**
   * @param {number} now
   * @returns {Standing}
   */
  standing (now) {
    const [accepted, rejected, exhausted, expired, inDoubt, notSent, firstUnsettled, room, hasWork, finished, stopped,
      refusal, wakeup, refused] = push.numbers(this.resident.use(inner => inner.standing(now)), STANDING)
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

/** @param {string} text */
const isTooLong = text => text.length > LONGEST
