/** The edges of a push: its clock, its smallest window, its largest payload, and a gateway that speaks first. */
import assert from 'node:assert/strict'
import net from 'node:net'
import { describe, test } from 'node:test'
import { Client } from '../js/client.js'
import { encodeErrorResponse, FrameDecoder } from '../js/core.js'
import { authority, client as certificate } from './helpers/certificates.js'
import { dingDong, doorbell, ring, token, tokens } from './helpers/ring.js'
import { plainServer, tlsServer } from './helpers/servers.js'

/** @param {Record<string, number>} some */
const counts = some => ({ accepted: 0, rejected: 0, exhausted: 0, expired: 0, inDoubt: 0, notSent: 0, ...some })

const day = 86_400_000

describe('time', () => {
  for (const jump of [-day, day]) {
    test(`the machine's clock jumps by ${jump} ms in the midst of a push, which takes no notice`, async t => {
      const { simulator, client } = await doorbell(t, { dead: [token(2)] })
      const real = Date.now
      let offset = 0
      t.mock.method(Date, 'now', () => real() + offset)
      async function * audience () {
        yield * tokens(3)
        offset = jump
        yield token(4)
      }
      const report = await client.send(dingDong, audience(), { expiration: Math.floor(real() / 1000) + 3600 })
      assert.deepEqual(report.counts, counts({ accepted: 3, rejected: 1 }))
      assert.ok(report.elapsed >= 0 && report.elapsed < 60_000, `${report.elapsed} ms`)
      assert.equal(simulator.counts().duplicates, 0)
    })
  }

  test('an expiration that passes in the midst of a push: what was not sent by then has expired', async t => {
    const { simulator, client } = await doorbell(t)
    const real = performance.now.bind(performance)
    let offset = 0
    t.mock.method(performance, 'now', () => real() + offset)
    const first = new Promise(resolve => simulator.once('accepted', resolve))
    async function * audience () {
      yield token(1)
      await first
      offset = 20_000
      yield token(2)
    }
    const report = await client.send(dingDong, audience(), { expiration: Math.floor(Date.now() / 1000) + 10 })
    assert.deepEqual(report.counts, counts({ accepted: 1, expired: 1 }))
    assert.deepEqual([...simulator.accepted.keys()], [token(1)])
  })
})

describe('sizes', () => {
  test('a payload of exactly the limit goes out, one of a byte more does not', async t => {
    const { simulator, client } = await doorbell(t)
    const payload = (/** @type {number} */ length) => `{"aps":{},"x":"${'x'.repeat(length - 17)}"}`
    assert.equal(payload(2048).length, 2048)
    assert.deepEqual((await client.send(payload(2048), token(1))).counts, counts({ accepted: 1 }))
    await assert.rejects(client.send(payload(2049), token(2)), { code: 'BELLPUSH_PAYLOAD_TOO_LARGE' })
    assert.deepEqual([...simulator.accepted.keys()], [token(1)])
  })

  test('a window of one token', async t => {
    const bell = await doorbell(t, { dead: [token(3)], faults: ['status-1@2'] }, { maxInFlight: 1, linger: 0 })
    const { report } = await ring(bell, tokens(6))
    assert.deepEqual(report.counts, counts({ accepted: 5, rejected: 1 }))
  })
})

test('a connection whose handshake never ends holds up no other', async t => {
  const { simulator } = await doorbell(t, { dead: [token(100), token(200), token(300)] })
  const { port } = new URL(simulator.binary)
  let connections = 0
  const way = await plainServer(t, socket => {
    if (++connections === 3) return // says nothing, for ever
    const onward = net.connect(Number(port), '127.0.0.1')
    onward.on('error', () => {}).on('close', () => socket.destroy())
    socket.pipe(onward).pipe(socket)
  })
  const { ca, cert, key } = simulator.credentials
  const client = new Client({
    gateway: `apns://localhost:${way.port}`, auth: { cert, key }, ca, connectTimeout: 3_600_000
  })
  t.after(() => client.destroy())
  const report = await client.send(dingDong, tokens(2_000))
  assert.deepEqual(report.counts, counts({ accepted: 1_997, rejected: 3 }))
  assert.ok(connections > 3)
})

