/**
 * What became of a push, for a person: counts first, then the tokens of each kind, grouped by reason.
 *
 * Tokens are whole: this report is what was asked for, and a shortened token is of no use to anybody.
 */
import { count, counted, printable } from './output.js'

/** @typedef {import('../report.js').Report} Report */
/** @typedef {import('../report.js').Result} Result */

/** Tokens shown of each group. */
const SHOWN = 10

/** Characters shown of a text that is no token and may be anything. */
const LONGEST_TEXT = 200

/** Every outcome but the good one: what its count is called, and the words over its tokens. */
const OUTCOMES = /** @type {const} */ ([
  ['rejected', 'rejected', 'Rejected'],
  ['exhausted', 'given up', 'Given up, as the gateway failed to process them again and again'],
  ['expired', 'expired', 'Expired before they could be sent'],
  ['inDoubt', 'in doubt', 'In doubt: sent, and nobody can know whether they were accepted'],
  ['notSent', 'not sent', 'Not sent, because the push ended before']
])

/** What reasons mean that are not Apple's: they have no status. @type {Record<string, string>} */
const WORDS = {
  MalformedToken: 'not a device token (hexadecimal, 1 to 100 bytes)',
  ClosedWithoutAnswer: 'the gateway closed the connection without an answer',
  UnknownIdentifier: 'the gateway named a notification that it was never sent',
  NoAnswer: 'the gateway did not answer in time',
  UnreadableAnswer: 'the gateway answered with bytes that are no error response',
  Abandoned: 'the connection was given up',
  Stopped: 'the push was stopped',
  ExpirationPast: 'the expiration is past'
}

/**
 * @param {Report} report
 * @param {{ db: string | undefined, complete: boolean, lineOf: (token: string) => number | undefined }} context `db`:
 *   what dead tokens were removed from; `complete`: the audience was read to its end; `lineOf`: where a malformed token
 *   came from
 * @returns {string[]} lines
 */
export function reportLines (report, { db, complete, lineOf }) {
  if (report.total === 0) return [complete ? 'No tokens in this audience: nothing was sent.' : 'Nothing was sent.']
  const counts = /** @type {[number, string][]} */ (
    [[report.accepted, 'accepted'], ...OUTCOMES.map(([key, noun]) => [report.counts[key], noun])])
  return [
    `${counted(report.total, 'token')}${complete ? '' : ' read of the audience, not all of it'}, ` +
      `${seconds(report.elapsed)}, ${counted(report.connections, 'connection')}:`,
    ...counts.filter(([number], index) => index === 0 || number > 0)
      .map(([number, noun]) => `  ${count(number).padStart(count(report.total).length)} ${noun}`),
    ...OUTCOMES.flatMap(([key, , heading]) => section(heading, report[key], report.counts[key], lineOf)),
    ...removedLines(report, db)
  ]
}

/**
 * @param {string} heading
 * @param {Result[]} results
 * @param {number} total
 * @param {(token: string) => number | undefined} lineOf
 * @returns {string[]}
 */
function section (heading, results, total, lineOf) {
  if (total === 0) return []
  /** @type {Map<string, Result[]>} */
  const groups = new Map()
  for (const result of results) {
    const reason = reasonOf(result)
    const group = groups.get(reason)
    if (group) group.push(result)
    else groups.set(reason, [result])
  }
  const lines = [...groups].flatMap(([reason, group]) => [
    `${heading}${reason && `: ${reason}`} (${count(group.length)})`,
    ...group.slice(0, SHOWN).map(({ token }) => `  ${shown(token)}${from(lineOf(token))}`),
    ...group.length > SHOWN ? [`  … and ${count(group.length - SHOWN)} more (--json lists them)`] : []
  ])
  const unlisted = total - results.length
  return ['', ...lines, ...unlisted > 0 ? [`  … and ${count(unlisted)} more that no list holds`] : []]
}

/** @param {Result} result */
function reasonOf ({ reason, status }) {
  if (status !== null) return `status ${status}${reason === null ? '' : ` ${reason}`}`
  return reason === null ? '' : WORDS[reason] ?? reason
}

/** @param {string} token */
function shown (token) {
  const text = printable(token)
  return text === '' ? '(nothing)' : text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text
}

/** @param {number | undefined} line */
const from = line => line === undefined ? '' : `  (line ${line})`

/**
 * @param {Report} report
 * @param {string | undefined} db
 * @returns {string[]}
 */
function removedLines ({ removed, removalError, truncated }, db) {
  if (removalError) return ['', `Dead tokens are still in ${db}: ${printable(removalError.message)}`]
  if (removed.length === 0) return []
  return ['', `Removed from ${db}: ${truncated ? 'at least ' : ''}${counted(removed.length, 'dead token')}`]
}

/** @param {number} milliseconds */
function seconds (milliseconds) {
  return `${(milliseconds / 1000).toLocaleString('en-US', { maximumFractionDigits: milliseconds < 10_000 ? 2 : 0 })} s`
}
