/** Pushes through an HTTP proxy that knows CONNECT, and through what does not. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { describe, test } from 'node:test'
import { Client } from '../js/client.js'
import { authority, client as certificate } from './helpers/certificates.js'
import { rawGateway } from './helpers/raw-http2-gateway.js'
import { dingDong, ring, tokens } from './helpers/ring.js'
import { closedPort, plainServer } from './helpers/servers.js'

const OPENED = 'HTTP/1.1 200 Connection established\r\nVia: a test\r\n\r\n'

/**
 * A proxy: `answer` gets the head of each request and says what is done.
 * @param {import('node:test').TestContext} t
 * @param {(socket: net.Socket, head: string, tunnel: () => void, count: number) => void} answer
 */
async function proxy (t, answer) {
  /** @type {string[]} */
  const heads = []
  const { port } = await plainServer(t, socket => {
    socket.once('data', bytes => {
      const head = bytes.toString('latin1')
      heads.push(head)
      const [, gateway] = /^CONNECT 127\.0\.0\.1:(\d+) /.exec(head) ?? []
      answer(socket, head, () => {
        const way = net.connect({ host: '127.0.0.1', port: Number(gateway) })
        way.on('error', () => socket.destroy())
        socket.on('close', () => way.destroy())
        way.on('close', () => socket.destroy())
        socket.pipe(way)
        way.pipe(socket)
      }, heads.length)
    })
  })
  return { port, heads }
}

/**
 * @param {import('node:test').TestContext} t
 * @param {string | number} way the proxy's port, or its URL
 * @param {Partial<import('../js/client.js').ClientOptions>} [options]
 * @param {import('./helpers/raw-http2-gateway.js').Script} [script]
 */
async function bellThrough (t, way, options, script = {}) {
  const gateway = await rawGateway(t, script)
  const client = new Client({
    gateway: `https://127.0.0.1:${gateway.port}`,
    proxy: typeof way === 'number' ? `http://127.0.0.1:${way}` : way,
    auth: { cert: certificate.certPem, key: certificate.keyPem },
    ca: authority.certPem,
    topic: 'com.example.doorbell',
    connectTries: 1,
    ...options
  })
  t.after(() => client.destroy())
  return { gateway, simulator: /** @type {any} */ (gateway), client }
}

describe('through a proxy', () => {
  test('a push goes as without one, and its name and password are the proxy\'s alone', async t => {
    const { port, heads } = await proxy(t, (socket, head, tunnel) => {
      socket.write(OPENED)
      tunnel()
    })
    const bell = await bellThrough(t, `http://door:s%3Acret@127.0.0.1:${port}`)
    assert.equal((await ring(bell, tokens(2000))).report.accepted, 2000)
    const basic = Buffer.from('door:s:cret').toString('base64')
    const name = `127.0.0.1:${bell.gateway.port}`
    assert.equal(heads[0], `CONNECT ${name} HTTP/1.1\r\nHost: ${name}\r\nProxy-Authorization: Basic ${basic}\r\n\r\n`)
  })

  test('an answer may come byte by byte', async t => {
    const { port } = await proxy(t, async (socket, head, tunnel) => {
      socket.setNoDelay(true)
      for (const byte of OPENED) await new Promise(resolve => socket.write(byte, resolve))
      tunnel()
    })
    assert.equal((await ring(await bellThrough(t, port), tokens(10))).report.accepted, 10)
  })

  test('another connection that it refuses is not asked for without end', async t => {
    const { port, heads } = await proxy(t, (socket, head, tunnel, count) => {
      if (count > 1) return socket.end('HTTP/1.1 503 Too Many Connections\r\n\r\n')
      socket.write(OPENED)
      tunnel()
    })
    // Ten streams, each answered in a turn of its own: another connection would help.
    const bell = await bellThrough(t, port, {}, {
      connected: connection => connection.settings({ maxStreams: 10 }),
      request: (connection, stream) => setImmediate(() => connection.accept(stream))
    })
    const { report } = await ring(bell, tokens(5000))
    assert.equal(report.accepted, 5000)
    assert.ok(heads.length > 1 && heads.length < 2 + report.elapsed / 50, `${heads.length} in ${report.elapsed} ms`)
  })
})

