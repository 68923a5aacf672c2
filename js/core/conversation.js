/**
 * The core's side of a legacy gateway: an old connection, and what an old client is remembered by.
 *
 * What it is not: it opens nothing, and carries nothing to Apple.
 */
import { outcomes } from './batch.js'
import { checkBytes } from './bytes.js'
import { gateway, pkg } from './gateway-module.js'
import { Resident } from './module.js'

/** What one old client is remembered by. Times are milliseconds since 1970. */
export class Memory {
  /** @internal */
  resident

  /** @param {number} limit notifications */
  constructor (limit) {
    this.resident = new Resident(gateway, () => new pkg.Memory(limit))
  }

  /** It can be asked: the core that holds it has not failed since. */
  get isAlive () {
    return this.resident.isAlive
  }

  /** @param {number} now */
  expire (now) {
    this.resident.use(inner => inner.expire(now))
  }

  /**
   * The client was never told: it will not send again what `Conversation.leave` remembered.
   * @param {number} episode
   */
  withdraw (episode) {
    this.resident.use(inner => inner.withdraw(episode))
  }

  /** Notifications that are remembered. */
  get length () {
    return this.resident.use(inner => inner.length)
  }

  /** Notifications that were forgotten for want of room. */
  get overrun () {
    return this.resident.use(inner => inner.overrun)
  }

  free () {
    this.resident.free()
  }
}

/** Numbers of one segment's record. */
const SEGMENT = 8

/**
 * Tokens for one run: notifications in a row that differ in nothing but their tokens.
 * @typedef {object} Segment
 * @property {number} run
 * @property {{ payload: Uint8Array, expiration: number | undefined, priority: number | undefined } | undefined} begins
 *   the run begins with it
 * @property {number} digits of each token
 * @property {number} count tokens
 * @property {number} start where its tokens begin in the text
 */

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {number} identifier
 */

/**
 * How a conversation stands.
 * @typedef {object} ConversationStanding
 * @property {number} room notifications that it takes now
 * @property {number} open notifications whose verdict is to come
 * @property {boolean} refused one was refused: what comes is thrown away
 * @property {boolean} decided nothing before that one is open
 * @property {boolean} cut the connection is to be ended without a word
 * @property {number} received
 * @property {number} swallowed
 * @property {Answer | undefined} answer what the client is to be told, now
 */

/** One old connection. */
export class Conversation {
  #resident
  #memory

  /**
   * @param {{ payloadLimit: number, maxFrame: number, window: number }} limits bytes, bytes, notifications
   * @param {Memory} memory the client's
   */
  constructor ({ payloadLimit, maxFrame, window }, memory) {
    this.#memory = memory
    this.#resident = new Resident(gateway, () => new pkg.Conversation(payloadLimit, maxFrame, window))
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number} now
   * @returns {Segment[]}
   */
  read (bytes, now) {
    checkBytes(bytes)
    return this.#resident.use(inner => {
      const records = this.#memory.resident.use(memory => inner.read(memory, bytes, now))
      const segments = []
      for (let at = 0, start = 0; at < records.length; at += SEGMENT) {
        const [run, begins, digits, count, , said, expiration, priority] = records.subarray(at, at + SEGMENT)
        segments.push({
          run,
          begins: begins === 0
            ? undefined
            : {
              payload: inner.payload(at / SEGMENT),
              expiration: said & 1 ? expiration : undefined,
              priority: said & 2 ? priority : undefined
            },
          digits,
          count,
          start
        })
        start += digits * count
      }
      return segments
    })
  }

  /**
   * The tokens of a segment that the last `read` gave, in hexadecimal, one behind the other: a view, good until the
   * next call of anything here.
   * @param {Segment} segment
   * @param {number} from the first token wanted
   * @param {number} count
   */
  text ({ start, digits }, from, count) {
    return this.#resident.use(inner => gateway.view(inner.text() + start + from * digits, count * digits))
  }

  /** The next notification begins a run, whatever it is like. */
  endRun () {
    this.#resident.use(inner => inner.endRun())
  }

  /** The client will say no more, and what was received is carried to its end. */
  endInput () {
    this.#resident.use(inner => inner.endInput())
  }

  /**
   * @param {number} run
   * @param {number} slot
   * @param {import('./batch.js').Outcome} outcome
   * @param {number} reason the core's number
   * @param {number} httpStatus of a reason that is in no list
   * @returns {number} the status for it; 0: none, it counts as accepted; -1: none, and nothing rang
   */
  settle (run, slot, outcome, reason, httpStatus) {
    return this.#resident.use(inner => inner.settle(run, slot, outcomes.indexOf(outcome), reason, httpStatus))
  }

  /**
   * All slots of a run below this one have settled: those that `settle` did not hear of were accepted.
   * @param {number} run
   * @param {number} slot
   */
  acceptBelow (run, slot) {
    this.#resident.use(inner => inner.acceptBelow(run, slot))
  }

  /**
   * Nothing of a run can be sent.
   * @param {number} run
   * @param {number} from the first slot
   * @param {number} to behind the last one
   * @param {number} status
   */
  refuseSlots (run, from, to, status) {
    this.#resident.use(inner => inner.refuseSlots(run, from, to, status))
  }

  /** @returns {ConversationStanding} */
  standing () {
    const [room, open, refused, decided, cut, received, swallowed, status, identifier] =
      this.#resident.use(inner => inner.standing())
    return {
      room,
      open,
      refused: refused === 1,
      decided: decided === 1,
      cut: cut === 1,
      received,
      swallowed,
      answer: status < 0 ? undefined : { status, identifier }
    }
  }

  /**
   * What a client is told whose connection is ended for no fault of its own.
   * @returns {Answer | undefined} undefined: it can be told nothing
   */
  farewell () {
    const [status, identifier] = this.#resident.use(inner => inner.farewell())
    return status === undefined ? undefined : { status, identifier }
  }

  /**
   * The client was given its answer: remembers what it will send again although it was accepted.
   * @param {number} now
   * @returns {number | undefined} what `Memory.withdraw` knows that by; undefined: nothing is remembered
   */
  leave (now) {
    const episode = this.#resident.use(inner => this.#memory.resident.use(memory => inner.leave(memory, now)))
    return episode < 0 ? undefined : episode
  }

  /** What could not be read, where, and what was expected; undefined: all could. */
  get fault () {
    return this.#resident.use(inner => inner.fault())
  }

  free () {
    this.#resident.free()
  }
}

/**
 * @param {Answer} answer
 * @returns {Uint8Array} six bytes
 */
export function errorResponse ({ status, identifier }) {
  return gateway.guarded(() => pkg.encodeErrorResponse(status, identifier))
}
