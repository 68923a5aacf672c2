/** Jobs: large pushes that go on by themselves, repeats that are harmless, stops, pages, events. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { token, tokens } from './helpers/ring.js'
import { ended, sidecar } from './helpers/sidecar.js'

const nothing = { accepted: 0, rejected: 0, exhausted: 0, expired: 0, inDoubt: 0, notSent: 0 }

test('a large push is a job: 202 with its place, then every token once, and the dead named page by page', async t => {
  const audience = tokens(5000)
  const dead = [token(17), token(2500), token(4999)]
  const { call, push, simulator } = await sidecar(t, { simulated: { dead } })
  const { status, headers, body } = await push({ tokens: [...audience, ...audience.slice(0, 9)] })
  assert.deepEqual([status, headers.location], [202, `/v1/jobs/${body.id}`])
  assert.deepEqual([body.app, body.state, body.settled], ['doorbell', 'queued', 0])
  const job = await ended(call, body.id)
  assert.deepEqual([job.state, job.total, job.settled, job.stopped], ['finished', 5000, 5000, null])
  assert.deepEqual(job.counts, { ...nothing, accepted: 4997, rejected: 3 })
  assert.deepEqual(job.reasons, { 'rejected InvalidToken': 3 })
  assert.deepEqual([simulator.counts().duplicates, simulator.accepted.size], [0, 4997])
  const first = await call('GET', `/v1/jobs/${job.id}/results?outcome=rejected&limit=2`)
  const second = await call('GET', `/v1/jobs/${job.id}/results?outcome=rejected&limit=2&after=${first.body.next}`)
  assert.deepEqual([...first.body.results, ...second.body.results].map(result => result.token), dead)
  assert.equal(second.body.next, null)
})

test('a large body is kept as it came, with a mark in front, ids as numbers, and a key like a prototype', async t => {
  const { call, simulator } = await sidecar(t, { toml: '[limits]\nsyncTokens = 1' })
  await call('PUT', `/v1/clients/7/tokens/${token(7)}`)
  /** @type {string[]} */
  const payloads = []
  simulator.on('accepted', ({ payload }) => payloads.push(Buffer.from(payload).toString()))
  const payload = '{"aps":{"alert":"Ding dong"},"__proto__":{"door":7}}'
  const text = `\uFEFF{"clientIds":[7,"7"],"tokens":["${token(1)}"],"payload":${payload}}`
  const { status, body } = await call('POST', '/v1/push', text)
  assert.equal(status, 202)
  const job = await ended(call, body.id)
  assert.deepEqual([job.state, job.total, job.counts], ['finished', 2, { ...nothing, accepted: 2 }])
  assert.deepEqual([...simulator.accepted.keys()].sort(), [token(1), token(7)].sort())
  assert.deepEqual(payloads, [payload, payload])
})

test('the tokens of clients are looked up by the job, with those that were given, each once', async t => {
  const options = { toml: '[limits]\nsyncTokens = 3', simulated: { dead: [token(3)] } }
  const { call, push, simulator } = await sidecar(t, options)
  for (const n of [1, 2, 3, 4, 5]) await call('PUT', `/v1/clients/door/tokens/${token(n)}`)
  const { status, body } = await push({ clientIds: ['door', 'nobody'], tokens: [token(5), token(6)] })
  assert.deepEqual([status, body.total], [202, null])
  const job = await ended(call, body.id)
  assert.deepEqual([job.state, job.total, job.removed, job.unknownClients], ['finished', 6, 1, 1])
  assert.deepEqual(job.counts, { ...nothing, accepted: 5, rejected: 1 })
  const { body: { results } } = await call('GET', `/v1/jobs/${job.id}/results`)
  assert.deepEqual(results,
    [{ token: token(3), clientId: 'door', outcome: 'rejected', reason: 'InvalidToken', status: 8 }])
  assert.equal(simulator.counts().duplicates, 0)
})

