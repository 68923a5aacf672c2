/** A legacy gateway between raw old clients and a simulated Apple that speaks HTTP/2, all gone when the test ends. */

import { join } from 'node:path'
import { Client } from '../../js/client.js'
import { createLegacyGateway } from '../../js/legacy/gateway.js'
import { Simulator } from '../../js/simulator/index.js'
import { authority, client as clientCertificate, folder, server } from './certificates.js'
import { simulatorDir } from './kept.js'
import { connect } from './raw-client.js'

/** What the gateway says, for tests that look at it. @returns {any} */
export function recorder () {
  /** @type {{ level: string, about: any, message: string }[]} */
  const lines = []
  const level = (/** @type {string} */ level) => (/** @type {any} */ about, /** @type {string} */ message) =>
    void lines.push({ level, about, message })
  return { lines, log: { debug: level('debug'), info: level('info'), warn: level('warn'), error: level('error') } }
}

/**
 * @param {import('node:test').TestContext} t
 * @param {import('../../js/simulator/simulator.js').SimulatorOptions} [simulated]
 * @param {Partial<import('../../js/legacy/gateway.js').LegacyGatewayOptions> & { plain?: boolean,
 *   client?: Partial<import('../../js/client.js').ClientOptions>,
 *   app?: Partial<import('../../js/legacy/apps.js').LegacyApp> }} [options]
 */
export async function legacyGateway (t, simulated = {}, { plain = false, client: own, app, tls, ...options } = {}) {
  const simulator = await Simulator.start({ dir: simulatorDir, ...simulated })
  const client = new Client({
    gateway: simulator.http2,
    auth: simulator.signingKey,
    ca: simulator.credentials.ca,
    topic: 'com.example.doorbell',
    ...own
  })
  t.after(async () => {
    client.destroy()
    await simulator.stop()
  })
  const { lines, log } = recorder()
  const gateway = await createLegacyGateway({
    apps: [{ name: 'doorbell', client, ...app }],
    ...!plain && { tls: { cert: server.certPem, key: server.keyPem, ca: authority.certPem, ...tls } },
    port: 0,
    feedbackPort: 0,
    feedback: join(await folder(t), 'feedback.db'),
    log,
    ...options
  })
  /** @type {import('./raw-client.js').RawClient[]} */
  const clients = []
  t.after(() => {
    for (const client of clients) client.destroy()
    gateway.destroy()
  })
  const { certPem: cert, keyPem: key } = clientCertificate
  const credentials = plain ? undefined : { ca: authority.certPem, cert, key }
  const dialTo = (/** @type {string | undefined} */ address) =>
    async (/** @type {import('./raw-client.js').DialOptions} */ overrides = {}) => {
      const client = await connect(`apns://${address}`, credentials && { ...credentials, ...overrides })
      clients.push(client)
      return client
    }
  return {
    simulator, gateway, client, lines, dial: dialTo(gateway.address), dialFeedback: dialTo(gateway.feedbackAddress)
  }
}
