/**
 * What one old connection has on its way: its runs, a lane each, and what becomes of their notifications, for the
 * conversation, the client's figures and the log.
 *
 * Not here: what the client hears (connection.js), and what a verdict means in the old protocol (the core).
 */
import { BellpushError } from '../errors.js'
import { Lane } from './lane.js'
import { requestOfFrame } from './request.js'

/** What an old client hears of a payload that is none: it will never be one, so nothing that brings it back. */
const PAYLOAD_STATUS = { BELLPUSH_PAYLOAD_TOO_LARGE: 7, BELLPUSH_PAYLOAD_INVALID: 4 }

/**
 * @typedef {object} LanesParts
 * @property {import('../core.js').Conversation} conversation
 * @property {import('./clients.js').OldClient} client
 * @property {import('../http2/pool.js').Http2Pool} pool
 * @property {string | undefined} topic
 * @property {() => void} changed something may have settled
 * @property {(error: Error) => void} failed Apple cannot be reached, or the core failed
 * @property {(token: string, diedAt: number | null) => void} dead a token that Apple says is dead
 * @property {import('./log.js').Log} log
 */

export class Lanes {
  #parts
  /** By the number of their runs. @type {Map<number, Lane>} */
  #lanes = new Map()
  /** The number of the run that was begun last. */
  #last = -1
  /** A run of which nothing can be sent. */
  #refusedRun = { run: -1, slots: 0, status: 0 }

  /** @param {LanesParts} parts */
  constructor (parts) {
    this.#parts = parts
  }

  /** Runs under way. */
  get size () { return this.#lanes.size }

  /** A token was refused once, and another connection is asked about it. */
  get isSuspicious () {
    for (const lane of this.#lanes.values()) if (lane.isSuspicious) return true
    return false
  }

  /** Something waits to be written. */
  hasWork () {
    for (const lane of this.#lanes.values()) if (lane.hasWork()) return true
    return false
  }

  /** Milliseconds since 1970 at which something may be sent again by time alone; Infinity: only by an event. */
  get wakeup () {
    let first = Infinity
    for (const { wakeup } of this.#lanes.values()) first = Math.min(first, wakeup ?? Infinity)
    return first
  }

  /** @param {import('../core/conversation.js').Segment} segment of what the conversation has just read */
  send (segment) {
    const { conversation, client } = this.#parts
    const { run, begins, digits, count } = segment
    const lane = begins === undefined ? this.#lanes.get(run) : this.#begin(run, begins)
    if (lane !== undefined) return lane.push(conversation.text(segment, 0, count), digits, count)
    const { slots, status } = this.#refusedRun
    conversation.refuseSlots(run, slots, slots + count, status)
    client.refused(status, count)
    this.#refusedRun.slots += count
  }

  /**
   * Takes the verdicts that are there.
   * @returns {boolean} there were some
   */
  collect () {
    let hasChanged = false
    for (const [run, lane] of this.#lanes) if (this.#collect(run, lane)) hasChanged = true
    return hasChanged
  }

  /** What has not been sent is not sent any more. */
  stop () {
    for (const lane of this.#lanes.values()) lane.stop()
  }

  /** Lets go of everything. */
  drop () {
    for (const lane of this.#lanes.values()) lane.end()
    this.#lanes.clear()
  }

  /**
   * @param {number} run
   * @param {NonNullable<import('../core/conversation.js').Segment['begins']>} begins
   * @returns {Lane | undefined} undefined: its payload is none
   */
  #begin (run, { payload, expiration, priority }) {
    const { pool, topic, changed, failed, log } = this.#parts
    this.#last = run
    try {
      const request = requestOfFrame(payload, priority, topic)
      const lane = new Lane({ pool, payload, expiration, request, changed, failed })
      this.#lanes.set(run, lane)
      return lane
    } catch (error) {
      if (!(error instanceof BellpushError) || !Object.hasOwn(PAYLOAD_STATUS, error.code)) throw error
      const status = PAYLOAD_STATUS[/** @type {keyof typeof PAYLOAD_STATUS} */ (error.code)]
      this.#refusedRun = { run, slots: 0, status }
      log.warn({ ...this.#who, status, code: error.code, err: error.message }, 'a payload that cannot be sent')
      return undefined
    }
  }

  /**
   * @param {number} run
   * @param {Lane} lane
   * @returns {boolean} there was something to take
   */
  #collect (run, lane) {
    const collected = lane.collect()
    if (collected === undefined) return false
    const { conversation } = this.#parts
    for (const slot of collected.settled) this.#settle(run, lane, slot)
    conversation.acceptBelow(run, collected.below)
    lane.forget(collected.below)
    if (!lane.isClear) return true
    // What comes next begins another: a run that waits for more would be held for as long as the connection is idle.
    if (run === this.#last) conversation.endRun()
    this.#lanes.delete(run)
    lane.end()
    return true
  }

  /**
   * @param {number} run
   * @param {Lane} lane
   * @param {import('../core.js').SettledSlot} settled
   */
  #settle (run, lane, { slot, outcome, reason, dead, diedAt }) {
    const { conversation, client, dead: isDead, log } = this.#parts
    const described = lane.describe(reason)
    const status = conversation.settle(run, slot, outcome, reason, described.status ?? 0)
    const token = lane.tokenOf(slot)
    const about = { ...this.#who, token: `${token.slice(0, 8)}…`, reason: described.reason }
    if (status > 0) {
      if (outcome !== 'notSent') client.refused(status, 1)
      if (outcome !== 'notSent') log.info({ ...about, status }, 'refused')
    } else if (status < 0 && dead) {
      client.dead++
      isDead(token, diedAt)
      log.info(about, 'dead: told by the feedback service')
    } else if (status < 0) {
      client.expired++
    } else if (outcome === 'inDoubt') {
      client.inDoubt++
      log.warn(about, 'in doubt: not sent again, for it might ring twice')
    }
  }

  get #who () {
    const { app, name } = this.#parts.client
    return { app, client: name }
  }
}
