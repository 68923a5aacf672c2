/**
 * What the sidecar counts, for Prometheus and for the page of the person on call.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

/** Seconds: an answer within one turn of the wheel, and a gateway that is far away and slow. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

export class Metrics {
  registry = new Registry()

  constructor () {
    const registers = [this.registry]
    collectDefaultMetrics({ register: this.registry })
    /** Tokens that settled. */
    this.notifications = new Counter({
      name: 'bellpush_notifications_total',
      help: 'Notifications that settled, by app, outcome and reason',
      labelNames: ['app', 'outcome', 'reason'],
      registers
    })
    this.pushes = new Histogram({
      name: 'bellpush_push_seconds',
      help: 'Time until the last token of a push that is answered with a report had settled',
      labelNames: ['app'],
      buckets: BUCKETS,
      registers
    })
    this.requests = new Histogram({
      name: 'bellpush_http_request_seconds',
      help: 'Time that requests took, by method, route and status',
      labelNames: ['method', 'route', 'status'],
      buckets: BUCKETS,
      registers
    })
    this.links = new Counter({
      name: 'bellpush_links_total', help: 'Connections made to gateways', labelNames: ['app'], registers
    })
    this.removed = new Counter({
      name: 'bellpush_tokens_removed_total',
      help: 'Dead tokens removed from the token database',
      labelNames: ['app'],
      registers
    })
    this.jobs = new Gauge({ name: 'bellpush_jobs', help: 'Jobs that are not over', labelNames: ['state'], registers })
    this.webhooks = new Counter({
      name: 'bellpush_webhooks_total', help: 'Calls of the webhook', labelNames: ['outcome'], registers
    })
  }

  /**
   * @param {string} app
   * @param {string} outcome
   * @param {string | null} reason
   * @param {number} [count]
   */
  settled (app, outcome, reason, count = 1) {
    if (count > 0) this.notifications.inc({ app, outcome, reason: reason ?? '' }, count)
  }

  /**
   * What the page shows: every count of an app since this process began.
   * @returns {Promise<{ app: string, outcome: string, reason: string | null, count: number }[]>}
   */
  async outcomes () {
    const { values } = await this.notifications.get()
    return values.map(({ labels: { app, outcome, reason }, value }) =>
      ({ app: String(app), outcome: String(outcome), reason: String(reason) || null, count: value }))
  }

  /**
   * @param {Counter<'app'>} counter
   * @returns {Promise<Map<string, number>>} by app
   */
  async byApp (counter) {
    return new Map((await counter.get()).values.map(({ labels, value }) => [String(labels.app), value]))
  }
}
