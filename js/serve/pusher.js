/**
 * Takes a request for a push and sees to it.
 */
import { Problem } from './problem.js'
import { readPush } from './push-request.js'
import { gather } from './recipients.js'
import { reportOf } from './report.js'

/** @typedef {import('./push-request.js').PushBody} PushBody */

export class Pusher {
  #parts
  #underWay = 0

  /**
   * @param {object} parts
   * @param {import('./apps.js').Apps} parts.apps
   * @param {import('../stores/token-store.js').TokenStore} parts.store
   * @param {import('./metrics.js').Metrics} parts.metrics
   * @param {import('./config.js').Config['limits']} parts.limits
   */
  constructor (parts) {
    this.#parts = parts
  }

  /**
   * @param {PushBody} body
   * @param {{ caller: import('./keys.js').Caller, key?: string, async: boolean }} how
   * @returns {Promise<{ report: object } | { job: any }>}
   */
  async push (body, { caller }) {
    const { apps, store, limits } = this.#parts
    const request = readPush(body, apps.of(body.app, caller))
    const gathered = await gather(store, request, limits.syncTokens)
    if (!gathered) throw new Problem('BELLPUSH_BODY_TOO_LARGE', `at most ${limits.syncTokens} tokens`)
    return { report: await this.#pushNow(request, gathered) }
  }

  /**
   * @param {import('./push-request.js').PushRequest} request
   * @param {{ recipients: import('./recipients.js').Recipients, unknown: string[] }} gathered
   */
  async #pushNow ({ app, payload, options }, { recipients, unknown }) {
    const { metrics, limits } = this.#parts
    if (this.#underWay >= limits.pushesAtOnce) {
      throw new Problem('BELLPUSH_QUEUE_FULL', `${limits.pushesAtOnce} pushes are under way: try again in a moment`)
    }
    this.#underWay++
    const end = metrics.pushes.startTimer({ app: app.name })
    try {
      const { report, error } = await sent(app, payload, recipients.tokens, options)
      for (const { outcome, reason } of listed(report)) metrics.settled(app.name, outcome, reason)
      metrics.settled(app.name, 'accepted', null, report.accepted)
      return reportOf(report, error, recipients, unknown)
    } finally {
      this.#underWay--
      end()
    }
  }
}

/**
 * A push that was stopped has a report all the same.
 * @param {import('./apps.js').App} app
 * @param {string} payload
 * @param {string[]} tokens
 * @param {import('../client.js').SendOptions} options
 * @returns {Promise<{ report: import('../report.js').Report, error?: any }>}
 */
async function sent (app, payload, tokens, options) {
  try {
    return { report: await app.client.send(payload, tokens, options) }
  } catch (error) {
    const { report } = /** @type {{ report?: import('../report.js').Report }} */ (error)
    if (!report) throw error
    app.failed(error)
    return { report, error }
  }
}

/** @param {import('../report.js').Report} report */
const listed = ({ rejected, exhausted, expired, inDoubt, notSent }) =>
  [...rejected, ...exhausted, ...expired, ...inDoubt, ...notSent]
