/**
 * Takes a request for a push and sees to it: pushes it at once and answers with the report, or takes it into the
 * journal and answers with the job.
 *
 * A small push that must not be repeated (it has an Idempotency-Key) goes through the journal, too: so a repeat finds
 * its report even where this process died in between. All other small ones cost the database only their look-up.
 */
import { createHash } from 'node:crypto'
import { Problem } from './problem.js'
import { readPush } from './push-request.js'
import { gather } from './recipients.js'
import { reportOf } from './report.js'

/** @typedef {import('./push-request.js').PushBody} PushBody */
/** @typedef {import('./push-request.js').PushRequest} PushRequest */
/** @typedef {import('./recipients.js').Recipients} Recipients */
/** @typedef {{ recipients: Recipients, unknown: string[] }} Gathered */
/** @typedef {{ report: object } | { job: import('./journal/view.js').Job }} Answer */

export class Pusher {
  #parts
  #underWay = 0

  /**
   * @param {object} parts
   * @param {import('./apps.js').Apps} parts.apps
   * @param {import('./look-up.js').LookUp} parts.lookUp
   * @param {import('./journal/journal.js').Journal} parts.journal
   * @param {import('./jobs/runner.js').Runner} parts.runner
   * @param {import('./jobs/reader.js').JobReader} parts.reader
   * @param {import('./metrics.js').Metrics} parts.metrics
   * @param {import('./config.js').Config['limits']} parts.limits
   */
  constructor (parts) {
    this.#parts = parts
  }

  /**
   * @param {PushBody} body
   * @param {{ text: string, caller: import('./keys.js').Caller, key?: string, async: boolean }} how `text`: the body's
   * @returns {Promise<Answer>}
   */
  async push (body, { text, caller, key, async }) {
    const { apps, lookUp, journal, limits } = this.#parts
    const request = readPush(body, apps.of(body.app, caller))
    const digest = key === undefined ? undefined : createHash('sha256').update(JSON.stringify(body)).digest('hex')
    const known = key === undefined ? undefined : await journal.withKey(request.app.name, key)
    if (known) return await this.#repeat(known, digest)
    const gathered = await gather(lookUp, request, limits.syncTokens)
    if (gathered && !async && key === undefined) {
      return { report: await this.#timed(request, () => this.#pushNow(request, gathered)) }
    }
    return await this.#journalled(request, gathered, { text, key, digest, background: async || !gathered })
  }

  /**
   * @param {PushRequest} request
   * @param {Gathered} gathered
   */
  async #pushNow ({ app, payload, options }, { recipients, unknown }) {
    const { metrics } = this.#parts
    const { report, error } = await sent(app, payload, recipients.tokens, options)
    const answer = reportOf(report, error, recipients, unknown)
    for (const { outcome, reason } of answer.results) metrics.settled(app.name, outcome, reason)
    metrics.settled(app.name, 'accepted', null, report.accepted)
    return answer
  }

  /**
   * @param {PushRequest} request
   * @param {Gathered | undefined} gathered undefined: it is large, and looked up later
   * @param {{ text: string, key?: string, digest?: string, background: boolean }} how
   * @returns {Promise<Answer>}
   */
  async #journalled (request, gathered, { text, ...how }) {
    const { runner, reader } = this.#parts
    const { app, payload, options } = request
    const audience = gathered?.recipients ?? { text }
    const unknown = gathered?.unknown ?? []
    const accept = () => runner.accept({ ...how, app: app.name, payload, options, audience, unknown })
    if (how.background) {
      const { row, isNew } = await accept()
      if (!isNew) return await this.#repeat(row, how.digest)
      runner.wake()
      return { job: reader.of(row) }
    }
    return await this.#timed(request, async () => {
      const { row, isNew } = await accept()
      if (!isNew) return await this.#repeat(row, how.digest)
      const end = await runner.runNow(row)
      if (end !== 'over') {
        throw new Problem('BELLPUSH_CLOSING', 'this sidecar is shutting down: the same request with the same ' +
          'Idempotency-Key will be answered when it is back')
      }
      return { report: await reader.report(row.id) }
    })
  }

  /**
   * What a request with the same key was answered with, or will be.
   * @param {Record<string, any>} row
   * @param {string | undefined} digest
   * @returns {Promise<Answer>}
   */
  async #repeat (row, digest) {
    const { reader } = this.#parts
    if (row.digest !== digest) {
      throw new Problem('BELLPUSH_IDEMPOTENCY_CONFLICT',
        'this Idempotency-Key came with another body before: a new push needs a new key')
    }
    if (Number(row.background) === 1) return { job: reader.of(row) }
    if (Number(row.done) === 1) return { report: await reader.report(row.id) }
    throw new Problem('BELLPUSH_IDEMPOTENCY_RUNNING', 'the push with this Idempotency-Key is under way: ask again')
  }

  /**
   * @template T
   * @param {PushRequest} request
   * @param {() => Promise<T>} push
   * @returns {Promise<T>}
   */
  async #timed ({ app }, push) {
    const { metrics, limits } = this.#parts
    if (this.#underWay >= limits.pushesAtOnce) {
      throw new Problem('BELLPUSH_QUEUE_FULL', `${limits.pushesAtOnce} pushes are under way: try again in a moment`)
    }
    this.#underWay++
    const end = metrics.pushes.startTimer({ app: app.name })
    try {
      return await push()
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
