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

/** Every outcome but the good one, and what it is called. */
const OUTCOMES = /** @type {const} */ ([
  ['rejected', 'rejected'],
  ['exhausted', 'given up, as the gateway failed to process them'],
  ['expired', 'expired before they could be sent'],
  ['inDoubt', 'in doubt: sent, but nobody can know whether they were accepted'],
  ['notSent', 'not sent, as the push ended before']
])

/** What reasons mean that are not Apple's, where the outcome does not say it. @type {Record<string, string>} */
const WORDS = {
  MalformedToken: 'not a device token (hexadecimal, 1 to 100 bytes)',
  ClosedWithoutAnswer: 'the gateway closed the connection without an answer',
  UnknownIdentifier: 'the gateway named a notification that it was never sent',
  NoAnswer: 'the gateway did not answer in time',
  UnreadableAnswer: 'the gateway answered with bytes that are no error response',
  Abandoned: 'the connection was given up',
  Stopped: '',
  ExpirationPast: ''
}

/**
 * @param {Report} report
 * @param {{ db: string | undefined, lineOf: (token: string) => number | undefined }} context `db`: what dead tokens
 *   were removed from; `lineOf`: where a malformed token came from
 * @returns {string[]} lines
 */
export function reportLines (report, { db, lineOf }) {
  const { complete } = report
  if (report.total === 0) return [complete ? 'No tokens in this audience: nothing was sent.' : 'Nothing was sent.']
  const width = count(report.total).length
  return [
    `${counted(report.total, 'token')}${complete ? '' : ' read of the audience, not all of it'}, ` +
      `${seconds(report.elapsed)}, ${counted(report.connections, 'connection')}:`,
    `  ${count(report.accepted).padStart(width)} accepted`,
    ...OUTCOMES.filter(([key]) => report.counts[key] > 0)
      .map(([key, words]) => `  ${count(report.counts[key]).padStart(width)} ${words}`),
    ...OUTCOMES.flatMap(([key, words]) => groups(words.split(/[:,]/)[0], report[key], report.counts[key], lineOf)),
    ...removedLines(report, db)
  ]
}

/**
 * @param {string} words
 * @param {Result[]} results
 * @param {number} total
 * @param {(token: string) => number | undefined} lineOf
 * @returns {string[]}
 */
function groups (words, results, total, lineOf) {
  /** @type {Map<string, Result[]>} */
  const byReason = new Map()
  for (const result of results) {
    const reason = reasonOf(result)
    const group = byReason.get(reason)
    if (group) group.push(result)
    else byReason.set(reason, [result])
  }
  const unlisted = total - results.length
  return [
    ...[...byReason].flatMap(([reason, group]) => [
      '',
      `${count(group.length)} ${words}${reason && `: ${reason}`}`,
      ...group.slice(0, SHOWN).map(({ token }) => `  ${shown(token)}${from(lineOf(token))}`),
      ...group.length > SHOWN ? [`  … and ${count(group.length - SHOWN)} more (--json lists them)`] : []
    ]),
    ...unlisted > 0 ? ['', `${count(unlisted)} more ${words}, not listed`] : []
  ]
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
function removedLines ({ accepted, rejected, removed, removalError, truncated }, db) {
  if (removalError) return ['', `Dead tokens are still in ${db}: ${printable(removalError.message)}`]
  if (removed.length === 0) {
    const dead = rejected.filter(({ dead }) => dead).length
    return db === undefined || dead === 0 || accepted > dead ? [] : [
      '',
      `Nothing was removed from ${db}: as not more tokens were accepted than called dead, the gateway or`,
      'the application may be the wrong one, and the tokens alive.'
    ]
  }
  return ['', `Removed from ${db}: ${truncated ? 'at least ' : ''}${counted(removed.length, 'dead token')}`]
}

/** @param {number} milliseconds */
function seconds (milliseconds) {
  return `${(milliseconds / 1000).toLocaleString('en-US', { maximumFractionDigits: milliseconds < 10_000 ? 2 : 0 })} s`
}
