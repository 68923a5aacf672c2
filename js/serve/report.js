/**
 * Reports as they go out.
 */

/**
 * A token that was not accepted.
 * @typedef {object} SentResult
 * @property {string} token
 * @property {string | null} clientId
 * @property {string} outcome
 * @property {string | null} reason
 * @property {number | null} status
 */

/**
 * @param {import('../report.js').Report} report
 * @param {any} error that ended the push early
 * @param {import('./recipients.js').Recipients} recipients
 * @param {string[]} unknownClients
 */
export function reportOf (report, error, { tokens, clients }, unknownClients) {
  const { rejected, exhausted, expired, inDoubt, notSent } = report
  const bad = [...rejected, ...exhausted, ...expired, ...inDoubt, ...notSent]
  const clientOf = new Map(bad.length > 0 ? tokens.map((token, i) => [token, clients[i]]) : [])
  return {
    counts: report.counts,
    total: report.total,
    removed: report.removed.length,
    unknownClients,
    results: bad.map(({ token, outcome, reason, status }) =>
      ({ token, clientId: clientOf.get(token) ?? null, outcome, reason, status })),
    stopped: error ? stopOf(error) : null
  }
}

/** @param {any} error */
export function stopOf (error) {
  return { code: String(error.code ?? 'BELLPUSH_UNEXPECTED'), detail: String(error.message) }
}
