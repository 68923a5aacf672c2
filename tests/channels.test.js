/** Broadcast channels, against the simulator: made, read, listed, deleted, sent to; and gateways that fail at it. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import http2 from 'node:http2'
import { describe, test } from 'node:test'
import { Client } from '../js/client.js'
import { managementOf, readClientGateway } from '../js/gateway.js'
import { createSigningKey } from '../js/simulator/http2-authorization.js'
import { Simulator } from '../js/simulator/index.js'
import { authority, server as serverCertificate } from './helpers/certificates.js'
import { simulatorDir } from './helpers/kept.js'
import { frame, kinds, rawDoorbell } from './helpers/raw-http2-gateway.js'
import { plainServer } from './helpers/servers.js'

/** @typedef {import('./helpers/raw-http2-gateway.js').RawConnection} RawConnection */

const update = { aps: { timestamp: 1_795_510_800, event: 'update', 'content-state': { ringing: true } } }

/**
 * @param {import('node:test').TestContext} t
 * @param {import('../js/simulator/simulator.js').SimulatorOptions} [simulated]
 * @param {Partial<import('../js/client.js').ClientOptions>} [options]
 */
async function doorbell (t, simulated = {}, options = {}) {
  const simulator = await Simulator.start({ dir: simulatorDir, ...simulated })
  t.after(() => simulator.stop())
  const { ca } = simulator.credentials
  const auth = simulator.signingKey
  const client = new Client({ gateway: simulator.http2, auth, ca, topic: 'com.example.doorbell', ...options })
  t.after(() => client.destroy())
  return { simulator, client }
}

/**
 * @param {string} code
 * @param {string} [reason]
 * @param {RegExp} [words]
 */
const withCode = (code, reason, words = /./) => (/** @type {any} */ error) => {
  assert.equal(error.code, code, error.stack)
  assert.match(error.message, words)
  if (reason !== undefined) assert.equal(error.refusal.reason, reason)
  return true
}

describe('a channel', () => {
  test('is made, read, listed and deleted', async t => {
    const { client } = await doorbell(t)
    const first = await client.channels.create()
    const second = await client.channels.create({ messageStoragePolicy: 1 })
    assert.match(first.id, /^[A-Za-z0-9+/]+=*$/)
    assert.deepEqual([first.messageStoragePolicy, second.messageStoragePolicy, first.pushType], [0, 1, 'LiveActivity'])
    assert.deepEqual(await client.channels.get(second.id), second)
    assert.deepEqual(new Set(await client.channels.list()), new Set([first.id, second.id]))
    assert.equal(await client.channels.delete(first.id), undefined)
    assert.deepEqual(await client.channels.list(), [second.id])
  })

  test('that is not there is said so', async t => {
    const { client } = await doorbell(t)
    const { id } = await client.channels.create()
    await client.channels.delete(id)
    for (const ask of [client.channels.get(id), client.channels.delete(id), client.broadcast(update, id)]) {
      await assert.rejects(ask, withCode('BELLPUSH_CHANNEL_REFUSED', 'ChannelNotRegistered', /no such channel/))
    }
  })

  test('belongs to an app', async t => {
    const topics = ['com.example.doorbell', 'com.example.intercom']
    const { client } = await doorbell(t, { http2: { topics } })
    const { id } = await client.channels.create({ topic: 'com.example.intercom' })
    assert.deepEqual(await client.channels.list(), [])
    assert.deepEqual(await client.channels.list({ topic: 'com.example.intercom' }), [id])
    await assert.rejects(client.channels.list({ topic: 'com.example.other' }),
      withCode('BELLPUSH_CHANNEL_REFUSED', 'TopicDisallowed'))
  })

  test('of a certificate\'s app', async t => {
    const { simulator } = await doorbell(t)
    const { ca, cert, key } = simulator.credentials
    const client = new Client({ gateway: simulator.http2, auth: { cert, key }, ca })
    t.after(() => client.destroy())
    const { id } = await client.channels.create()
    assert.deepEqual(await client.channels.list(), [id])
  })
})

