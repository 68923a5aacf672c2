/** The sidecar's answers: pushes, tokens, frames, refusals, over a real gateway's wire and a real database. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { token, tokens } from './helpers/ring.js'
import { dingDong, sidecar } from './helpers/sidecar.js'

const nothing = { accepted: 0, rejected: 0, exhausted: 0, expired: 0, inDoubt: 0, notSent: 0 }

test('a ring: the phones of a client are pushed to, the dead one is removed and named', async t => {
  const { call, push, simulator } = await sidecar(t, { simulated: { dead: [token(2)] } })
  for (const n of [1, 2, 3, 4]) {
    assert.equal((await call('PUT', `/v1/clients/door%207/tokens/${token(n).toUpperCase()}`)).status, 204)
  }
  const { status, body } = await push({ clientIds: ['door 7', 'nobody'] })
  assert.equal(status, 200)
  assert.deepEqual(body, {
    counts: { ...nothing, accepted: 3, rejected: 1 },
    total: 4,
    removed: 1,
    unknownClients: ['nobody'],
    results: [{ token: token(2), clientId: 'door 7', outcome: 'rejected', reason: 'InvalidToken', status: 8 }],
    stopped: null
  })
  assert.deepEqual((await call('GET', '/v1/clients/door%207/tokens')).body.tokens, [1, 3, 4].map(token))
  assert.equal(simulator.counts().accepted, 3)
})

test('tokens and clients together: each token once, whatever its spelling', async t => {
  const { call, push, simulator } = await sidecar(t)
  await call('PUT', `/v1/clients/7/tokens/${token(10)}`)
  const given = [token(10).toUpperCase(), token(11), token(11), 'no token']
  const { body } = await push({ clientIds: [7, '7'], tokens: given })
  assert.deepEqual(body.counts, { ...nothing, accepted: 2, rejected: 1 })
  assert.deepEqual(body.results,
    [{ token: 'no token', clientId: null, outcome: 'rejected', reason: 'MalformedToken', status: null }])
  assert.equal(simulator.counts().duplicates, 0)
})

test('what the payload, the expiration and the priority say is on the wire', async t => {
  const { push, simulator } = await sidecar(t)
  /** @type {any} */
  let seen
  simulator.on('accepted', event => { seen = event })
  await push({ tokens: [token(1)], custom: { door: 7 }, options: { expiration: 4_000_000_000, priority: 5 } })
  assert.deepEqual(JSON.parse(Buffer.from(seen.payload).toString()), { aps: dingDong, door: 7 })
  assert.deepEqual([seen.expiration, seen.priority], [4_000_000_000, 5])
})

test('over HTTP/2: what only it can say is said, and the dead are removed by its word', async t => {
  const dead = { token: token(2), time: Math.floor(Date.now() / 1000) + 60 } // after it was registered
  const { call, push, simulator } = await sidecar(t, { http2: true, simulated: { dead: [dead] } })
  for (const n of [1, 2]) await call('PUT', `/v1/clients/7/tokens/${token(n)}`)
  const { body } = await push({ clientIds: [7], options: { collapseId: 'door-7', expiration: 0 } })
  assert.deepEqual([body.counts.accepted, body.removed], [1, 1])
  assert.deepEqual(body.results,
    [{ token: token(2), clientId: '7', outcome: 'rejected', reason: 'Unregistered', status: 410 }])
  assert.equal(simulator.counts().accepted, 1)
  const long = await push({ tokens: [token(1)], options: { collapseId: 'x'.repeat(65) } })
  assert.deepEqual([long.status, long.body.code], [422, 'BELLPUSH_NOTIFICATION_INVALID'])
  const wrong = await push({ tokens: [token(1)], options: { pushType: 'ring' } })
  assert.deepEqual([wrong.status, wrong.body.code], [422, 'BELLPUSH_NOTIFICATION_INVALID'])
})

test('a gateway that cannot be reached is told in the report', async t => {
  const { push, simulator, call } = await sidecar(t, { app: 'connectTries = 1' })
  await simulator.stop()
  const { status, body } = await push({ tokens: [token(1)] })
  assert.equal(status, 200)
  assert.deepEqual(body.counts, { ...nothing, notSent: 1 })
  assert.equal(body.stopped.code, 'BELLPUSH_CONNECT_FAILED')
  assert.equal((await call('GET', '/readyz')).body.checks.gateways.doorbell, 'BELLPUSH_CONNECT_FAILED')
})

