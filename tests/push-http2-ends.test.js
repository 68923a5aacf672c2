/** How pushes over HTTP/2 end, and connections: aborted, destroyed, closed, cut, idle; how one push spares another. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { Client } from '../js/client.js'
import { Simulator } from '../js/simulator/index.js'
import { authority } from './helpers/certificates.js'
import { simulatorDir } from './helpers/kept.js'
import { anyKey, frame, kinds, rawDoorbell } from './helpers/raw-http2-gateway.js'
import { dingDong, ring, tokens } from './helpers/ring.js'
import { tlsServer } from './helpers/servers.js'

/** What the report counts where only some of the counts are not 0. */
const counts = (/** @type {Record<string, number>} */ some) =>
  ({ accepted: 0, rejected: 0, exhausted: 0, expired: 0, inDoubt: 0, notSent: 0, ...some })

const twenty = tokens(20)

describe('a push', () => {
  test('whose topic can be no header field ends alone, and the client can be closed', async t => {
    const bell = await rawDoorbell(t, {})
    const good = bell.client.send(dingDong, tokens(500))
    await assert.rejects(bell.client.send(dingDong, twenty, { topic: 'com.example\n' }),
      { code: /^BELLPUSH_(OPTION|NOTIFICATION)_INVALID$/ })
    assert.equal((await good).accepted, 500)
    await assert.rejects(bell.client.send(dingDong, twenty, { topic: 'com.example\n' }),
      { code: /^BELLPUSH_(OPTION|NOTIFICATION)_INVALID$/ })
    await bell.client.close()
  })

  test('that failed for a passing cause on a connection that ended makes another one', async t => {
    const bell = await rawDoorbell(t, {
      request: (connection, stream) => {
        if (connection.number > 1) return connection.accept(stream)
        connection.refuse(stream, 503, { reason: 'ServiceUnavailable' })
        connection.socket.end()
      }
    }, { auth: anyKey })
    assert.deepEqual((await ring(bell, twenty)).report.counts, counts({ accepted: 20 }))
  })

  test('that is aborted gets the verdicts of what was sent, and the next one uses the same connection', async t => {
    const abort = new AbortController()
    /** @type {number[]} */
    const held = []
    const bell = await rawDoorbell(t, {
      request: (connection, stream, count) => {
        if (count > 1020) return connection.accept(stream)
        if (count <= 20) return connection.accept(stream)
        held.push(stream)
        if (count === 50) abort.abort()
        if (count >= 50) setImmediate(() => { for (const one of held.splice(0)) connection.accept(one) })
      }
    })
    const { report, error } = await ring(bell, tokens(5000), { signal: abort.signal })
    assert.equal(error.name, 'AbortError')
    assert.equal(report.counts.inDoubt, 0)
    assert.ok(report.counts.notSent > 0)
    assert.equal(report.counts.accepted + report.counts.notSent, 5000)
    assert.equal(bell.gateway.connections.length, 1)
  })

  test('that is aborted while it connects leaves no connection behind', async t => {
    const bell = await rawDoorbell(t, { connected: () => {} })
    const { server } = bell.gateway
    const accepted = once(/** @type {import('node:net').Server} */ (server), 'connection')
    const abort = new AbortController()
    const push = bell.client.send(dingDong, twenty, { signal: abort.signal })
    const [socket] = await accepted
    const closed = once(socket, 'close')
    abort.abort()
    await assert.rejects(push, { name: 'AbortError' })
    await closed
  })

  test('whose client is destroyed is in doubt where it had been sent', async t => {
    const bell = await rawDoorbell(t, {
      request: (connection, stream, count) => {
        if (count <= 10) connection.accept(stream)
        if (count === 20) bell.client.destroy()
      }
    })
    const { report, error } = await ring(bell, tokens(5000))
    assert.equal(error.code, 'BELLPUSH_DESTROYED')
    assert.ok(report.counts.inDoubt >= 10 && report.counts.inDoubt <= 1000, `${report.counts.inDoubt}`)
    assert.equal(report.counts.accepted + report.counts.inDoubt + report.counts.notSent, 5000)
  })

  test('is waited for by close, which then takes leave', async t => {
    const bell = await rawDoorbell(t, {})
    const push = ring(bell, tokens(5000))
    const closed = bell.client.close()
    await assert.rejects(async () => await bell.client.send(dingDong, twenty), { code: 'BELLPUSH_CLOSED' })
    assert.equal((await push).report.accepted, 5000)
    await closed
    const { socket, frames } = bell.gateway.connections[0]
    if (!socket.destroyed) await once(socket, 'close')
    const leaves = frames.filter(({ kind }) => kind === kinds.goaway)
    assert.deepEqual(leaves.map(({ payload }) => payload.readUInt32BE(4)), [0])
  })
})

