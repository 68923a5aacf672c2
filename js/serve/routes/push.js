/**
 * `POST /v1/push`: a small one is answered with its report, a large one with a job.
 */
import { callerOf } from '../guard.js'
import { answers, json, push, pushHeaders } from '../schemas.js'

/**
 * @param {import('../sidecar.js').Server} server
 * @param {{ pusher: import('../pusher.js').Pusher }} parts
 */
export async function pushRoutes (server, { pusher }) {
  // Nothing of this body is merged into anything, and what looks like a prototype in a payload is Apple's to judge: to
  // search a large one for it takes as long as to read it. For the same reason its text goes into the journal as it
  // came.
  const parse = /** @type {(request: unknown, body: string, done: Function) => void} */ (
    server.getDefaultJsonParser('ignore', 'ignore'))
  server.decorateRequest('bodyText', '')
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    /** @type {any} */ (request).bodyText = body
    parse(request, /** @type {string} */ (body), done)
  })
  server.post('/v1/push', {
    schema: {
      operationId: 'push',
      summary: 'Push one notification',
      tags: ['push'],
      body: push,
      headers: pushHeaders,
      response: answers({
        200: json('What became of every token', { $ref: 'Report#' }),
        202: json('A job that is in the journal and will be done', { $ref: 'Job#' })
      })
    }
  }, async (request, reply) => {
    const { 'idempotency-key': key, prefer = '' } = request.headers
    const answer = await pusher.push(/** @type {any} */ (request.body), {
      text: /** @type {any} */ (request).bodyText,
      caller: callerOf(request),
      key: /** @type {string | undefined} */ (key),
      async: /(^|[,;\s])respond-async([,;\s]|$)/i.test(String(prefer))
    })
    if ('report' in answer) return answer.report
    return reply.code(202).header('location', `/v1/jobs/${answer.job.id}`).send(answer.job)
  })
}
