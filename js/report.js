/**
 * What became of every token of one push, in words: results for single tokens, and the report at the end.
 */
import { BellpushError } from './errors.js'
import { errorOfRefusal } from './refusals.js'

/**
 * What became of one token. A rejected token is a result, not an error.
 * @typedef {object} Result
 * @property {string} token as it was given
 * @property {import('./core.js').Outcome} outcome
 * @property {string | null} reason one word: Apple's for a status, ours for what Apple does not say
 * @property {number | null} status of the binary protocol, or of HTTP
 * @property {string | null} id `apns-id`, where the gateway gave one and every result is listed
 * @property {Date | null} diedAt when the token died, where the gateway said so
 * @property {boolean} dead two connections called the token invalid: see `removed` and `kept` of the report
 * @property {Date} at when it settled
 */

/**
 * What became of all tokens. `accepted` is Apple's word that it took the notification; nobody can tell whether a phone
 * rang. Each list holds the first `maxListed` (an option of the client); `counts` counts all.
 * @typedef {object} Report
 * @property {number} total tokens that were read from the audience; each has exactly one outcome
 * @property {boolean} complete the audience was read to its end: often not so after an abort, a stop or an error
 * @property {number} accepted
 * @property {Result[]} rejected Apple refused these for good, or they are no tokens
 * @property {Result[]} exhausted Apple failed to process these as often as `maxAttempts` allows
 * @property {Result[]} expired the expiration was past before these could be sent
 * @property {Result[]} inDoubt these were sent, and nobody can know whether Apple processed them
 * @property {Result[]} notSent the push was stopped before these
 * @property {string[]} removed dead tokens that are no longer in the token store; where an old table has one in an odd
 *   spelling besides, the next push finds it
 * @property {string[]} kept dead tokens that stay there: registered again meanwhile, or this client has not yet seen
 *   more tokens accepted than dead, so that the environment or the application may be wrong and not the phones
 * @property {Record<import('./core.js').Outcome, number>} counts
 * @property {boolean} truncated a list is shorter than its count
 * @property {number} connections that were made
 * @property {number} elapsed milliseconds
 * @property {Error | undefined} removalError why dead tokens could not be removed from the token store
 */

/**
 * @param {import('./core.js').SettledSlot} settled
 * @param {string} token
 * @param {number} startedAt milliseconds since 1970
 * @param {(reason: number) => import('./core.js').ReasonInWords} describe
 * @returns {Result}
 */
export function resultOf (settled, token, startedAt, describe) {
  const { reason, status } = describe(settled.reason)
  const { outcome, dead, elapsed, id, diedAt } = settled
  const at = new Date(startedAt + elapsed)
  return { token, outcome, reason, status, dead, at, id, diedAt: diedAt === null ? null : new Date(diedAt) }
}

/** @typedef {Pick<Report, 'counts' | 'total' | 'complete' | 'connections' | 'elapsed'>} Figures */

/**
 * The figures of a push that was over before it began.
 * @returns {Figures}
 */
export function noFigures () {
  const counts = { accepted: 0, rejected: 0, exhausted: 0, expired: 0, inDoubt: 0, notSent: 0 }
  return { counts, total: 0, complete: false, connections: 0, elapsed: 0 }
}

/** Collects results until there is a report. */
export class ReportBuilder {
  /** @type {Omit<Report, keyof Figures | 'accepted' | 'truncated'>} */
  #lists = {
    rejected: [], exhausted: [], expired: [], inDoubt: [], notSent: [], removed: [], kept: [], removalError: undefined
  }
  #maxListed
  #truncated = false

  /** @param {number} maxListed */
  constructor (maxListed) {
    this.#maxListed = maxListed
  }

  /** @param {Result} result */
  add (result) {
    if (result.outcome !== 'accepted') this.#append(this.#lists[result.outcome], result)
  }

  /** @param {string} token */
  addRemoved (token) {
    this.#append(this.#lists.removed, token)
  }

  /** @param {string} token */
  addKept (token) {
    this.#append(this.#lists.kept, token)
  }

  /** @param {Error} error */
  removalFailed (error) {
    this.#lists.removalError ??= error
  }

  /**
   * @param {Figures} figures
   * @returns {Report}
   */
  finish ({ counts, total, complete, connections, elapsed }) {
    const truncated = this.#truncated
    return { total, complete, accepted: counts.accepted, ...this.#lists, counts, truncated, connections, elapsed }
  }

  /**
   * @template T
   * @param {T[]} list
   * @param {T} item
   */
  #append (list, item) {
    if (list.length < this.#maxListed) list.push(item)
    else this.#truncated = true
  }
}

/**
 * The error of a push that the core stopped.
 * @param {{ why: import('./core.js').Standing['stopped'], refusal: import('./core.js').ReasonInWords }} stopped
 * @param {Report} report
 * @returns {BellpushError | undefined}
 */
export function errorOfStop ({ why, refusal }, { counts }) {
  if (why === 'refused') return errorOfRefusal(refusal)
  if (why === 'failing') {
    const { reason, status } = refusal
    return new BellpushError('BELLPUSH_GATEWAY_FAILING',
      `the gateway fails to process anything: status ${status} (${reason}) again and again; the rest was not sent`)
  }
  if (why === 'mostlyRefused') {
    return new BellpushError('BELLPUSH_MOSTLY_INVALID',
      `the gateway refused more tokens than it accepted (${counts.accepted}), so the rest was not sent and no token ` +
      'is removed: are these the tokens of this application, and is this gateway (sandbox or production) theirs?')
  }
}
