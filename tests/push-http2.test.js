/** Pushes over HTTP/2, real TLS and the core, against node:http2: what is reported is what was accepted. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Client } from '../js/client.js'
import { createSigningKey } from '../js/simulator/http2-authorization.js'
import { Simulator } from '../js/simulator/index.js'
import { openTokenStore } from '../js/stores/index.js'
import { simulatorDir } from './helpers/kept.js'
import { dingDong, ring, token, tokens } from './helpers/ring.js'

/**
 * @param {import('node:test').TestContext} t
 * @param {import('../js/simulator/simulator.js').SimulatorOptions} [simulated]
 * @param {Partial<import('../js/client.js').ClientOptions>} [options]
 */
async function doorbell (t, simulated = {}, options = {}) {
  const simulator = await Simulator.start({ dir: simulatorDir, ...simulated })
  t.after(() => simulator.stop())
  const client = new Client({
    gateway: simulator.http2,
    auth: simulator.signingKey,
    ca: simulator.credentials.ca,
    topic: 'com.example.doorbell',
    ...options
  })
  t.after(() => client.destroy())
  return { simulator, client }
}

describe('a push over HTTP/2', () => {
  test('of 1,000 tokens with 50 dead ones says which are dead, and removes them', async t => {
    const all = tokens(1000)
    const store = await openTokenStore('memory:')
    for (const one of all) await store.put('door', one)
    // 25 that Apple says died in a while, and 25 that it calls bad
    const dead = all.filter((_, i) => i % 40 === 39).map(token => ({ token, time: Math.floor(Date.now() / 1000) + 60 }))
    const faults = all.filter((_, i) => i % 40 === 19).map(token => `BadDeviceToken@token:${token}`)
    const { simulator, client } = await doorbell(t, { dead, faults }, { tokens: store })
    const report = await client.send(dingDong, { clientId: 'door' })
    assert.equal(report.accepted, 950)
    assert.equal(report.rejected.length, 50)
    assert.equal(report.removed.length, 50)
    assert.deepEqual(new Set(report.rejected.map(({ reason, status }) => `${status} ${reason}`)),
      new Set(['410 Unregistered', '400 BadDeviceToken']))
    assert.equal(simulator.counts().duplicates, 0)
  })

  test('keeps its connection for the next one', async t => {
    const { simulator, client } = await doorbell(t)
    await client.send(dingDong, tokens(10))
    simulator.reset()
    await client.send(dingDong, tokens(10))
    assert.deepEqual([simulator.counts().connections, simulator.counts().accepted], [0, 10])
  })

  test('connects although the first tokens fill the window', async t => {
    const { client } = await doorbell(t, {}, { maxInFlight: 512 })
    assert.equal((await client.send(dingDong, tokens(2000))).accepted, 2000)
  })

  test('with a client certificate', async t => {
    const { simulator } = await doorbell(t)
    const { ca, cert, key } = simulator.credentials
    const client = new Client({ gateway: simulator.http2, auth: { cert, key }, ca, topic: 'com.example.doorbell' })
    t.after(() => client.destroy())
    assert.equal((await client.send(dingDong, tokens(5))).accepted, 5)
  })

  test('goes on after a GOAWAY for every 100 streams', async t => {
    const { report } = await ring(await doorbell(t, { http2: { goawayAfter: 100 } }), tokens(10_000))
    assert.equal(report.accepted, 10_000)
  })

  test('obeys a limit that falls to 1', async t => {
    const { report } = await ring(await doorbell(t, { faults: ['streams-1@50'] }), tokens(300))
    assert.equal(report.accepted, 300)
  })

  test('leaves in doubt what is reset or never answered, and nothing else', async t => {
    const faults = ['reset-stream@10', 'accepted-reset@20', 'silent@30', 'accepted-silent@40', 'refused-stream@50']
    const { outcomes } = await ring(await doorbell(t, { faults }, { answerTimeout: 500 }), tokens(300))
    const doubtful = [...outcomes.values()].filter(outcome => outcome === 'inDoubt').length
    assert.ok(doubtful >= 2 && doubtful <= 4, `${doubtful} in doubt`)
  })

  test('goes on after a connection was killed', async t => {
    const { report } = await ring(await doorbell(t, { faults: ['kill@500', 'accepted-kill@900'] }), tokens(2000))
    assert.equal(report.accepted + report.counts.inDoubt, 2000)
  })

  test('signs another provider token when one has expired', async t => {
    const { simulator, client } = await doorbell(t)
    await client.send(dingDong, tokens(3))
    simulator.expireProviderTokens()
    const report = await client.send(dingDong, tokens(100))
    assert.equal(report.accepted, 100)
    assert.equal(simulator.providerTokens, 2)
  })

  test('waits as long as 429 says with Retry-After', async t => {
    const { report } = await ring(await doorbell(t, { faults: ['TooManyRequests-1@5'] }), tokens(20))
    assert.equal(report.accepted, 20)
    assert.ok(report.elapsed >= 1000, `${report.elapsed} ms`)
  })

  test('waits as long as 503 says with a date in Retry-After', async t => {
    const { report } = await ring(await doorbell(t, { faults: ['ServiceUnavailable-until-3@5'] }), tokens(20))
    assert.equal(report.accepted, 20)
    assert.ok(report.elapsed >= 2000, `${report.elapsed} ms`) // dates are whole seconds
  })

  test('is not stopped by one token that has too much each time', async t => {
    const bell = await doorbell(t, { faults: [`TooManyRequests@token:${token(7)}`] }, { maxAttempts: 2 })
    const { report, outcomes } = await ring(bell, tokens(300))
    assert.deepEqual([report.accepted, outcomes.get(token(7))], [299, 'exhausted'])
  })

  test('goes on when the gateway fails to process a few', async t => {
    const faults = ['InternalServerError@3', 'ServiceUnavailable@40', 'Shutdown@60']
    const { report } = await ring(await doorbell(t, { faults }), tokens(200))
    assert.equal(report.accepted, 200)
  })

  test('that nobody may send stops at the first', async t => {
    const { client } = await doorbell(t)
    await assert.rejects(client.send(dingDong, tokens(500), { topic: 'com.example.other' }), error => {
      const { code, message, report } = /** @type {any} */ (error)
      assert.equal(code, 'BELLPUSH_NOTIFICATION_REFUSED')
      assert.match(message, /TopicDisallowed/)
      return report.accepted === 0
    })
  })

  test('by somebody whom the gateway does not know stops at the first, and says what to look at', async t => {
    const { simulator, client } = await doorbell(t, {}, { auth: createSigningKey() })
    await assert.rejects(client.send(dingDong, tokens(500)), error => {
      const { code, message, report } = /** @type {any} */ (error)
      assert.equal(code, 'BELLPUSH_CREDENTIALS_REFUSED')
      assert.match(message, /403 \(InvalidProviderToken\): .*keyId.*clock/)
      assert.deepEqual([report.accepted, report.counts.notSent + report.counts.rejected], [0, 500])
      return true
    })
    assert.equal(simulator.counts().received, 1)
  })

  test('of several teams and apps in one process, each with a client of its own', async t => {
    const other = { ...createSigningKey(), keyId: 'ANOTHERKEY', teamId: 'ANOTHER001' }
    const topics = ['com.example.doorbell', 'com.example.intercom']
    const { simulator, client } = await doorbell(t, { http2: { keys: [other], topics } })
    const intercom = new Client({
      gateway: simulator.http2, auth: other, ca: simulator.credentials.ca, topic: 'com.example.intercom'
    })
    t.after(() => intercom.destroy())
    const [first, second] = await Promise.all([
      client.send(dingDong, tokens(300)), intercom.send(dingDong, tokens(600).slice(300))
    ])
    assert.deepEqual([first.accepted, second.accepted, simulator.counts().duplicates], [300, 300, 0])
    assert.equal(simulator.providerTokens, 2)
  })
})

