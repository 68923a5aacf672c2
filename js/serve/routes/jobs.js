/**
 * Jobs: what there is, how far each is, what became of single tokens, stopping one, and watching one.
 */
import { setTimeout } from 'node:timers/promises'
import { callerOf } from '../guard.js'
import { Problem } from '../problem.js'
import { answers, json, page, params, query } from '../schemas.js'

const tags = ['jobs']
const id = { type: 'string', format: 'uuid' }
const job = json('The job', { $ref: 'Job#' })
const next = { type: 'string', nullable: true, description: 'For `after`; null: that was the last page' }
const over = new Set(['finished', 'stopped', 'failed'])

/** Milliseconds between two looks at a job that is watched, and callers that watch at once. */
const WATCH_INTERVAL = 500
const MOST_WATCHING = 100

/**
 * @param {import('../sidecar.js').Server} server
 * @param {object} parts
 * @param {import('../apps.js').Apps} parts.apps
 * @param {import('../journal/journal.js').Journal} parts.journal
 * @param {import('../jobs/runner.js').Runner} parts.runner
 * @param {import('../jobs/reader.js').JobReader} parts.reader
 */
export async function jobRoutes (server, { apps, journal, runner, reader }) {
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

  let watching = 0
  const ending = new AbortController()
  server.addHook('preClose', async () => ending.abort())

  server.get('/v1/jobs/:id/events', {
    schema: {
      operationId: 'watchJob',
      summary: 'Watch a job',
      description: 'Server-sent events: `progress` now and then, `finished` at the end, each with the job as its data.',
      tags,
      params: params({ id }),
      response: answers({
        200: { description: 'Events', content: { 'text/event-stream': { schema: { type: 'string' } } } }
      })
    }
  }, async (request, reply) => {
    const caller = callerOf(request)
    const first = await reader.get(idOf(request), caller)
    if (watching >= MOST_WATCHING) {
      throw new Problem('BELLPUSH_QUEUE_FULL', `${MOST_WATCHING} callers watch jobs already`)
    }
    watching++
    reply.hijack()
    const gone = new AbortController()
    reply.raw.on('close', () => gone.abort())
    reply.raw.on('error', () => gone.abort())
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' })
    const end = AbortSignal.any([gone.signal, ending.signal])
    try {
      let said = ''
      for (let job = first; ; job = await reader.get(job.id, caller)) {
        const data = JSON.stringify(job)
        const isOver = over.has(job.state)
        if (data !== said) reply.raw.write(`event: ${isOver ? 'finished' : 'progress'}\ndata: ${data}\n\n`)
        said = data
        if (isOver) break
        await setTimeout(WATCH_INTERVAL, undefined, { signal: end })
      }
    } catch (error) {
      if (!end.aborted) request.log.warn({ err: error }, 'a job cannot be watched any more')
    } finally {
      watching--
      reply.raw.end()
    }
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
