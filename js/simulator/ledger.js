/**
 * What the simulated Apple knows and decides: which tokens are dead, what was accepted and how often, what the feedback
 * service will say. It judges one notification at a time and counts every judgement.
 *
 * Not here: bytes and sockets. Time comes in as an argument or from the wall clock, for feedback only.
 */

import { normalizeToken } from '../core.js'
import { BellpushError } from '../errors.js'
import { FaultSchedule, parseFault, rejection, statuses } from './faults.js'
import { refusal } from './http2-faults.js'

/**
 * Since the start or the last `reset()`. `received` is always `accepted` + `rejected` + `dropped`.
 *
 * @typedef {object} Counts
 * @property {number} connections to the binary gateway and the HTTP/2 service, their handshake done
 * @property {number} refused connections to any port that got no further: no or a bad client certificate, no TLS,
 *   too many at once
 * @property {number} received notifications looked at, the malformed too; not those thrown away after a rejection
 * @property {number} accepted every acceptance, duplicates too
 * @property {number} duplicates acceptances of a token that had been accepted before
 * @property {number} rejected notifications that were refused by a reason or an error response (command 0: by a cut)
 * @property {number} dropped notifications lost to a fault without a word (`close`, `reset`, `silent`, …)
 * @property {number} feedback tuples that the feedback service gave away
 */

/**
 * @typedef {object} Judgement
 * @property {'accepted' | 'rejected' | 'dropped'} verdict what it was counted as
 * @property {import('./faults.js').Plan} [plan] nothing: accepted, and silence
 * @property {string} [fault] the name of the fault that fired
 * @property {number} position
 */

/** @returns {Counts} */
const noCounts = () => ({
  connections: 0, refused: 0, received: 0, accepted: 0, duplicates: 0, rejected: 0, dropped: 0, feedback: 0
})

const nowInSeconds = () => Math.floor(Date.now() / 1000)

export class Ledger {
  /** Times that each token was accepted. @type {Map<string, number>} */
  accepted = new Map()
  counts = noCounts()
  #faults = new FaultSchedule()
  #http2Faults = new FaultSchedule()
  /** Token → time of its death, in Unix seconds. @type {Map<string, number>} */
  #dead = new Map()
  /** What the feedback service has not yet told: token → time. @type {Map<string, number>} */
  #feedback = new Map()

  /** @param {{ dead?: Iterable<string | { token: string, time?: number }>, faults?: Iterable<string> }} [options] */
  constructor ({ dead = [], faults = [] } = {}) {
    for (const fault of faults) this.addFault(fault)
    for (const entry of dead) {
      if (typeof entry === 'string') this.addDead(entry)
      else this.addDead(entry.token, entry.time)
    }
  }

  /** A new count: all to zero, positions start at 1 again. Dead tokens, feedback and unfired faults stay. */
  reset () {
    this.accepted = new Map()
    this.counts = noCounts()
  }

  /** @param {string} text `NAME@POSITION` or `NAME@token:HEX` */
  addFault (text) {
    const fault = parseFault(text)
    const schedule = fault.plan === undefined ? this.#http2Faults : this.#faults
    schedule.add(text, fault)
  }

  /**
   * From now on the token is rejected, with status 8 or 410; the feedback service tells of it.
   *
   * @param {string} token hexadecimal
   * @param {number} [time] of its death, Unix seconds; default now
   */
  addDead (token, time = nowInSeconds()) {
    const hex = normalizeToken(token)
    this.#dead.set(hex, checkTime(time))
    this.#feedback.set(hex, time)
  }

  /** @param {{ token: string, time?: number }} tuple Unix seconds; default now */
  addFeedback ({ token, time = nowInSeconds() }) {
    this.#feedback.set(normalizeToken(token), checkTime(time))
  }

  /** The list of the feedback service, which is empty afterwards. */
  takeFeedback () {
    const tuples = Array.from(this.#feedback, ([token, time]) => ({ token, time }))
    this.#feedback.clear()
    this.counts.feedback += tuples.length
    return tuples
  }

  /**
   * @param {string} token lower-case hexadecimal
   * @returns {Judgement}
   */
  judge (token) {
    const position = ++this.counts.received
    const fault = this.#faults.take(position, token)
    const plan = fault?.plan ?? this.#death(token)
    const verdict = verdictOf(plan)
    this.counts[verdict]++
    if (verdict === 'accepted') this.#accept(token)
    return { verdict, plan, fault: fault?.name, position }
  }

  /**
   * @param {number} status what the decoder found wrong
   * @returns {Judgement}
   */
  judgeMalformed (status) {
    this.counts.rejected++
    return { verdict: 'rejected', plan: rejection(status), position: ++this.counts.received }
  }

  /**
   * A request of HTTP/2.
   * @param {string} token lower-case hexadecimal
   * @param {string} [reason] what is wrong with the request itself
   * @returns {{ verdict: Judgement['verdict'], answer?: import('./http2-faults.js').Answer, fault?: string,
   *   position: number }} no answer: accepted
   */
  judgeRequest (token, reason) {
    const position = ++this.counts.received
    const fault = this.#http2Faults.take(position, token)
    const answer = fault?.answer ?? (reason === undefined ? this.#unregistered(token) : refusal(reason))
    const verdict = answer === undefined || answer.accepted
      ? 'accepted'
      : answer.reason === undefined ? 'dropped' : 'rejected'
    this.counts[verdict]++
    if (verdict === 'accepted') this.#accept(token)
    return { verdict, answer, fault: fault?.name, position }
  }

  /** @param {string} token */
  #unregistered (token) {
    const time = this.#dead.get(token)
    return time === undefined ? undefined : refusal('Unregistered', { timestamp: time * 1000 })
  }

  /** @param {string} token */
  #accept (token) {
    const times = this.accepted.get(token) ?? 0
    this.accepted.set(token, times + 1)
    if (times > 0) this.counts.duplicates++
  }

  /** @param {string} token */
  #death (token) {
    const time = this.#dead.get(token)
    if (time === undefined) return undefined
    this.#feedback.set(token, time)
    return rejection(statuses.invalidToken)
  }
}

/** @param {import('./faults.js').Plan | undefined} plan */
function verdictOf (plan) {
  if (plan === undefined || plan.accepted) return 'accepted'
  return plan.packets(0).length > 0 ? 'rejected' : 'dropped'
}

/** @param {number} time */
function checkTime (time) {
  if (Number.isInteger(time) && time >= 0 && time <= 0xffffffff) return time
  throw new BellpushError('BELLPUSH_OPTION_INVALID', `a time of ${time} is not Unix seconds from 0 to 4294967295`)
}
