/**
 * A job as callers see it, from its row; and its tally, which is written into the row as it goes.
 */

/** @typedef {{ code: string, detail: string }} Stop */

/**
 * @typedef {object} Tally
 * @property {Record<string, number>} counts by outcome
 * @property {Record<string, number>} reasons by "outcome reason", of what was not accepted
 * @property {number} removed
 * @property {string[]} unknown clients without a token, the first ones
 * @property {number} unknownCount all of them
 */

/** Clients without a token that are named; all are counted. */
const UNKNOWN_NAMED = 1000

/** @returns {Tally} */
export function noTally () {
  const counts = { accepted: 0, rejected: 0, exhausted: 0, expired: 0, inDoubt: 0, notSent: 0 }
  return { counts, reasons: {}, removed: 0, unknown: [], unknownCount: 0 }
}

/** @param {string[]} unknown */
export const unknownOf = unknown => ({ unknown: unknown.slice(0, UNKNOWN_NAMED), unknownCount: unknown.length })

/**
 * @param {Tally} tally
 * @param {string} outcome
 * @param {string | null} reason
 * @param {number} [count]
 */
export function add ({ counts, reasons }, outcome, reason, count = 1) {
  counts[outcome] += count
  if (outcome === 'accepted') return
  const name = reason === null ? outcome : `${outcome} ${reason}`
  reasons[name] = (reasons[name] ?? 0) + count
}

/** @param {Tally} tally */
export const settledOf = ({ counts }) => Object.values(counts).reduce((sum, count) => sum + count, 0)

/** @typedef {ReturnType<typeof jobOf>} Job */

/**
 * @param {Record<string, any>} row
 * @param {Tally} [live] where it is running in this process
 */
export function jobOf (row, live) {
  const tally = live ?? tallyOf(row)
  return {
    id: String(row.id),
    app: String(row.app),
    state: String(row.state),
    createdAt: iso(row.created_at),
    startedAt: row.started_at === null ? null : iso(row.started_at),
    finishedAt: row.finished_at === null ? null : iso(row.finished_at),
    total: row.total === null ? null : Number(row.total),
    settled: settledOf(tally),
    counts: { ...tally.counts },
    reasons: { ...tally.reasons },
    removed: tally.removed,
    unknownClients: tally.unknownCount,
    stopped: /** @type {Stop | null} */ (row.stopped === null ? null : JSON.parse(row.stopped))
  }
}

/**
 * @param {Record<string, any>} row
 * @returns {Tally}
 */
export const tallyOf = row => JSON.parse(row.tally)

/** @param {unknown} milliseconds */
const iso = milliseconds => new Date(Number(milliseconds)).toISOString()