describe('apns-id', () => {
  const id = '12345678-9abc-def0-1234-56789abcdef0'

  test('is what the caller gives', async t => {
    const { simulator, client } = await doorbell(t)
    /** @type {(string | undefined)[]} */
    const seen = []
    simulator.on('accepted', ({ headers }) => seen.push(headers?.get('apns-id')))
    for await (const result of client.stream(dingDong, token(1), { id: id.toUpperCase() })) assert.equal(result.id, id)
    assert.deepEqual(seen, [id])
  })

  test('is the gateway\'s own for each notification where the caller gives none', async t => {
    const { client } = await doorbell(t, { dead: [token(8)] })
    const ids = new Set()
    for await (const { id } of client.stream(dingDong, tokens(8))) ids.add(id)
    assert.equal(ids.size, 8)
    for (const one of ids) assert.match(one, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  })

  test('is there for what was rejected, in the report', async t => {
    const { client } = await doorbell(t, { dead: [token(1)] })
    const { rejected: [result] } = await client.send(dingDong, token(1), { id })
    assert.deepEqual([result.reason, result.id], ['Unregistered', id])
  })

  test('names one notification: there is none for several tokens', async t => {
    const { simulator, client } = await doorbell(t)
    /** @param {string[]} tokens */
    async function * source (tokens) { yield * tokens }
    const audiences = { array: tokens(2), set: new Set(tokens(2)), source: source(tokens(2)) }
    for (const [name, audience] of Object.entries(audiences)) {
      await assert.rejects(client.send(dingDong, audience, { id }), /id names one notification .* several tokens/, name)
    }
    assert.equal(simulator.counts().connections, 0)
    const { accepted } = await client.send(dingDong, source([token(1)]), { id })
    assert.equal(accepted, 1)
  })
})