test('a gateway that takes leave, reads nothing and goes on talking is left', async t => {
  const { client, gateway } = await rawDoorbell(t, {
    consumes: false,
    connected: connection => {
      connection.settings({ maxStreams: 1000, window: 1 << 30 })
      connection.window(0, 1 << 30)
    },
    request: (connection, stream, count) => {
      if (connection.number > 1 || count <= 2) connection.accept(stream)
      if (connection.number > 1 || count !== 2) return
      connection.socket.pause()
      const talk = setInterval(() => connection.send(frame(kinds.ping, 0, 0, Buffer.alloc(8))), 300)
      setTimeout(() => connection.goaway(stream), 300)
      connection.socket.on('close', () => clearInterval(talk))
      t.after(() => clearInterval(talk))
    }
  }, { maxConnections: 1, payloadLimit: 16_000 })
  const report = await client.send({ aps: {}, x: 'y'.repeat(15_000) }, tokens(2_000))
  assert.deepEqual([report.accepted, gateway.connections.length], [2_000, 2])
})

test('two pushes share a connection that is cut: each settles its own', async t => {
  const bell = await rawDoorbell(t, {
    request: (connection, stream, count) => {
      if (connection.number > 1 || count < 700) connection.accept(stream)
      else if (count === 700) connection.socket.destroy()
    }
  })
  const all = tokens(6000)
  const halves = [all.slice(0, 3000), all.slice(3000)]
  const reports = await Promise.all(halves.map(half => ring(bell, half)))
  for (const { report } of reports) assert.equal(report.counts.accepted + report.counts.inDoubt, 3000)
})

test('an idle connection is asked by a PING, and where that has no answer the next push makes another', async t => {
  const bell = await rawDoorbell(t, {}, { answerTimeout: 40, pingInterval: 30 })
  await ring(bell, twenty)
  const [first] = bell.gateway.connections
  const pings = () => first.frames.filter(({ kind, flags }) => kind === kinds.ping && flags === 0).length
  while (pings() < 3) await once(first.socket, 'data')
  first.answersPings = false
  await once(first.socket, 'close')
  assert.deepEqual((await ring(bell, tokens(40).slice(20))).report.counts, counts({ accepted: 20 }))
  assert.equal(bell.gateway.connections.length, 2)
})

test('a connection that nobody has needed for ten minutes is closed, and the next push makes another', async t => {
  const bell = await rawDoorbell(t, {})
  t.mock.timers.enable({ apis: ['setTimeout'] })
  await ring(bell, twenty)
  const closed = once(bell.gateway.connections[0].socket, 'close')
  t.mock.timers.tick(600_000)
  await closed
  t.mock.timers.reset()
  assert.equal((await ring(bell, tokens(40).slice(20))).report.accepted, 20)
  assert.equal(bell.gateway.connections.length, 2)
})

test('a server that speaks TLS, but not HTTP/2, is named', async t => {
  for (const ALPNProtocols of [['http/1.1'], undefined]) {
    const { port } = await tlsServer(t, { ALPNProtocols, rejectUnauthorized: false })
    const client = new Client({ gateway: `https://127.0.0.1:${port}`, auth: anyKey, ca: authority.certPem, topic: 'x.y' })
    t.after(() => client.destroy())
    await assert.rejects(client.send(dingDong, twenty), error => {
      const { code, message, report } = /** @type {any} */ (error)
      assert.equal(code, 'BELLPUSH_NOT_HTTP2')
      assert.match(message, /not HTTP\/2/)
      return report.counts.notSent === 20
    })
  }
})

test('a gateway that wants a certificate, and says so when the handshake is done, leaves nothing in doubt', async t => {
  const { port } = await tlsServer(t, { ALPNProtocols: ['h2'] })
  const client = new Client({ gateway: `https://127.0.0.1:${port}`, auth: anyKey, ca: authority.certPem, topic: 'x.y' })
  t.after(() => client.destroy())
  await assert.rejects(client.send(dingDong, twenty), error => {
    const { code, report } = /** @type {any} */ (error)
    assert.equal(code, 'BELLPUSH_CREDENTIALS_REFUSED')
    return report.counts.notSent === 20
  })
})

test('a machine whose clock was set signs by the new time, and lets nothing expire by the old one', async t => {
  const hour = 3_600_000
  const simulator = await Simulator.start({ dir: simulatorDir })
  t.after(() => simulator.stop())
  const { signingKey: auth, credentials: { ca } } = simulator
  const client = new Client({ gateway: simulator.http2, auth, ca, topic: 'com.example.doorbell' })
  t.after(() => client.destroy())
  const start = Date.now()
  t.mock.timers.enable({ apis: ['Date'], now: start })
  for (const time of [start, start + 3 * hour, start - 3 * hour]) {
    t.mock.timers.setTime(time)
    // The simulator takes no token that is old, or not yet valid.
    const report = await client.send(dingDong, tokens(5), { expiration: new Date(time + 60_000) })
    assert.equal(report.accepted, 5)
  }
})
