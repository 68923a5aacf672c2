/**
 * Jobs: what there is, how far each is, what became of single tokens, stopping one, and watching one.
 */
import { callerOf } from '../guard.js'
import { Problem } from '../problem.js'
import { answers, json, page, params, query } from '../schemas.js'
import { events } from './events.js'

const tags = ['jobs']
const id = { type: 'string', format: 'uuid' }
const job = json('The job', { $ref: 'Job#' })
const next = { type: 'string', nullable: true, description: 'For `after`; null: that was the last page' }
const over = new Set(['finished', 'stopped', 'failed'])

/**
 * @param {import('../sidecar.js').Server} server
 * @param {object} parts
 * @param {import('../apps.js').Apps} parts.apps
 * @param {import('../journal/journal.js').Journal} parts.journal
 * @param {import('../jobs/runner.js').Runner} parts.runner
 * @param {import('../jobs/reader.js').JobReader} parts.reader
 * @param {import('./events.js').Watchers} parts.watchers
 */
export async function jobRoutes (server, { apps, journal, runner, reader, watchers }) {
  server.get('/v1/jobs', {
    schema: {
      operationId: 'listJobs',
      summary: 'Jobs, the newest first',
      tags,
      querystring: query({
        state: { type: 'string', enum: ['queued', 'running', 'finished', 'stopped', 'failed'] }, ...page
      }),
      response: answers({
        200: json('A page of them', {
          type: 'object', properties: { jobs: { type: 'array', items: { $ref: 'Job#' } }, next }
        })
      })
    }
  }, async request => {
    const { state, limit = '50', after } = /** @type {Record<string, string | undefined>} */ (request.query)
    const [, time, last] = after === undefined ? [] : /^(\d{1,15})-([0-9a-f-]{36})$/.exec(after) ?? badCursor(after)
    const mine = [...apps].map(({ name }) => name).filter(callerOf(request).maySee)
    const jobs = await journal.list({
      apps: mine, state, limit: Number(limit) + 1, after: time === undefined ? undefined : [Number(time), last]
    })
    const shown = jobs.slice(0, Number(limit)).map(job => runner.view(job.id) ?? job)
    const end = shown.at(-1)
    return { jobs: shown, next: jobs.length > shown.length && end ? `${Date.parse(end.createdAt)}-${end.id}` : null }
  })

  server.get('/v1/jobs/:id', {
    schema: {
      operationId: 'getJob', summary: 'How far a job is', tags, params: params({ id }), response: answers({ 200: job })
    }
  }, async request => reader.get(idOf(request), callerOf(request)))

  server.get('/v1/jobs/:id/results', {
    schema: {
      operationId: 'listResults',
      summary: 'The tokens that were not accepted',
      tags,
      params: params({ id }),
      querystring: query({
        outcome: { type: 'string', enum: ['rejected', 'exhausted', 'expired', 'inDoubt', 'notSent'] }, ...page
      }),
      response: answers({
        200: json('A page of them', {
          type: 'object', properties: { results: { type: 'array', items: { $ref: 'Result#' } }, next }
        })
      })
    }
  }, async request => {
    const { outcome, limit = '1000', after } = /** @type {Record<string, string | undefined>} */ (request.query)
    const [, n, index] = after === undefined ? [] : /^(\d{1,9})-(\d{1,9})$/.exec(after) ?? badCursor(after)
    const job = await reader.get(idOf(request), callerOf(request))
    return reader.results(job, {
      outcome, limit: Number(limit), after: n === undefined ? undefined : [Number(n), Number(index)]
    })
  })

  server.delete('/v1/jobs/:id', {
    schema: {
      operationId: 'stopJob',
      summary: 'Stop a job',
      description: 'Nothing more is sent. What has been sent still gets its verdict.',
      tags,
      params: params({ id }),
      response: answers({
        200: json('It was over already', { $ref: 'Job#' }), 202: json('It is being stopped', { $ref: 'Job#' })
      })
    }
  }, async (request, reply) => {
    const job = await reader.get(idOf(request), callerOf(request))
    if (over.has(job.state)) return job
    await journal.wantStop(job.id)
    runner.stop(job.id)
    return reply.code(202).send(await reader.get(job.id, callerOf(request)))
  })

  server.get('/v1/jobs/:id/events', {
    schema: {
      operationId: 'watchJob',
      summary: 'Watch a job',
      description: 'Server-sent events, `progress` when something has changed and `finished`. Their data: the job.',
      tags,
      params: params({ id }),
      response: answers({ 200: events })
    }
  }, async (request, reply) => {
    const [id, caller] = [idOf(request), callerOf(request)]
    await watchers.watch(request, reply, async () => {
      const data = await reader.get(id, caller)
      const isLast = over.has(data.state)
      return { event: isLast ? 'finished' : 'progress', data, isLast }
    })
  })
}

/** @param {import('fastify').FastifyRequest<any, any, any, any>} request */
const idOf = request => String(/** @type {{ id: string }} */ (request.params).id).toLowerCase()

/**
 * @param {string} after
 * @returns {never}
 */
function badCursor (after) {
  throw new Problem('BELLPUSH_REQUEST_INVALID',
    `querystring/after must be the next of an earlier page, found '${after}'`)
}
