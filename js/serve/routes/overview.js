/**
 * How things stand, for the person on call: what the sidecar has done since it began, and its latest jobs.
 */
import { callerOf } from '../guard.js'
import { answers, json } from '../schemas.js'
import { events } from './events.js'

const tags = ['operations']
const count = { type: 'integer' }

/** Jobs that are shown. */
const LATEST = 30

const overview = {
  type: 'object',
  properties: {
    since: { type: 'string', format: 'date-time', description: 'When this sidecar began: it counts from then on.' },
    queued: { ...count, description: 'Jobs that wait' },
    running: { ...count, description: 'Jobs that run, here or in another sidecar on the same database' },
    apps: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          name: { type: 'string' },
          gateway: { type: 'string', description: "'untried', 'ok', or the code of the latest failure" },
          links: { ...count, description: 'Connections made' },
          removed: { ...count, description: 'Dead tokens removed' }
        }
      }
    },
    outcomes: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          app: { type: 'string' },
          outcome: { type: 'string' },
          reason: { type: 'string', nullable: true },
          count
        }
      }
    },
    jobs: { type: 'array', items: { $ref: 'Job#' }, description: `The latest ${LATEST}` }
  }
}

/**
 * @param {import('../sidecar.js').Server} server
 * @param {object} parts
 * @param {import('../apps.js').Apps} parts.apps
 * @param {import('../journal/journal.js').Journal} parts.journal
 * @param {import('../jobs/runner.js').Runner} parts.runner
 * @param {import('../metrics.js').Metrics} parts.metrics
 * @param {import('./events.js').Watchers} parts.watchers
 */
export async function overviewRoutes (server, { apps, journal, runner, metrics, watchers }) {
  const since = new Date().toISOString()

  /** @param {import('../keys.js').Caller} caller */
  const look = async caller => {
    const mine = [...apps].filter(({ name }) => caller.maySee(name))
    const [links, removed, outcomes, { queued, running }, jobs] = await Promise.all([
      metrics.byApp(metrics.links),
      metrics.byApp(metrics.removed),
      metrics.outcomes(),
      journal.openCounts(),
      journal.list({ apps: mine.map(({ name }) => name), limit: LATEST })
    ])
    return {
      since,
      queued,
      running,
      apps: mine.map(({ name, gateway }) =>
        ({ name, gateway, links: links.get(name) ?? 0, removed: removed.get(name) ?? 0 })),
      outcomes: outcomes.filter(({ app }) => caller.maySee(app)),
      jobs: jobs.map(job => runner.view(job.id) ?? job)
    }
  }

  server.get('/v1/overview', {
    schema: {
      operationId: 'overview',
      summary: 'How things stand',
      tags,
      response: answers({ 200: json('What was done, and the latest jobs', overview) })
    }
  }, async request => look(callerOf(request)))

  server.get('/v1/events', {
    schema: {
      operationId: 'watchOverview',
      summary: 'Watch how things stand',
      description: 'Server-sent events, `overview` when something has changed. Their data: that of GET /v1/overview.',
      tags,
      response: answers({ 200: events })
    }
  }, async (request, reply) => {
    const caller = callerOf(request)
    await watchers.watch(request, reply, async () => ({ event: 'overview', data: await look(caller) }))
  })
}
