/**
 * What Fastify does by itself: a route that checks the body of a push as the sidecar does, and does nothing else.
 */
import Fastify from 'fastify'
import { push } from '../../js/serve/schemas.js'

export async function prepare () {
  const server = Fastify({ ajv: { customOptions: { coerceTypes: false, removeAdditional: false } } })
  server.post('/v1/push', { schema: { body: push } }, async () => ({ status: 'ok' }))
  const address = await server.listen({ host: '127.0.0.1', port: 0 })
  return async () => address
}
