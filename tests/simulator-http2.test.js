/** The simulated HTTP/2 service, asked by node:http2: whom it believes, what it refuses, and its faults on demand. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { reasons } from '../js/simulator/http2-faults.js'
import { createSigningKey } from '../js/simulator/http2-authorization.js'
import { bearer, dialHttp2 } from './helpers/http2-client.js'
import { simulated, token } from './helpers/simulated.js'

/**
 * @param {import('node:test').TestContext} t
 * @param {import('../js/simulator/simulator.js').SimulatorOptions} [options]
 */
async function http2Simulated (t, options) {
  const { simulator } = await simulated(t, options)
  return { simulator, ...await dialHttp2(t, simulator) }
}

describe('a request', () => {
  test('is accepted, and its apns-id comes back', async t => {
    const { simulator, post } = await http2Simulated(t)
    const id = '12345678-9abc-def0-1234-56789abcdef0'
    assert.deepEqual(await post(token(1), { 'apns-id': id }), { status: 200, id, code: 0 })
    assert.match(String((await post(token(1))).id), /^[0-9a-f]{8}-/)
    assert.deepEqual([...simulator.accepted], [[token(1), 2]])
    assert.equal(simulator.counts().duplicates, 1)
  })

  test('for a dead token is refused with 410 and the time of its death', async t => {
    const { post } = await http2Simulated(t, { dead: [{ token: token(1), time: 1_700_000_000 }] })
    const { status, reason, timestamp } = await post(token(1))
    assert.deepEqual([status, reason, timestamp], [410, 'Unregistered', 1_700_000_000_000])
  })

  /** @type {[reason: string, headers: Record<string, any>, payload?: string, token?: string][]} */
  const broken = [
    ['BadPath', { ':path': '/3/devices/00' }],
    ['MethodNotAllowed', { ':method': 'PUT' }],
    ['MissingDeviceToken', {}, '{}', ''],
    ['BadDeviceToken', {}, '{}', '0g'],
    ['BadMessageId', { 'apns-id': '12345678-9ABC-DEF0-1234-56789ABCDEF0' }],
    ['BadExpirationDate', { 'apns-expiration': 'soon' }],
    ['BadCollapseId', { 'apns-collapse-id': 'x'.repeat(65) }],
    ['InvalidPushType', { 'apns-push-type': 'sms' }],
    ['BadPriority', { 'apns-priority': '7' }],
    ['BadPriority', { 'apns-push-type': 'background', 'apns-priority': '10' }],
    ['MissingTopic', { 'apns-topic': undefined }],
    ['BadTopic', { 'apns-push-type': 'voip' }],
    ['TopicDisallowed', { 'apns-topic': 'com.example.other' }],
    ['PayloadEmpty', {}, ''],
    ['PayloadTooLarge', {}, 'x'.repeat(4097)],
    ['PayloadTooLarge', { 'apns-push-type': 'voip', 'apns-topic': 'com.example.doorbell.voip' }, 'x'.repeat(5121)],
    ['DuplicateHeaders', { 'x-twice': ['a', 'b'] }],
    ['MissingProviderToken', { authorization: undefined }],
    ['InvalidProviderToken', { authorization: 'bearer nothing' }]
  ]
  test('that breaks a rule gets the reason of that rule', async t => {
    const { post } = await http2Simulated(t)
    await post(token(1))
    for (const [reason, headers, payload, address = token(2)] of broken) {
      assert.equal((await post(address, headers, payload)).reason, reason, JSON.stringify(headers))
    }
  })

  test('of a call may have 5,120 bytes', async t => {
    const { post } = await http2Simulated(t)
    const headers = { 'apns-push-type': 'voip', 'apns-topic': 'com.example.doorbell.voip' }
    assert.equal((await post(token(1), headers, 'x'.repeat(5120))).status, 200)
  })
})

describe('a provider token', () => {
  test('is refused if it is signed by another key, is for another team, or is old', async t => {
    const { simulator, post } = await http2Simulated(t)
    const good = simulator.signingKey
    const now = Math.floor(Date.now() / 1000)
    /** @type {[string, string][]} */
    const tokens = [
      ['InvalidProviderToken', bearer({ ...good, key: createSigningKey().key })],
      ['InvalidProviderToken', bearer(good, { iss: 'ANOTHER001' })],
      ['InvalidProviderToken', bearer(good, { kid: 'UNKNOWN001' })],
      ['InvalidProviderToken', bearer(good, { iat: now + 600 })],
      ['ExpiredProviderToken', bearer(good, { iat: now - 3601 })]
    ]
    for (const [reason, authorization] of tokens) {
      const answer = await post(token(1), { authorization })
      assert.deepEqual([answer.status, answer.reason], [403, reason])
    }
    assert.equal(simulator.counts().accepted, 0)
  })

  test('expires on demand, and a fresh one is taken', async t => {
    const { simulator, post } = await http2Simulated(t)
    assert.equal((await post(token(1))).status, 200)
    simulator.expireProviderTokens()
    assert.equal((await post(token(1))).reason, 'ExpiredProviderToken')
    assert.equal((await post(token(1), { authorization: bearer(simulator.signingKey) })).status, 200)
    assert.equal(simulator.providerTokens, 2)
  })

  test('opens one stream, and all of them once it was taken', async t => {
    const { session, post } = await http2Simulated(t)
    assert.equal(session.remoteSettings.maxConcurrentStreams, 1)
    const changed = once(session, 'remoteSettings')
    await post(token(1))
    const [settings] = await changed
    assert.equal(settings.maxConcurrentStreams, 1000)
  })
})