test('Prefer: respond-async makes a job of a small push', async t => {
  const { call, push } = await sidecar(t)
  const { status, body } = await push({ tokens: [token(1)] }, { prefer: 'respond-async' })
  assert.equal(status, 202)
  assert.deepEqual((await ended(call, body.id)).counts, { ...nothing, accepted: 1 })
})

test('the same key and body get the same report, and nothing is sent twice', async t => {
  const { push, simulator } = await sidecar(t, { simulated: { dead: [token(2)] } })
  const key = { 'idempotency-key': 'order-4711' }
  const first = await push({ tokens: tokens(3) }, key)
  const second = await push({ tokens: tokens(3) }, key)
  assert.deepEqual([first.status, second.status], [200, 200])
  assert.deepEqual(second.body, first.body)
  assert.deepEqual(first.body.counts, { ...nothing, accepted: 2, rejected: 1 })
  assert.equal(first.body.results[0].token, token(2))
  assert.deepEqual([simulator.counts().accepted, simulator.counts().duplicates], [2, 0])
  const other = await push({ tokens: tokens(4) }, key)
  assert.deepEqual([other.status, other.body.code], [409, 'BELLPUSH_IDEMPOTENCY_CONFLICT'])
})

test('the same key while it is under way: not twice, and it is said', async t => {
  const { push, simulator } = await sidecar(t)
  const key = { 'idempotency-key': 'twins' }
  const answers = await Promise.all([push({ tokens: tokens(500) }, key), push({ tokens: tokens(500) }, key)])
  const [other, done] = answers.sort((a, b) => b.status - a.status)
  assert.deepEqual([done.status, done.body.counts.accepted], [200, 500])
  assert.ok(other.status === 200 || other.body.code === 'BELLPUSH_IDEMPOTENCY_RUNNING')
  assert.equal(simulator.counts().duplicates, 0)
})

test('the same key of a job is answered with the job', async t => {
  const { push, call, simulator } = await sidecar(t)
  const headers = { 'idempotency-key': 'big', prefer: 'respond-async' }
  const first = await push({ tokens: tokens(10) }, headers)
  await ended(call, first.body.id)
  const second = await push({ tokens: tokens(10) }, headers)
  assert.deepEqual([second.status, second.body.id, second.body.state], [202, first.body.id, 'finished'])
  assert.equal(simulator.counts().accepted, 10)
})

test('a job that is stopped: what was sent has its verdict, the rest was not sent, and all is told', async t => {
  const options = { simulated: { faults: ['stall@3000'] }, app: 'answerTimeout = 500\nmaxInFlight = 500' }
  const { push, call, simulator } = await sidecar(t, options)
  const { body } = await push({ tokens: tokens(60_000) })
  await simulator.until(({ received }) => received >= 3000)
  const stopping = await call('DELETE', `/v1/jobs/${body.id}`)
  assert.equal(stopping.status, 202)
  const job = await ended(call, body.id)
  assert.deepEqual([job.state, job.stopped.code], ['stopped', 'BELLPUSH_JOB_STOPPED'])
  assert.equal(job.settled, 60_000)
  assert.ok(job.counts.notSent >= 50_000)
  assert.equal((await call('DELETE', `/v1/jobs/${body.id}`)).status, 200)
  let left = 0
  for (let next = '0-0'; next;) {
    const page = await call('GET', `/v1/jobs/${body.id}/results?outcome=notSent&limit=9999&after=${next}`)
    left += page.body.results.length
    next = page.body.next
  }
  assert.equal(left, job.counts.notSent)
})

test('most tokens refused: the job is stopped by what the gateway says', async t => {
  const { push, call } = await sidecar(t, { simulated: { dead: tokens(3000) } })
  const job = await ended(call, (await push({ tokens: tokens(3000) })).body.id)
  assert.deepEqual([job.state, job.stopped.code], ['stopped', 'BELLPUSH_MOSTLY_INVALID'])
  assert.equal(job.counts.rejected + job.counts.notSent, 3000)
})