describe('a broadcast', () => {
  test('is one request, which is accepted', async t => {
    const { simulator, client } = await doorbell(t)
    const { id: channelId } = await client.channels.create()
    /** @type {any[]} */
    const heard = []
    simulator.on('broadcast', broadcast => heard.push(broadcast))
    const id = '123E4567-E89B-12D3-A456-42665544000A'
    assert.deepEqual(await client.broadcast(update, channelId, { id, priority: 5 }), { id: id.toLowerCase() })
    assert.match(String((await client.broadcast(JSON.stringify(update), channelId)).id), /^[0-9a-f]{8}-/)
    assert.deepEqual(heard.map(({ topic, payload }) => [topic, JSON.parse(payload)]),
      [['com.example.doorbell', update], ['com.example.doorbell', update]])
    const said = (/** @type {Map<string, string>} */ headers) =>
      ['channel-id', 'push-type', 'priority', 'expiration', 'topic'].map(name => headers.get(`apns-${name}`))
    assert.deepEqual(said(heard[0].headers), [channelId, 'liveactivity', '5', '0', undefined])
    assert.deepEqual(said(heard[1].headers), [channelId, 'liveactivity', '10', '0', undefined])
  })

  test('may expire where the channel stores it', async t => {
    const { client } = await doorbell(t)
    const { id: forgets } = await client.channels.create()
    const { id: stores } = await client.channels.create({ messageStoragePolicy: 1 })
    const expiration = new Date(Date.now() + 60_000)
    await client.broadcast(update, stores, { expiration })
    await assert.rejects(client.broadcast(update, forgets, { expiration }),
      withCode('BELLPUSH_CHANNEL_REFUSED', 'BadExpirationDate', /wants the expiration 0/))
  })

  test('may have 5,120 bytes', async t => {
    const { client } = await doorbell(t)
    const { id } = await client.channels.create()
    const sized = (/** @type {number} */ bytes) => {
      const state = { text: '' }
      const payload = { aps: { ...update.aps, 'content-state': state } }
      state.text = 'x'.repeat(bytes - JSON.stringify(payload).length)
      return payload
    }
    await client.broadcast(sized(5120), id)
    await assert.rejects(client.broadcast(sized(5121), id), withCode('BELLPUSH_PAYLOAD_TOO_LARGE'))
  })

  test('that breaks a rule is sent to nobody', async t => {
    const { simulator, client } = await doorbell(t)
    /** @type {[any, any, any, string][]} */
    const broken = [
      [{ aps: { ...update.aps, event: 'start' } }, 'id==', {}, 'BELLPUSH_NOTIFICATION_INVALID'],
      [{ aps: {} }, 'id==', {}, 'BELLPUSH_NOTIFICATION_INVALID'],
      ['no JSON', 'id==', {}, 'BELLPUSH_PAYLOAD_INVALID'],
      [update, 'id==', { id: 'no UUID' }, 'BELLPUSH_NOTIFICATION_INVALID'],
      [update, 'id==', { priority: 7 }, 'BELLPUSH_OPTION_INVALID'],
      [update, 'id==', { expiration: -1 }, 'BELLPUSH_OPTION_INVALID'],
      [update, 'id==', { collapseId: 'x' }, 'BELLPUSH_OPTION_INVALID'],
      [update, 'id==', { topic: 'a/../b' }, 'BELLPUSH_NOTIFICATION_INVALID'],
      [update, 'id\r\nx: y', {}, 'BELLPUSH_OPTION_INVALID'],
      [update, '', {}, 'BELLPUSH_OPTION_INVALID'],
      [update, 'x'.repeat(1025), {}, 'BELLPUSH_OPTION_INVALID'],
      [update, undefined, {}, 'BELLPUSH_OPTION_INVALID']
    ]
    for (const [payload, id, options, code] of broken) {
      await assert.rejects(client.broadcast(payload, id, options), withCode(code))
    }
    assert.equal(simulator.counts().connections, 0)
  })
})

