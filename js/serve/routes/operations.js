/**
 * For those who keep the sidecar running: whether it lives, whether it is ready, what it counts, and what it can do.
 */
import { setTimeout } from 'node:timers/promises'
import { answers, json } from '../schemas.js'

const tags = ['operations']
const open = { open: true }

/** A client whose tokens are looked up to see whether that can be done. */
const NOBODY = '0'

/** Milliseconds that the database gets to answer. */
const PATIENCE = 2_000

/**
 * @param {import('../sidecar.js').Server} server
 * @param {object} parts
 * @param {import('../apps.js').Apps} parts.apps
 * @param {import('../../stores/token-store.js').TokenStore} parts.store
 * @param {import('../journal/journal.js').Journal} parts.journal
 * @param {import('../metrics.js').Metrics} parts.metrics
 */
export async function operationRoutes (server, { apps, store, journal, metrics }) {
  let closing = false
  server.addHook('preClose', async () => { closing = true })

  const status = { type: 'object', properties: { status: { type: 'string' } } }
  server.get('/healthz', {
    config: open,
    schema: {
      operationId: 'healthz',
      summary: 'Whether it lives',
      tags,
      security: [],
      response: answers({ 200: json('It does', status) })
    }
  }, async () => ({ status: 'ok' }))

  const readiness = {
    type: 'object',
    properties: {
      status: { type: 'string', enum: ['ok', 'closing', 'unready'] },
      checks: {
        type: 'object',
        properties: {
          database: { type: 'string' },
          gateways: {
            type: 'object',
            additionalProperties: { type: 'string' },
            description: "By app: 'untried', 'ok', or the code of the latest failure. They do not decide readiness."
          }
        }
      }
    }
  }
  server.get('/readyz', {
    config: open,
    schema: {
      operationId: 'readyz',
      summary: 'Whether it takes work',
      tags,
      security: [],
      response: answers({ 200: json('It does', readiness), 503: json('It does not', readiness) })
    }
  }, async (request, reply) => {
    const look = store.list(NOBODY)[Symbol.asyncIterator]().next()
    const database = await state(look, journal.check())
    const gateways = Object.fromEntries([...apps].map(app => [app.name, app.gateway]))
    const status = closing ? 'closing' : database === 'ok' ? 'ok' : 'unready'
    return reply.code(status === 'ok' ? 200 : 503).send({ status, checks: { database, gateways } })
  })

  server.get('/metrics', {
    schema: {
      operationId: 'metrics',
      summary: 'Counts and times, for Prometheus',
      tags,
      response: answers({
        200: { description: 'Them', content: { 'text/plain': { schema: { type: 'string' } } } }
      })
    }
  }, async (request, reply) => reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()))

  server.get('/openapi.json', { schema: { hide: true } }, async (request, reply) => {
    return reply.type('application/json').send(JSON.stringify(server.swagger()))
  })
}

/**
 * @param {...Promise<unknown>} checks
 * @returns {Promise<string>} 'ok' or the code of an error
 */
async function state (...checks) {
  const answer = Promise.all(checks).then(() => 'ok', error => String(error.code))
  const late = setTimeout(PATIENCE, 'too slow', { ref: false })
  return await Promise.race([answer, late])
}