describe('a client certificate', () => {
  test('speaks for its topic, at once on all streams', async t => {
    const { simulator } = await simulated(t)
    const { cert, key } = simulator.credentials
    const { session, post } = await dialHttp2(t, simulator, { cert, key })
    assert.equal(session.remoteSettings.maxConcurrentStreams, 1000)
    assert.equal((await post(token(1), { 'apns-topic': undefined })).status, 200)
  })
})

describe('on demand', () => {
  test('every reason', async t => {
    const all = reasons.flatMap(([status, names]) => names.map(name => ({ status, name })))
    const { post } = await http2Simulated(t, { faults: all.map(({ name }, i) => `${name}@token:${token(i)}`) })
    for (const [i, { status, name }] of all.entries()) {
      const answer = await post(token(i))
      assert.deepEqual([answer.status, answer.reason], [status, name])
    }
  })

  test('429 and 503 with Retry-After', async t => {
    const { post } = await http2Simulated(t, { faults: ['TooManyRequests-7@1', 'ServiceUnavailable-8@2'] })
    assert.equal((await post(token(1))).retryAfter, '7')
    assert.equal((await post(token(1))).retryAfter, '8')
    assert.equal((await post(token(1))).status, 200)
  })

  test('Retry-After as a date', async t => {
    const { post } = await http2Simulated(t, { faults: ['ServiceUnavailable-until-60@1'] })
    const { retryAfter } = await post(token(1))
    assert.match(String(retryAfter), /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/)
  })

  test('a refused stream, a reset one, and what was accepted all the same', async t => {
    const faults = ['refused-stream@1', 'reset-stream@2', 'accepted-reset@3']
    const { simulator, post } = await http2Simulated(t, { faults })
    assert.equal((await post(token(1))).code, 7)
    assert.equal((await post(token(2))).code, 2)
    assert.equal((await post(token(3))).code, 2)
    assert.deepEqual([...simulator.accepted.keys()], [token(3)])
  })

  test('a stream that is silent, while others are answered', async t => {
    const { simulator, post } = await http2Simulated(t, { faults: ['silent@2', 'accepted-silent@3'] })
    await post(token(1))
    post(token(2))
    post(token(3))
    assert.equal((await post(token(4))).status, 200)
    assert.deepEqual([...simulator.accepted.keys()], [token(1), token(3), token(4)])
  })

  test('a limit of streams that changes in flight', async t => {
    const { session, post } = await http2Simulated(t, { faults: ['streams-1@2'] })
    const grown = once(session, 'remoteSettings')
    await post(token(1))
    await grown
    const fallen = once(session, 'remoteSettings')
    await post(token(2))
    assert.equal((await fallen)[0].maxConcurrentStreams, 1)
  })

  test('a GOAWAY that names the last stream, and nothing above it is looked at', async t => {
    const { simulator, session, post } = await http2Simulated(t, { faults: ['goaway@2'] })
    await post(token(1))
    const left = once(session, 'goaway')
    assert.equal((await post(token(2))).status, 200)
    assert.deepEqual((await left).slice(0, 2), [0, 3])
    assert.equal(simulator.counts().received, 2)
  })

  test('the end of the connection, by a reset', async t => {
    const { simulator, session, post } = await http2Simulated(t, { faults: ['accepted-kill@2'] })
    await post(token(1))
    const closed = new Promise(resolve => session.once('close', resolve))
    assert.equal((await post(token(2))).status, 0)
    await closed
    assert.equal(simulator.accepted.size, 2)
  })
})

test('GOAWAY after so many streams of each connection', async t => {
  const { session, post } = await http2Simulated(t, { http2: { goawayAfter: 3 } })
  const left = once(session, 'goaway')
  for (const n of [1, 2, 3]) assert.equal((await post(token(n))).status, 200)
  assert.deepEqual((await left).slice(0, 2), [0, 5])
})

test('small windows', async t => {
  const { session, post } = await http2Simulated(t, { http2: { window: 10 } })
  assert.equal(session.remoteSettings.initialWindowSize, 10)
  assert.equal((await post(token(1), {}, `{"aps":"${'x'.repeat(100)}"}`)).status, 200)
})

test('a client that does not speak h2 is refused', async t => {
  const { simulator } = await simulated(t)
  const tls = await import('node:tls')
  const { port } = new URL(simulator.http2)
  const refused = once(simulator, 'refused', { signal: t.signal })
  const socket = tls.connect({ port: Number(port), host: '127.0.0.1', ca: simulator.credentials.ca })
  socket.on('error', () => {})
  t.after(() => socket.destroy())
  assert.match((await refused)[0].message, /ALPN/)
})