describe('the connection of channels', () => {
  test('is kept, one for their management and one for broadcasts', async t => {
    const { simulator, client } = await doorbell(t)
    const { id } = await client.channels.create()
    await Promise.all([1, 2, 3, 4].flatMap(() => [client.channels.list(), client.broadcast(update, id)]))
    await client.broadcast(update, id)
    assert.equal(simulator.counts().connections, 2)
  })

  test('gets another provider token when one has expired', async t => {
    const { simulator, client } = await doorbell(t)
    const { id } = await client.channels.create()
    simulator.expireProviderTokens()
    assert.deepEqual(await client.channels.list(), [id])
    assert.equal(simulator.providerTokens, 2)
  })

  test('is of somebody whom the gateway knows', async t => {
    const { client } = await doorbell(t, {}, { auth: createSigningKey() })
    await assert.rejects(client.channels.create(),
      withCode('BELLPUSH_CREDENTIALS_REFUSED', 'InvalidProviderToken', /belong together/))
  })

  test('is one of a client that is not closed, and of HTTP/2', async t => {
    const { client, simulator } = await doorbell(t)
    const binary = new Client({ gateway: simulator.binary })
    assert.throws(() => binary.channels, withCode('BELLPUSH_OPTION_INVALID', undefined, /binary protocol has no/))
    const { channels } = client
    const asked = channels.create()
    await client.close()
    assert.ok((await asked).id)
    await assert.rejects(channels.list(), withCode('BELLPUSH_CLOSED'))
    await assert.rejects(client.broadcast(update, 'id=='), withCode('BELLPUSH_CLOSED'))
  })
})

/**
 * A gateway whose answers are the test's own, and a client for it.
 * @param {import('node:test').TestContext} t
 * @param {(stream: http2.ServerHttp2Stream, count: number) => void} answer
 */
async function gateway (t, answer) {
  let count = 0
  /** @type {Set<http2.ServerHttp2Session>} */
  const sessions = new Set()
  const { certPem: cert, keyPem: key } = serverCertificate
  const server = http2.createSecureServer({ cert, key })
  server.on('session', session => sessions.add(session.on('error', () => {})))
  server.on('stream', stream => answer(stream.on('error', () => {}), ++count))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => {
    for (const session of sessions) session.destroy()
    server.close()
  })
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  const client = new Client({
    gateway: `https://127.0.0.1:${port}`,
    auth: createSigningKey(),
    ca: authority.certPem,
    topic: 'com.example.doorbell',
    answerTimeout: 2000
  })
  t.after(() => client.destroy())
  return { client, count: () => count, sessions }
}

