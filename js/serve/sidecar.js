/**
 * The sidecar: this package behind HTTP, for programs in any language on the same host.
 *
 * Here it is put together. Not here: what single routes do (routes/), and listening.
 */
import swagger from '@fastify/swagger'
import Fastify from 'fastify'
import { readFileSync } from 'node:fs'
import { openTokenStore } from '../stores/index.js'
import { Apps } from './apps.js'
import { refuseConnection, watchConnections } from './connections.js'
import { guard, limitRate } from './guard.js'
import { JobReader } from './jobs/reader.js'
import { Runner } from './jobs/runner.js'
import { Journal } from './journal/journal.js'
import { startLegacyGateway } from './legacy.js'
import { LookUp } from './look-up.js'
import { logger } from './log.js'
import { Metrics } from './metrics.js'
import { Problem, problemOf } from './problem.js'
import { Pusher } from './pusher.js'
import { Watchers } from './routes/events.js'
import { frameRoutes } from './routes/frames.js'
import { jobRoutes } from './routes/jobs.js'
import { operationRoutes } from './routes/operations.js'
import { overviewRoutes } from './routes/overview.js'
import { pageRoutes } from './routes/pages.js'
import { pushRoutes } from './routes/push.js'
import { tokenRoutes } from './routes/tokens.js'
import { shared } from './schemas.js'
import { Webhook } from './webhook.js'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

/** @typedef {import('fastify').FastifyInstance<any, any, any, any>} Server */

/** Milliseconds in which a request must have come whole, and its headers; how often it is looked who is late. */
const REQUEST_TIMEOUT = 60_000
const HEADERS_TIMEOUT = 10_000
const LATE_INTERVAL = 2_000

/** Milliseconds that a connection is kept for the next request. */
const KEEP_ALIVE = 72_000

/** Connections at once, beyond which none are taken: those that wait have their own, lower bound. */
const MOST_CONNECTIONS = 5_000

/** Milliseconds that a database server gets to answer a statement: whoever asks waits for it. */
const STATEMENT_TIMEOUT = 10_000

/** Characters of a part of a path: 255 of a client's id, each up to twelve when percent-encoded. */
const PATH_PART = 3_060

/**
 * Opens the database and reads the credentials; then the server can listen, or answer what a test injects.
 * @param {import('./config.js').Config} config
 * @param {{ log?: import('node:stream').Writable }} [options] where the log goes; left out: stdout
 * @returns {Promise<Server>} closing it drains: what was begun gets its verdict
 */
export async function createSidecar (config, { log } = {}) {
  const server = /** @type {Server} */ (Fastify({
    logger: logger(config.logLevel, log),
    bodyLimit: config.limits.bodyBytes,
    requestTimeout: REQUEST_TIMEOUT,
    http: { headersTimeout: HEADERS_TIMEOUT, connectionsCheckingInterval: LATE_INTERVAL },
    keepAliveTimeout: KEEP_ALIVE,
    clientErrorHandler: refuseConnection,
    return503OnClosing: false, // we say it in our own words
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: PATH_PART },
    // A number that is written as text is a mistake, and so is a property that nobody knows.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
    frameworkErrors: refuse
  }))
  server.server.maxConnections = MOST_CONNECTIONS
  watchConnections(server)

  const metrics = new Metrics()
  const store = await openTokenStore(config.database, { ...config.tokens, statementTimeout: STATEMENT_TIMEOUT })
  const journal = await Journal.open(config.journal, { statementTimeout: STATEMENT_TIMEOUT }).catch(async error => {
    await store.close()
    throw error
  })
  try {
    const apps = new Apps(config.apps, store)
    const webhook = config.webhook && new Webhook({ ...config.webhook, journal, metrics, log: server.log })
    for (const app of apps) {
      app.client.on('connect', () => metrics.links.inc({ app: app.name }))
      app.client.on('tokenRemoved', token => {
        metrics.removed.inc({ app: app.name })
        webhook?.removed(app.name, token)
      })
    }
    const runner = new Runner({ journal, apps, store, metrics, webhook, limits: config.jobs, log: server.log })
    const reader = new JobReader(journal, runner)
    const lookUp = new LookUp(store)
    const pusher = new Pusher({ apps, lookUp, journal, runner, reader, metrics, limits: config.limits })

    server.setErrorHandler(refuse)
    server.setNotFoundHandler((request, reply) => refuse(
      new Problem('BELLPUSH_ROUTE_UNKNOWN', `there is no ${request.method} ${request.url.split('?', 1)[0]}`),
      request, reply))
    server.addHook('onResponse', async (request, reply) => {
      const labels = { method: request.method, route: request.routeOptions.url ?? '', status: reply.statusCode }
      metrics.requests.observe(labels, reply.elapsedTime / 1000)
    })
    for (const schema of shared) server.addSchema(schema)
    await server.register(swagger, openapi(config))
    guard(server, config)
    await limitRate(server, config)
    await server.register(pushRoutes, { pusher })
    const watchers = new Watchers(server)
    await server.register(jobRoutes, { apps, journal, runner, reader, watchers })
    await server.register(tokenRoutes, { store })
    await server.register(frameRoutes)
    await server.register(operationRoutes, { apps, store, journal, metrics })
    await server.register(overviewRoutes, { apps, journal, runner, metrics, watchers })
    await server.register(pageRoutes)
    /** @type {import('../legacy/gateway.js').LegacyGateway | undefined} */
    let legacy
    server.addHook('onReady', async () => {
      legacy = config.legacy &&
        await startLegacyGateway(config.legacy, { apps, log: server.log, registry: metrics.registry })
      runner.start()
      webhook?.start()
    })
    server.addHook('onClose', async () => {
      await legacy?.close()
      await runner.drain()
      await apps.close()
      await webhook?.close()
      await journal.close()
      await store.close()
    })
    return server
  } catch (error) {
    await journal.close()
    await store.close()
    throw error
  }
}

/**
 * @param {any} error
 * @param {import('fastify').FastifyRequest} request
 * @param {import('fastify').FastifyReply<any, any, any, any>} reply
 */
function refuse (error, request, reply) {
  const { status, body, retryAfter } = problemOf(error)
  if (status >= 500) request.log.error({ err: error }, 'a request failed')
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  // Written here: the schemas of answers are not for what went wrong before the route was known.
  return reply.code(status).header('content-type', 'application/problem+json; charset=utf-8')
    .serializer((/** @type {any} */ text) => text).send(JSON.stringify(body))
}

/** @param {import('./config.js').Config} config */
function openapi ({ keys }) {
  return {
    openapi: {
      openapi: '3.0.3',
      info: {
        title: 'Bellpush',
        description: 'Pushes one notification to many Apple devices and tells what became of every single one.',
        version
      },
      ...keys.isEmpty ? {} : {
        security: [{ key: [] }],
        components: { securitySchemes: { key: { type: /** @type {const} */ ('http'), scheme: 'bearer' } } }
      }
    },
    refResolver: {
      buildLocalReference: (/** @type {any} */ json, /** @type {any} */ _uri, /** @type {any} */ _fragment,
        /** @type {number} */ i) => String(json.$id ?? `def-${i}`)
    }
  }
}