test('removing tokens: of a client, of everybody, absent ones', async t => {
  const { call } = await sidecar(t)
  for (const n of [1, 2, 3]) await call('PUT', `/v1/clients/7/tokens/${token(n)}`)
  assert.equal((await call('DELETE', `/v1/clients/8/tokens/${token(1)}`)).status, 204, 'it is not that one\'s')
  assert.deepEqual((await call('GET', '/v1/clients/7/tokens')).body.tokens.length, 3)
  assert.equal((await call('DELETE', `/v1/clients/7/tokens/${token(1)}`)).status, 204)
  assert.equal((await call('DELETE', `/v1/clients/7/tokens/${token(1)}`)).status, 204)
  assert.deepEqual((await call('DELETE', `/v1/tokens/${token(2)}`)).body, { removed: 1 })
  assert.deepEqual((await call('DELETE', `/v1/tokens/${token(2)}`)).body, { removed: 0 })
  assert.deepEqual((await call('DELETE', '/v1/clients/7/tokens')).body, { removed: 1 })
  assert.deepEqual((await call('GET', '/v1/clients/7/tokens')).body, { tokens: [] })
})

test('frames: encoded and explained, as hex and as base64', async t => {
  const { call } = await sidecar(t)
  const { body: { frame } } = await call('POST', '/v1/encode', { token: 'ab', aps: {}, command: 0 })
  assert.equal(frame, '000001ab000a7b22617073223a7b7d7d')
  const base64 = await call('POST', '/v1/encode', { token: 'ab', aps: {}, command: 0, as: 'base64' })
  assert.equal(Buffer.from(base64.body.frame, 'base64').toString('hex'), frame)
  const { body } = await call('POST', '/v1/decode', { bytes: '080800000007' })
  assert.equal(body.kind, 'error-responses')
  assert.match(body.parts[0].summary, /8/)
  assert.equal(body.problem, null)
})

test('the decoder page lies at /decoder, and nothing else of the package does', async t => {
  const { server } = await sidecar(t)
  const get = (/** @type {string} */ url) => server.inject({ method: 'GET', url })
  const page = await get('/decoder/demo/')
  assert.match(page.body, /<title>/)
  assert.match(String(page.headers['content-security-policy']), /^default-src 'none'/)
  assert.equal((await get('/decoder')).headers.location, '/decoder/demo/')
  assert.equal((await get('/decoder/pkg/capture_bg.wasm')).headers['content-type'], 'application/wasm')
  for (const path of ['package.json', 'demo/../package.json', 'demo/%2e%2e/package.json', 'js/serve/keys.js']) {
    assert.equal((await get(`/decoder/${path}`)).statusCode, 404, path)
  }
})