describe('a proxy that makes no way', () => {
  /** @type {[name: string, answer: string, words: RegExp][]} */
  const answers = [
    ['wants another password', 'HTTP/1.1 407 Proxy Authentication Required\r\n\r\n', /another user and .* \(407\)/],
    ['forbids it', 'HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno', /it answers 403/],
    ['speaks something else', 'SSH-2.0-OpenSSH_9.2\r\n\r\n', /is not HTTP/],
    ['never comes to an end', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(5000)}`, /answers 200|not HTTP/]
  ]
  for (const [name, answer, words] of answers) {
    test(`because it ${name} is named, and not its password`, async t => {
      const { port } = await proxy(t, socket => socket.write(answer))
      const { client } = await bellThrough(t, `http://door:s3cret@127.0.0.1:${port}`)
      await assert.rejects(client.send(dingDong, tokens(10)), error => {
        const { code, message, report } = /** @type {any} */ (error)
        assert.equal(code, 'BELLPUSH_PROXY_REFUSED')
        assert.match(message, words)
        assert.match(message, new RegExp(`127.0.0.1:${port}`))
        assert.doesNotMatch(message, /s3cret|door/)
        return report.counts.notSent === 10
      })
    })
  }

  test('behind which no handshake ends is told so, in the time for all of it', async t => {
    const { port } = await proxy(t, socket => setTimeout(() => socket.write(OPENED), 300))
    const { client } = await bellThrough(t, port, { connectTimeout: 500, connectTries: 1 })
    await assert.rejects(client.send(dingDong, tokens(10)),
      { code: 'BELLPUSH_CONNECT_TIMEOUT', message: /did not finish the TLS handshake within 500 ms/ })
  })

  test('because it hangs is named', async t => {
    const { port } = await proxy(t, () => {})
    const { client } = await bellThrough(t, port, { connectTimeout: 50 })
    await assert.rejects(client.send(dingDong, tokens(10)),
      { code: 'BELLPUSH_CONNECT_TIMEOUT', message: new RegExp(`^the proxy 127.0.0.1:${port} gave no answer`) })
  })

  test('because it closes is named', async t => {
    const { port } = await proxy(t, socket => socket.end())
    const { client } = await bellThrough(t, port)
    await assert.rejects(client.send(dingDong, tokens(10)),
      { code: 'BELLPUSH_CONNECT_FAILED', message: new RegExp(`127.0.0.1:${port}`) })
  })

  test('because it is not there is named', async t => {
    const port = await closedPort(t)
    const { client } = await bellThrough(t, port)
    await assert.rejects(client.send(dingDong, tokens(10)),
      { code: 'BELLPUSH_CONNECT_FAILED', message: new RegExp(`cannot connect to 127.0.0.1:${port}: nothing listens`) })
  })

  test('is left at once when the push is aborted', async t => {
    /** @type {(socket: net.Socket) => void} */
    let asked = () => {}
    const hanging = new Promise(resolve => { asked = resolve })
    const { port } = await proxy(t, socket => asked(socket))
    const { client } = await bellThrough(t, port)
    const abort = new AbortController()
    const push = client.send(dingDong, tokens(10), { signal: abort.signal })
    const closed = once(await hanging, 'close')
    abort.abort()
    await assert.rejects(push, { name: 'AbortError' })
    await closed
  })
})

test('a tunnel to what does not speak TLS is closed', async t => {
  /** @type {Promise<unknown[]> | undefined} */
  let closed
  const { port } = await proxy(t, socket => {
    closed = once(socket, 'close')
    socket.write(`${OPENED}SSH-2.0-OpenSSH_9.2\r\n`)
  })
  const { client } = await bellThrough(t, port)
  await assert.rejects(client.send(dingDong, tokens(10)), { code: 'BELLPUSH_NOT_TLS' })
  await closed
})