test('a gateway that is not there: the job fails, and says that nothing was sent', async t => {
  const { push, call, simulator } = await sidecar(t, { app: 'connectTries = 1' })
  await simulator.stop()
  const job = await ended(call, (await push({ tokens: tokens(3000) })).body.id)
  assert.deepEqual([job.state, job.stopped.code], ['failed', 'BELLPUSH_CONNECT_FAILED'])
  assert.deepEqual(job.counts, { ...nothing, notSent: 3000 })
})

test('jobs are listed page by page, the newest first, those of the key only', async t => {
  const toml = '[[keys]]\nname = "all"\nkey = "0123456789abcdef"\n[[keys]]\nname = "gong"\nkey = "fedcba9876543210"\n' +
    'apps = ["gong"]\n[apps.gong]\ngateway = "apns://localhost:1"\n'
  const { push, call } = await sidecar(t, { toml })
  const all = { authorization: 'Bearer 0123456789abcdef' }
  const ids = []
  for (const n of [1, 2, 3]) {
    const { body } = await push({ app: 'doorbell', tokens: [token(n)] }, { ...all, prefer: 'respond-async' })
    await ended(call, body.id, all)
    ids.unshift(body.id)
  }
  const first = await call('GET', '/v1/jobs?limit=2&state=finished', undefined, all)
  const second = await call('GET', `/v1/jobs?limit=2&after=${first.body.next}`, undefined, all)
  assert.deepEqual([...first.body.jobs, ...second.body.jobs].map(({ id }) => id), ids)
  assert.equal(second.body.next, null)
  const gong = { authorization: 'Bearer fedcba9876543210' }
  assert.deepEqual((await call('GET', '/v1/jobs', undefined, gong)).body.jobs, [])
  assert.equal((await call('GET', `/v1/jobs/${ids[0]}`, undefined, gong)).body.code, 'BELLPUSH_JOB_UNKNOWN')
})

test('a job that is not there, and a page that never was', async t => {
  const { call } = await sidecar(t)
  const unknown = await call('GET', '/v1/jobs/3f1a3e62-5f6d-4f6c-9d53-1a5e7c1c9b11')
  assert.deepEqual([unknown.status, unknown.body.code], [404, 'BELLPUSH_JOB_UNKNOWN'])
  assert.equal((await call('GET', '/v1/jobs?after=x')).body.code, 'BELLPUSH_REQUEST_INVALID')
  assert.equal((await call('GET', '/v1/jobs?limit=0')).body.code, 'BELLPUSH_REQUEST_INVALID')
})

test('a job is watched to its end', async t => {
  const { push, server } = await sidecar(t)
  const { body } = await push({ tokens: tokens(3000) })
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  const response = await fetch(`${url}/v1/jobs/${body.id}/events`)
  assert.match(String(response.headers.get('content-type')), /^text\/event-stream/)
  const events = (await response.text()).trim().split('\n\n')
  assert.match(/** @type {string} */ (events.at(-1)), /^event: finished\ndata: \{.*"accepted":3000/)
})

test('more jobs than may wait are refused', async t => {
  const options = { toml: '[jobs]\natOnce = 1\nwaiting = 2', simulated: { faults: ['stall@1'] } }
  const { push, simulator } = await sidecar(t, options)
  const answers = []
  for (const n of [1, 2, 3]) answers.push(await push({ tokens: [token(n)] }, { prefer: 'respond-async' }))
  assert.deepEqual(answers.map(({ status }) => status), [202, 202, 503])
  assert.equal(answers[2].body.code, 'BELLPUSH_QUEUE_FULL')
  assert.equal(answers[2].headers['retry-after'], '1')
  await simulator.stop()
})

test('a sidecar that is closed leaves nothing in doubt, and the next one goes on', async t => {
  const first = await sidecar(t)
  const { body } = await first.push({ tokens: tokens(40_000) })
  await first.simulator.until(({ accepted }) => accepted >= 1)
  await first.server.close()
  const next = await first.again()
  const job = await ended(next.call, body.id)
  assert.deepEqual([job.state, job.counts], ['finished', { ...nothing, accepted: 40_000 }])
  assert.equal(first.simulator.counts().duplicates, 0)
})
