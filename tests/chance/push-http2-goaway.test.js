/** 100,000 tokens over HTTP/2, and a gateway that takes leave after every 100: none is lost, none comes twice. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from '../../js/client.js'
import { Simulator } from '../../js/simulator/index.js'
import { ring, tokens } from '../helpers/ring.js'

const COUNT = 100_000

test('100,000 tokens, a GOAWAY after every 100', async t => {
  const simulator = await Simulator.start({ http2: { goawayAfter: 100 } })
  t.after(() => simulator.stop())
  const { signingKey: auth, credentials: { ca } } = simulator
  const client = new Client({ gateway: simulator.http2, auth, ca, topic: 'com.example.doorbell', maxInFlight: 5_000 })
  t.after(() => client.destroy())
  const { report } = await ring({ simulator, client }, tokens(COUNT))
  t.diagnostic(`${report.connections} connections, ${report.elapsed} ms`)
  assert.deepEqual(report.counts, { accepted: COUNT, rejected: 0, exhausted: 0, expired: 0, inDoubt: 0, notSent: 0 })
  assert.equal(simulator.counts().duplicates, 0)
})