describe('a gateway', () => {
  test('that refuses a stream is asked again', async t => {
    const { client, count } = await gateway(t, (stream, count) => {
      if (count < 3) return stream.close(http2.constants.NGHTTP2_REFUSED_STREAM)
      stream.respond({ ':status': 200 })
      stream.end('{"channels":["a"]}')
    })
    assert.deepEqual(await client.channels.list(), ['a'])
    assert.equal(count(), 3)
  })

  test('that refuses every stream is given up', async t => {
    const { client, count } = await gateway(t, stream => stream.close(http2.constants.NGHTTP2_REFUSED_STREAM))
    await assert.rejects(client.channels.list(), withCode('BELLPUSH_CONNECTION_LOST'))
    assert.equal(count(), 3)
  })

  test('that takes leave is asked on another connection', async t => {
    const { client, sessions } = await gateway(t, stream => {
      stream.respond({ ':status': 200 })
      stream.end('{"channels":[]}')
      stream.session?.close()
    })
    for (let i = 0; i < 3; i++) {
      await client.channels.list()
      await Promise.all([...sessions].map(session => session.closed ? undefined : once(session, 'close')))
    }
    assert.equal(sessions.size, 3)
  })

  test('that does not answer, or breaks off, leaves a doubt, and nothing is asked twice', async t => {
    const { client, count } = await gateway(t, (stream, count) => {
      if (count === 2) stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR)
      if (count === 3) stream.session?.destroy()
    })
    for (const words of [/did not answer within 2000 ms/, /./, /./]) {
      await assert.rejects(client.broadcast(update, 'id=='), withCode('BELLPUSH_CONNECTION_LOST', undefined, words))
    }
    await assert.rejects(client.channels.list(), /nobody can know/)
    assert.equal(count(), 4)
  })

  test('whose answers are none is said so', async t => {
    const answers = ['', '{', '[]', '{"channels":{}}', '{"channels":[7]}', 'x'.repeat(5 * 1024 * 1024)]
    const { client } = await gateway(t, (stream, count) => {
      stream.respond({ ':status': 200 })
      stream.end(answers[count - 1])
    })
    for (const { length } of answers) {
      await assert.rejects(client.channels.list(), withCode('BELLPUSH_CHANNEL_REFUSED'), `${length} bytes`)
    }
    await assert.rejects(client.channels.create(), withCode('BELLPUSH_CHANNEL_REFUSED', undefined, /status 200/))
  })

  test('whose reason is a book shows nothing of it', async t => {
    const { client } = await gateway(t, stream => {
      stream.respond({ ':status': 400 })
      stream.end(JSON.stringify({ reason: 'secret\r\n'.repeat(1000) }))
    })
    await assert.rejects(client.channels.list(), error => {
      const { message, refusal } = /** @type {any} */ (error)
      assert.doesNotMatch(message, /secret/)
      assert.deepEqual(refusal, { reason: null, status: 400 })
      return true
    })
  })

  test('that shakes no hands is not waited for by close, where nobody asks it any more', async t => {
    const { host, port } = await plainServer(t)
    const client = new Client({
      gateway: `https://${host}:${port}`, auth: createSigningKey(), topic: 'com.example.doorbell',
      connectTimeout: 3_600_000
    })
    await assert.rejects(client.channels.list({ signal: AbortSignal.timeout(50) }), { name: 'AbortError' })
    await client.close()
  })

  test('that cuts its answer off leaves a doubt', async t => {
    for (const cut of /** @type {((to: RawConnection, stream: number) => void)[]} */ ([
      (to, stream) => to.reset(stream, 8), to => to.socket.destroy(), to => to.socket.end()
    ])) {
      const { client } = await rawDoorbell(t, {
        begun: (to, stream) => {
          to.send(frame(kinds.headers, 4, stream, Buffer.from([0x88])))
          to.send(frame(kinds.data, 0, stream, Buffer.from('{"channels":["x"]}')))
          setImmediate(cut, to, stream)
        }
      })
      await assert.rejects(client.channels.list(), withCode('BELLPUSH_CONNECTION_LOST', undefined, /nobody can know/))
    }
  })

  test('that ends a stream like a refused one, after an answer or for its own fault, is not asked again', async t => {
    for (const end of /** @type {((to: RawConnection, stream: number) => void)[]} */ ([
      (to, stream) => {
        to.send(frame(kinds.headers, 4, stream, Buffer.from([0x88])))
        to.reset(stream, 7)
      },
      to => to.goaway(0x7fffffff, 7)
    ])) {
      let asked = 0
      const { client } = await rawDoorbell(t, {
        begun: (to, stream) => {
          asked++
          end(to, stream)
        }
      })
      await assert.rejects(client.channels.list(), withCode('BELLPUSH_CONNECTION_LOST', undefined, /nobody can know/))
      assert.equal(asked, 1)
    }
  })

  test('is not waited for when the caller aborts, or destroys the client', async t => {
    const { client } = await gateway(t, () => {})
    const controller = new AbortController()
    const aborted = assert.rejects(client.channels.list({ signal: controller.signal }), { name: 'AbortError' })
    controller.abort()
    await aborted
    await assert.rejects(client.broadcast(update, 'id==', { signal: AbortSignal.abort() }), { name: 'AbortError' })
    const destroyed = assert.rejects(client.channels.list(), withCode('BELLPUSH_DESTROYED'))
    client.destroy()
    await destroyed
  })
})

test('channels are managed at Apple\'s own address for that, and elsewhere at the gateway', () => {
  const where = (/** @type {string} */ gateway) => managementOf(readClientGateway(gateway))
  const production = { host: 'api-manage-broadcast.push.apple.com', port: 2196, http2: true }
  const sandbox = { host: 'api-manage-broadcast.sandbox.push.apple.com', port: 2195, http2: true }
  assert.deepEqual(where('production'), production)
  assert.deepEqual(where('https://api.push.apple.com:2197'), production)
  assert.deepEqual(where('sandbox'), sandbox)
  assert.deepEqual(where('https://push.example.com'), { host: 'push.example.com', port: 443, http2: true })
})