test('a gateway with one place, which turns others away in its own way, gets all', async t => {
  const dead = Array.from({ length: 12 }, (_, i) => token(100 + i * 150))
  const { simulator } = await doorbell(t, { dead })
  const { port } = new URL(simulator.binary)
  let dials = 0
  let isTaken = false
  const way = await plainServer(t, socket => {
    dials++
    if (isTaken) return socket.end('busy\r\n')
    isTaken = true
    const onward = net.connect(Number(port), '127.0.0.1')
    onward.on('error', () => {}).on('close', () => socket.destroy())
    socket.on('close', () => {
      isTaken = false
      onward.destroy()
    })
    socket.pipe(onward).pipe(socket)
  })
  const { ca, cert, key } = simulator.credentials
  const client = new Client({ gateway: `apns://localhost:${way.port}`, auth: { cert, key }, ca })
  t.after(() => client.destroy())
  const report = await client.send(dingDong, tokens(2_000))
  assert.deepEqual(report.counts, counts({ accepted: 1_988, rejected: 12 }))
  t.diagnostic(`${dials} dials, ${report.connections} connections`)
})

test('a gateway that answers before it was asked: nothing is taken for accepted, and nothing comes twice', async t => {
  let connections = 0
  /** @type {string[]} */
  const read = []
  const { host, port } = await tlsServer(t, {}, socket => {
    if (++connections === 1) {
      socket.resume()
      return socket.end(encodeErrorResponse({ status: 10, identifier: 0 }))
    }
    const decoder = new FrameDecoder({ payloadLimit: 2048 })
    socket.on('data', bytes => {
      const { frames, fault } = decoder.push(bytes)
      read.push(...frames.map(frame => frame.token))
      if (fault) socket.end(encodeErrorResponse(fault))
    })
  })
  const auth = { cert: certificate.certPem, key: certificate.keyPem }
  const client = new Client({ gateway: `apns://${host}:${port}`, auth, ca: authority.certPem, maxInFlight: 10 })
  t.after(() => client.destroy())
  const { report, outcomes } = await outcomesOf(client, tokens(30))
  assert.deepEqual(read.toSorted(), [...outcomes].filter(([, outcome]) => outcome === 'accepted').map(([each]) => each))
  assert.equal(report.accepted + report.counts.inDoubt, 30)
  assert.ok(report.counts.inDoubt <= 10, 'no more than one window')
})

/**
 * @param {Client} client
 * @param {string[]} audience
 */
async function outcomesOf (client, audience) {
  /** @type {Map<string, string>} */
  const outcomes = new Map()
  const results = client.stream(dingDong, audience)
  for (;;) {
    const { value, done } = await results.next()
    if (done) return { report: value, outcomes }
    outcomes.set(value.token, value.outcome)
  }
}

test('one signal for a hundred pushes has one listener, and stops them all', async t => {
  const { client } = await doorbell(t, { faults: ['stall@1'] })
  /** @type {string[]} */
  const warnings = []
  const warned = (/** @type {Error} */ warning) => { warnings.push(warning.name) }
  process.on('warning', warned)
  t.after(() => process.off('warning', warned))
  const controller = new AbortController()
  async function * hanging () {
    await new Promise(() => {})
    yield ''
  }
  const { signal } = controller
  const sent = Array.from({ length: 100 }, () => client.send(dingDong, hanging(), { signal }))
  controller.abort()
  for (const one of await Promise.allSettled(sent)) assert.equal(one.status, 'rejected')
  await new Promise(resolve => setImmediate(resolve))
  assert.deepEqual(warnings, [])
})
