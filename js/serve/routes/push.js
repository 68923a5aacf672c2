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
      caller: callerOf(request),
      key: /** @type {string | undefined} */ (key),
      async: /(^|[,;\s])respond-async([,;\s]|$)/i.test(String(prefer))
    })
    if ('report' in answer) return answer.report
    return reply.code(202).header('location', `/v1/jobs/${answer.job.id}`).send(answer.job)
  })
}
