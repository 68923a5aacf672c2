/**
 * The legacy gateway beside the sidecar: the same apps, for services that speak nothing but the old protocol.
 */
import { resolve } from 'node:path'
import { Counter, Gauge } from 'prom-client'
import { createLegacyGateway } from '../legacy/gateway.js'
import { integer, oneOf } from '../options.js'

/**
 * @typedef {object} LegacyConfig
 * @property {string} host
 * @property {number} port
 * @property {number | undefined} feedbackPort
 * @property {string} feedback
 * @property {import('../legacy/secure.js').SecureOptions | undefined} tls
 * @property {Record<string, string[]>} certificates by the name of an app: those that speak for it whatever they say
 */

const text = { fits: (/** @type {unknown} */ value) => typeof value === 'string' && value !== '', wants: 'text' }
const table = {
  fits: (/** @type {any} */ value) => typeof value === 'object' && value !== null && !Array.isArray(value) &&
    Object.values(value).every(Array.isArray),
  wants: 'a table of lists of files'
}

/** What a section `[legacy]` may say; all but the certificates of old clients are options of the legacy gateway. */
export const legacyRules = {
  host: { ...text, fallback: '127.0.0.1' },
  port: integer(0, 65_535, 2195),
  feedbackPort: integer(0, 65_535),
  feedback: { ...text, fallback: 'legacy-feedback.db' },
  cert: text,
  key: text,
  pfx: text,
  passphrase: text,
  ca: text,
  minVersion: oneOf(['TLSv1', 'TLSv1.1', 'TLSv1.2']),
  certificates: { ...table, fallback: {} }
}

/**
 * @param {Record<string, any>} checked what a section `[legacy]` says, by the rules
 * @param {string} folder that paths are relative to
 * @returns {LegacyConfig}
 */
export function readLegacy (checked, folder) {
  const { host, port, feedbackPort, feedback, passphrase, minVersion, certificates, ...files } = checked
  const path = (/** @type {string | undefined} */ file) => file === undefined ? undefined : resolve(folder, file)
  const { cert, key = cert, pfx, ca } = files
  const tls = cert === undefined && pfx === undefined
    ? undefined
    : { cert: path(cert), key: path(key), pfx: path(pfx), ca: path(ca), passphrase, minVersion }
  return {
    host,
    port,
    feedbackPort,
    feedback: resolve(folder, feedback),
    tls,
    certificates: Object.fromEntries(Object.entries(certificates).map(([app, list]) =>
      [app, list.map((/** @type {string} */ file) => resolve(folder, file))]))
  }
}

/**
 * @param {LegacyConfig} config
 * @param {{ apps: Iterable<import('./apps.js').App>, log: import('../legacy/log.js').Log,
 *   registry: import('prom-client').Registry }} parts
 */
export async function startLegacyGateway (config, { apps, log, registry }) {
  const { certificates, feedbackPort, feedback, ...options } = config
  const gateway = await createLegacyGateway({
    ...options,
    ...feedbackPort !== undefined && { feedbackPort, feedback },
    apps: [...apps].filter(({ client }) => client.carrier !== undefined)
      .map(({ name, client }) => ({ name, client, certificates: certificates[name] })),
    log
  })
  measure(gateway, registry)
  return gateway
}

/**
 * @param {import('../legacy/gateway.js').LegacyGateway} gateway
 * @param {import('prom-client').Registry} registry
 */
function measure (gateway, registry) {
  const registers = [registry]
  const notifications = new Counter({
    name: 'bellpush_legacy_notifications_total',
    help: 'Notifications of old clients that settled, by app, client, outcome and the status that they were told',
    labelNames: ['app', 'client', 'outcome', 'status'],
    registers,
    collect () {
      this.reset()
      for (const { app, client, accepted, swallowed, dead, expired, inDoubt, refused } of gateway.figures()) {
        for (const [outcome, count] of Object.entries({ accepted, swallowed, dead, expired, inDoubt })) {
          notifications.inc({ app, client, outcome, status: '' }, count)
        }
        for (const [status, count] of Object.entries(refused)) {
          notifications.inc({ app, client, outcome: 'refused', status }, count)
        }
      }
    }
  })
  const connections = new Gauge({
    name: 'bellpush_legacy_connections',
    help: 'Connections of old clients, by app and client',
    labelNames: ['app', 'client'],
    registers,
    collect () {
      this.reset()
      for (const { app, client, open } of gateway.figures()) connections.set({ app, client }, open)
    }
  })
}
