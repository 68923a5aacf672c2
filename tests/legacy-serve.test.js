/** The legacy gateway beside the sidecar: one process, one set of apps, one page of metrics. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { createSidecar, readConfig } from '../js/serve/index.js'
import { Simulator } from '../js/simulator/index.js'
import { folder } from './helpers/certificates.js'
import { connect } from './helpers/raw-client.js'
import { notifications } from './helpers/simulated.js'

test('a section [legacy], or a flag, has the sidecar take the old protocol in', async t => {
  const simulator = await Simulator.start()
  t.after(() => simulator.stop())
  const { ca, cert, key } = simulator.credentials
  const path = await folder(t, { 'ca.pem': ca, 'cert.pem': cert, 'key.pem': key })
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (probe.address())
  probe.close()
  await once(probe, 'close')
  const config = readConfig({
    database: `sqlite:${path}/doorbell.db`,
    logLevel: 'silent',
    legacy: { port },
    app: {
      gateway: simulator.http2,
      topic: 'com.example.doorbell',
      ca: `${path}/ca.pem`,
      cert: `${path}/cert.pem`,
      key: `${path}/key.pem`
    }
  }, {})
  const server = await createSidecar(config)
  t.after(() => server.close())
  await server.ready()
  const client = await connect(`apns://127.0.0.1:${port}`, undefined)
  await client.send(...notifications(1, 10))
  await simulator.until(({ accepted }) => accepted === 10)
  await client.close()
  const { body } = await server.inject('/metrics')
  const accepted = 'app="default",client="plain",outcome="accepted",status=""'
  assert.ok(body.includes(`bellpush_legacy_notifications_total{${accepted}} 10`), body)
})

test('what the section [legacy] may not say is named', () => {
  const flags = { database: 'sqlite::memory:', legacy: { port: 70_000 }, app: { gateway: 'https://a:1' } }
  assert.throws(() => readConfig(flags, {}),
    { code: 'BELLPUSH_OPTION_INVALID', message: /legacy\.port must be an integer from 0 to 65535/ })
})