test('what is wrong with a request is said with its place and a code', async t => {
  const { call, push } = await sidecar(t)
  /** @type {[ReturnType<typeof call>, number, string, RegExp][]} */
  const refusals = [
    [call('POST', '/v1/push', '{"tokens": ['), 400, 'BELLPUSH_REQUEST_INVALID', /JSON/],
    [call('POST', '/v1/push', '[]'), 400, 'BELLPUSH_REQUEST_INVALID', /body must be object/],
    [push({ tokens: 'x' }), 400, 'BELLPUSH_REQUEST_INVALID', /body\/tokens must be array/],
    [push({ tokens: [7] }), 400, 'BELLPUSH_REQUEST_INVALID', /body\/tokens\/0 must be string/],
    [push({ token: ['x'] }), 400, 'BELLPUSH_REQUEST_INVALID', /'token'/],
    [push({ tokens: [token(1)], options: { priority: 7 } }), 400, 'BELLPUSH_REQUEST_INVALID', /priority/],
    [push({}), 400, 'BELLPUSH_REQUEST_INVALID', /neither clientIds nor tokens/],
    [push({ tokens: [token(1)], payload: {} }), 400, 'BELLPUSH_REQUEST_INVALID', /either aps or payload/],
    [push({ tokens: [token(1)], custom: { aps: {} } }), 400, 'BELLPUSH_REQUEST_INVALID', /custom/],
    [push({ tokens: [token(1)], app: 'gong' }), 404, 'BELLPUSH_APP_UNKNOWN', /doorbell/],
    [push({ tokens: [token(1)], custom: { x: 'y'.repeat(3000) } }), 422, 'BELLPUSH_PAYLOAD_TOO_LARGE', /2048|2,048/],
    [push({ tokens: [token(1)], options: { collapseId: 'x' } }), 422, 'BELLPUSH_OPTION_INVALID', /collapseId/],
    [push({ clientIds: ['a\0b'] }), 422, 'BELLPUSH_OPTION_INVALID', /NUL/],
    [call('PUT', '/v1/clients/7/tokens/xyz'), 422, 'BELLPUSH_TOKEN_MALFORMED', /./],
    [call('POST', '/v1/decode', { bytes: 'xx' }), 422, 'BELLPUSH_FRAME_MALFORMED', /hex/],
    [call('POST', '/v1/push', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }), 415,
      'BELLPUSH_MEDIA_TYPE_UNKNOWN', /./],
    [call('GET', '/nowhere'), 404, 'BELLPUSH_ROUTE_UNKNOWN', /GET \/nowhere/],
    [call('GET', '/v1/clients/%ff/tokens'), 400, 'BELLPUSH_REQUEST_INVALID', /./],
    [call('GET', '/healthz', undefined, { host: 'evil.example' }), 421, 'BELLPUSH_HOST_UNKNOWN', /evil/]
  ]
  for (const [answering, status, code, detail] of refusals) {
    const answer = await answering
    assert.deepEqual([answer.status, answer.body.code, answer.body.status], [status, code, status], answer.body.detail)
    assert.match(answer.body.detail, detail)
    assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
  }
})

test('refusals are problem details, whole', async t => {
  const key = '0123456789abcdef'
  const toml = `[limits]\nbodyBytes = 2000\n[[keys]]\nname = "shop"\nkey = "${key}"`
  const { call, push } = await sidecar(t, { toml })
  const shop = { authorization: `Bearer ${key}` }
  /** @type {[ReturnType<typeof call>, number, string, string, string][]} */
  const refusals = [
    [call('POST', '/v1/push', '{"tokens": [', shop), 400, 'Bad Request', 'BELLPUSH_REQUEST_INVALID',
      "Body is not valid JSON but content-type is set to 'application/json'"],
    [push({ tokens: 'x' }, shop), 400, 'Bad Request', 'BELLPUSH_REQUEST_INVALID', 'body/tokens must be array'],
    [push({ tokens: tokens(100) }, shop), 413, 'Payload Too Large', 'BELLPUSH_BODY_TOO_LARGE',
      'Request body is too large'],
    [push({ tokens: [token(1)] }, { authorization: 'Bearer 0123456789abcdee' }), 401, 'Unauthorized',
      'BELLPUSH_KEY_INVALID', 'this key is not one of those in the configuration'],
    [push({ tokens: [token(1)] }), 401, 'Unauthorized', 'BELLPUSH_KEY_INVALID',
      'a key is needed: Authorization: Bearer KEY'],
    [push({ tokens: [token(1)], app: 'gong' }, shop), 404, 'Not Found', 'BELLPUSH_APP_UNKNOWN',
      "there is no app 'gong'; there are doorbell"]
  ]
  for (const [answering, status, title, code, detail] of refusals) {
    const answer = await answering
    assert.deepEqual(answer.body, { type: 'about:blank', title, status, code, detail })
    assert.equal(answer.status, status)
    assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8')
  }
})

test('clients that nobody knows are no mistake: they are named, and nobody is pushed to', async t => {
  const { push, simulator } = await sidecar(t)
  const { status, body } = await push({ clientIds: ['nobody', 7] })
  assert.deepEqual([status, body.unknownClients, body.total, body.counts], [200, ['nobody', '7'], 0, nothing])
  assert.equal(simulator.counts().received, 0)
})

test('a body that is too large is refused', async t => {
  const { push } = await sidecar(t, { toml: '[limits]\nbodyBytes = 2000' })
  const { status, body } = await push({ tokens: tokens(100) })
  assert.deepEqual([status, body.code], [413, 'BELLPUSH_BODY_TOO_LARGE'])
})

