/**
 * What became of every token of one push, in words: results for single tokens, and the report at the end.
 */
import { describeReason } from './core.js'
import { BellpushError } from './errors.js'

/**
 * What became of one token. A rejected token is a result, not an error.
 * @typedef {object} Result
 * @property {string} token as it was given
 * @property {import('./core.js').Outcome} outcome
 * @property {string | null} reason one word: Apple's for a status, ours for what Apple does not say
 * @property {number | null} status of the binary protocol
 * @property {boolean} dead the token is known to be dead and is removed from the token store
 * @property {Date} at when it settled
 */

/**
 * What became of all tokens. `accepted` is Apple's word that it took the notification; nobody can tell whether a phone
 * rang. Each list holds the first `maxListed` (an option of the client); `counts` counts all.
 * @typedef {object} Report
 * @property {number} total tokens that were given
 * @property {number} accepted
 * @property {Result[]} rejected Apple refused these for good, or they are no tokens
 * @property {Result[]} exhausted Apple failed to process these as often as `maxAttempts` allows
 * @property {Result[]} expired the expiration was past before these could be sent
 * @property {Result[]} inDoubt these were sent, and nobody can know whether Apple processed them
 * @property {Result[]} notSent the push was stopped before these
 * @property {string[]} removed dead tokens that are no longer in the token store
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
 * @returns {Result}
 */
export function resultOf (settled, token, startedAt) {
  const { reason, status } = describeReason(settled.reason)
  const { outcome, dead, elapsed } = settled
  return { token, outcome, reason, status, dead, at: new Date(startedAt + elapsed) }
}

/** Collects results until there is a report. */
export class ReportBuilder {
  /** @type {Omit<Report, 'total' | 'accepted' | 'counts' | 'truncated' | 'connections' | 'elapsed'>} */
  #lists = { rejected: [], exhausted: [], expired: [], inDoubt: [], notSent: [], removed: [], removalError: undefined }
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

  /** @param {Error} error */
  removalFailed (error) {
    this.#lists.removalError ??= error
  }

  /**
   * @param {Pick<Report, 'counts' | 'total' | 'connections' | 'elapsed'>} figures
   * @returns {Report}
   */
  finish ({ counts, total, connections, elapsed }) {
    const truncated = this.#truncated
    return { total, accepted: counts.accepted, ...this.#lists, counts, truncated, connections, elapsed }
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
 * @param {{ why: import('./core.js').Standing['stopped'], refusal: number }} stopped
 * @param {Report} report
 * @returns {BellpushError | undefined}
 */
export function errorOfStop ({ why, refusal }, { counts }) {
  if (why === 'refused') {
    const { reason, status } = describeReason(refusal)
    return new BellpushError('BELLPUSH_NOTIFICATION_REFUSED',
      `the gateway refused the notification itself, so it was not sent to the rest: status ${status} (${reason})`)
  }
  if (why === 'mostlyRefused') {
    return new BellpushError('BELLPUSH_MOSTLY_INVALID',
      `the gateway refused more tokens than it accepted (${counts.accepted}), so the rest was not sent and no token ` +
      'is removed: are these the tokens of this application, and is this gateway (sandbox or production) theirs?')
  }
}