test('with keys, each opens what it is for, and nothing else is open but the health', async t => {
  const toml = '[[keys]]\nname = "shop"\nkey = { env = "SHOP" }\napps = ["doorbell"]\n' +
    '[[keys]]\nname = "other"\nkey = "another-key-0123456789"\napps = ["gong"]\n' +
    '[apps.gong]\ngateway = "apns://localhost:1"\n'
  const { call, push, log } = await sidecar(t, { toml, env: { SHOP: 'the-key-of-the-shop' } })
  const shop = { authorization: 'Bearer the-key-of-the-shop' }
  assert.equal((await push({ app: 'doorbell', tokens: [token(1)] }, shop)).status, 200)
  const other = await push({ app: 'doorbell', tokens: [token(1)] }, { authorization: 'Bearer another-key-0123456789' })
  assert.deepEqual([other.status, other.body.code], [403, 'BELLPUSH_APP_FORBIDDEN'])
  const unknown = await push({ app: 'nothing', tokens: [token(1)] }, shop)
  assert.deepEqual([unknown.status, unknown.body.code], [403, 'BELLPUSH_APP_FORBIDDEN'])
  for (const authorization of ['Bearer the-key-of-the-shoq', 'Basic dGhlOmtleQ==', 'Bearer', '']) {
    const { status, body, headers } = await push({ tokens: [token(1)] }, { authorization })
    assert.deepEqual([status, body.code, headers['www-authenticate']], [401, 'BELLPUSH_KEY_INVALID', 'Bearer'])
  }
  for (const path of ['/metrics', '/openapi.json', '/v1/clients/7/tokens', '/nowhere']) {
    assert.equal((await call('GET', path)).status, 401, path)
  }
  for (const path of ['/healthz', '/readyz']) assert.equal((await call('GET', path)).status, 200, path)
  assert.ok(!log.text.includes('the-key-of'))
})

test('more requests than a minute allows are refused, but not those for its health', async t => {
  const { call } = await sidecar(t, { toml: '[limits]\nrequestsPerMinute = 2' })
  const answers = []
  for (let n = 0; n < 3; n++) answers.push(await call('GET', '/v1/clients/7/tokens'))
  assert.deepEqual(answers.map(({ status }) => status), [200, 200, 429])
  assert.equal(answers[2].body.code, 'BELLPUSH_RATE_LIMITED')
  assert.ok(Number(answers[2].headers['retry-after']) > 0)
  assert.equal((await call('GET', '/healthz')).status, 200)
})

test('the log holds no whole token', async t => {
  const { call, push, log } = await sidecar(t)
  await call('PUT', `/v1/clients/7/tokens/${token(0xabcdef)}`)
  await call('GET', `/v1/nowhere/${token(0xabcdef)}`)
  await push({ clientIds: ['7'] })
  assert.match(log.text, /\/v1\/clients\/7\/tokens\/00000000…/)
  assert.ok(!log.text.includes(token(0xabcdef)))
})

test('metrics count what settled, by app, outcome and reason', async t => {
  const { push, call } = await sidecar(t)
  await push({ tokens: [token(1), 'no token'] })
  const { body } = await call('GET', '/metrics')
  assert.match(body, /bellpush_notifications_total\{app="doorbell",outcome="accepted",reason=""\} 1/)
  assert.match(body, /bellpush_notifications_total\{app="doorbell",outcome="rejected",reason="MalformedToken"\} 1/)
  assert.match(body, /bellpush_links_total\{app="doorbell"\} 1/)
})

test('the OpenAPI document has every route and refers to nothing that is not there', async t => {
  const { call, server } = await sidecar(t)
  const { body } = await call('GET', '/openapi.json')
  for (const path of ['/v1/push', '/v1/clients/{clientId}/tokens/{token}', '/v1/decode', '/healthz']) {
    assert.ok(body.paths[path], path)
  }
  const named = [...JSON.stringify(body).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name)
  assert.ok(named.includes('Report') && named.includes('Problem'))
  for (const name of named) assert.ok(body.components.schemas[name], name)
  assert.ok(server.hasRoute({ method: 'GET', url: '/openapi.json' }))
})
