/** One connection: what a gateway and a network can do wrong, for real, and the code that each of it ends as. */

import assert from 'node:assert/strict'
import { getEventListeners, once } from 'node:events'
import net from 'node:net'
import { describe, test } from 'node:test'
import { classify, retryMayHelp } from '../js/connection-errors.js'
import { mayRefuseHandshake, openConnection } from '../js/connection.js'
import { loadCredentials } from '../js/credentials.js'
import { BellpushError } from '../js/errors.js'
import { authority, client, future, past, stranger, unknown } from './helpers/certificates.js'
import { closedPort, plainServer, tlsServer } from './helpers/servers.js'

const ca = authority.certPem
const credentials = loadCredentials({ ca, cert: client.certPem, key: client.keyPem })
const versions = /** @type {const} */ (['TLSv1.2', 'TLSv1.3'])

/** @typedef {import('../js/connection.js').ConnectionOptions} ConnectionOptions */

/**
 * @param {ConnectionOptions} options
 * @param {import('../js/errors.js').ErrorCode} code
 * @param {...RegExp} words
 */
async function fails (options, code, ...words) {
  const error = await openConnection(options).then(socket => {
    socket.destroy()
    assert.fail('it connected')
  }, error => error)
  assertFault(error, code, ...words)
  assert.match(error.message, new RegExp(`:${options.port}`))
}

/**
 * @param {unknown} error
 * @param {import('../js/errors.js').ErrorCode} code
 * @param {...RegExp} words
 */
function assertFault (error, code, ...words) {
  assert.ok(error instanceof BellpushError, String(error))
  assert.equal(error.code, code, error.message)
  for (const word of words) assert.match(error.message, word)
}

/**
 * A record of TLS that carries one fatal alert, as a server sends it in the place of its first message.
 * @param {number} description RFC 8446, section 6
 */
const fatal = description => Buffer.from([21, 3, 3, 0, 2, 2, description])

describe('a connection', () => {
  for (const version of versions) {
    test(`that is ready over ${version}`, async t => {
      const { host, port } = await tlsServer(t, { maxVersion: version }, socket => socket.end('hello'))
      const socket = /** @type {import('node:tls').TLSSocket} */ (await openConnection({ host, port, credentials }))
      assert.equal(socket.getProtocol(), version)
      assert.equal(socket.authorized, true)
      const chunks = await socket.toArray()
      assert.equal(Buffer.concat(chunks).toString(), 'hello')
    })

    test(`that resumes the session of the one before over ${version}`, async t => {
      const { host, port } = await tlsServer(t, { maxVersion: version }, socket => socket.end('hello'))
      const own = loadCredentials({ ca, cert: client.certPem, key: client.keyPem })
      const reused = []
      for (let i = 0; i < 3; i++) {
        const socket = /** @type {import('node:tls').TLSSocket} */ (
          await openConnection({ host, port, credentials: own }))
        reused.push(socket.isSessionReused())
        await socket.toArray()
      }
      assert.deepEqual(reused, [false, true, true])
    })

    test(`that does not resume a session of other credentials or of another server over ${version}`, async t => {
      const ticketKeys = Buffer.alloc(48, 7)
      const first = await tlsServer(t, { maxVersion: version, ticketKeys }, socket => socket.end('hello'))
      const second = await tlsServer(t, { maxVersion: version, ticketKeys }, socket => socket.end('hello'))
      const others = loadCredentials({ ca, cert: client.certPem, key: client.keyPem })
      const pairs = /** @type {const} */ ([[first, credentials], [first, others], [second, credentials]])
      for (const [{ host, port }, used] of pairs) {
        const socket = /** @type {import('node:tls').TLSSocket} */ (
          await openConnection({ host, port, credentials: used }))
        assert.equal(socket.isSessionReused(), false)
        await socket.toArray()
      }
    })
  }

  test('to a host name, which it tells the server', async t => {
    const { port, server } = await tlsServer(t)
    const [socket, [served]] = await Promise.all([
      openConnection({ host: 'localhost', port, credentials }), once(server, 'secureConnection')
    ])
    assert.equal(served.servername, 'localhost')
    socket.destroy()
  })

  test('to an address whose certificate has a name', async t => {
    const { host, port } = await tlsServer(t)
    const socket = await openConnection({ host, port, credentials, servername: 'localhost' })
    socket.destroy()
  })

  test('without TLS', async t => {
    const { host, port } = await plainServer(t, socket => socket.end('hello'))
    const socket = await openConnection({ host, port, plain: true })
    assert.equal(Buffer.concat(await socket.toArray()).toString(), 'hello')
  })

  test('that sends small packets at once', async t => {
    const { host, port } = await plainServer(t)
    const socket = await openConnection({ host, port, plain: true })
    const noDelay = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'kSetNoDelay')
    assert.equal(/** @type {any} */ (socket)[/** @type {symbol} */ (noDelay)], true)
    socket.destroy()
  })
})

describe('no connection', () => {
  test('nothing listens', async t => {
    await fails({ host: '127.0.0.1', port: await closedPort(t), credentials }, 'BELLPUSH_CONNECT_FAILED', /listens/)
  })

  test('there is no such host', async () => {
    await fails({ host: 'gateway.invalid', port: 2195, credentials }, 'BELLPUSH_CONNECT_FAILED')
  })

  test('the server closes at once', async t => {
    const { host, port } = await plainServer(t, socket => socket.end())
    await fails({ host, port, credentials }, 'BELLPUSH_CONNECT_FAILED', /closed the connection/)
  })

  test('the server closes in the middle of the handshake', async t => {
    const { host, port } = await plainServer(t, socket => socket.once('data', () => socket.end(Buffer.from([22, 3]))))
    await fails({ host, port, credentials }, 'BELLPUSH_CONNECT_FAILED', /closed the connection/)
  })

  test('the server resets', async t => {
    const { host, port } = await plainServer(t, socket => socket.once('data', () => socket.resetAndDestroy()))
    await fails({ host, port, credentials }, 'BELLPUSH_CONNECT_FAILED', /closed the connection/)
  })

  test('the server accepts and never answers', async t => {
    const { host, port } = await plainServer(t)
    await fails({ host, port, credentials, connectTimeout: 50 }, 'BELLPUSH_CONNECT_TIMEOUT', /handshake/)
  })

  test('options that cannot be', async () => {
    const impossible = [{ host: '' }, { port: 0 }, { port: 70000 }, { connectTimeout: 0 }, { credentials: undefined }]
    for (const wrong of impossible) {
      const options = /** @type {ConnectionOptions} */ ({ host: '127.0.0.1', port: 1, credentials, ...wrong })
      await assert.rejects(openConnection(options), { code: 'BELLPUSH_OPTION_INVALID' })
    }
  })
})

describe('a server that does not speak TLS', () => {
  for (const [name, answer] of /** @type {const} */ ([
    ['HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['SMTP', '220 mail.example.com\r\n'],
    ['a plain binary gateway', Buffer.from('088000000000', 'hex')]
  ])) {
    test(name, async t => {
      const { host, port } = await plainServer(t, socket => socket.end(answer))
      await fails({ host, port, credentials }, 'BELLPUSH_NOT_TLS', /is the port right/)
    })
  }

  test('only old TLS', async t => {
    const options = /** @type {const} */ ({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })
    const { host, port } = await tlsServer(t, options)
    await fails({ host, port, credentials }, 'BELLPUSH_NOT_TLS', /older than 1\.2/)
  })
})

describe('a server that is not trusted', () => {
  test('its authority is unknown', async t => {
    const { host, port } = await tlsServer(t)
    for (const trust of [{}, { ca: stranger.certPem }]) {
      await fails({ host, port, credentials: loadCredentials(trust) }, 'BELLPUSH_SERVER_UNTRUSTED', /as ca/)
    }
  })

  test('its certificate is for another host', async t => {
    const { host, port } = await tlsServer(t)
    await fails({ host, port, credentials, servername: 'push.example.com' },
      'BELLPUSH_SERVER_UNTRUSTED', /another host/)
  })

  for (const [name, validity] of /** @type {const} */ ([['expired', past], ['not valid yet', future]])) {
    test(`its certificate is ${name}`, async t => {
      const { keyPem: key, certPem: cert } = await authority.issue({ hosts: ['127.0.0.1'], ...validity })
      const { host, port } = await tlsServer(t, { key, cert })
      await fails({ host, port, credentials }, 'BELLPUSH_SERVER_UNTRUSTED', new RegExp(name))
    })
  }
})

describe('a server that refuses the client certificate', () => {
  for (const [description, words] of /** @type {const} */ ([
    [40, /wants a client certificate/], [41, /wants a client certificate/], [42, /refuses/], [43, /refuses/],
    [44, /revoked/], [45, /expired/], [46, /refuses/], [48, /does not trust/], [49, /refuses/], [51, /refuses/]
  ])) {
    test(`with alert ${description}`, async t => {
      const { host, port } = await plainServer(t, socket => socket.once('data', () => socket.end(fatal(description))))
      await fails({ host, port, credentials }, 'BELLPUSH_CREDENTIALS_REFUSED', words)
    })
  }

  test('because there is none, over TLSv1.2', async t => {
    const { host, port } = await tlsServer(t, { maxVersion: 'TLSv1.2' })
    await fails({ host, port, credentials: loadCredentials({ ca }) }, 'BELLPUSH_CREDENTIALS_REFUSED', /give cert/)
  })

  test('because there is none, over TLSv1.3, when the handshake is done', async t => {
    const peer = await tlsServer(t)
    const socket = await openConnection({ host: peer.host, port: peer.port, credentials: loadCredentials({ ca }) })
    socket.resume()
    const [error] = await once(socket, 'error')
    assertFault(classify(error, peer, { established: true }), 'BELLPUSH_CREDENTIALS_REFUSED', /give cert/)
  })

  test('by closing without a word', async t => {
    const { host, port } = await tlsServer(t, { maxVersion: 'TLSv1.2' })
    const wrong = loadCredentials({ ca, cert: unknown.certPem, key: unknown.keyPem })
    await fails({ host, port, credentials: wrong }, 'BELLPUSH_CONNECT_FAILED', /refuse the client certificate/)
  })
})

describe('abort', () => {
  const reason = new Error('enough')
  const aborted = { name: 'AbortError', code: 'ABORT_ERR', cause: reason }

  test('before', async t => {
    const { host, port, server } = await plainServer(t)
    server.on('connection', () => assert.fail('it connected'))
    const signal = AbortSignal.abort(reason)
    await assert.rejects(openConnection({ host, port, credentials, signal }), aborted)
  })

  test('while connecting', async t => {
    const { host, port } = await plainServer(t)
    const controller = new AbortController()
    const opening = openConnection({ host, port, credentials, signal: controller.signal })
    controller.abort(reason)
    await assert.rejects(opening, aborted)
  })

  test('while the name is looked up', async () => {
    const controller = new AbortController()
    const opening = openConnection({ host: 'gateway.invalid', port: 1, credentials, signal: controller.signal })
    controller.abort(reason)
    await assert.rejects(opening, aborted)
  })

  test('in the handshake, which closes the connection', async t => {
    const { host, port, server } = await plainServer(t)
    const controller = new AbortController()
    const opening = openConnection({ host, port, credentials, signal: controller.signal })
    const [served] = await once(server, 'connection')
    served.once('data', () => controller.abort(reason))
    const closed = once(served, 'close')
    await assert.rejects(opening, aborted)
    await closed
  })

  test('afterwards, which does nothing', async t => {
    const { host, port } = await tlsServer(t, {}, socket => socket.pipe(socket))
    const controller = new AbortController()
    const socket = await openConnection({ host, port, credentials, signal: controller.signal })
    controller.abort(reason)
    socket.write('still here')
    const [chunk] = await once(socket, 'data')
    assert.equal(chunk.toString(), 'still here')
    socket.destroy()
  })
})

describe('what is left behind', () => {
  test('no listener and no timer, after success and after failure', async t => {
    const { signal } = new AbortController()
    const ready = await tlsServer(t)
    const broken = await plainServer(t, socket => socket.end())
    const timers = () => process.getActiveResourcesInfo().filter(kind => kind === 'Timeout').length
    const before = timers()
    const options = { host: '127.0.0.1', credentials, signal, connectTimeout: 1e6 }
    const socket = await openConnection({ ...options, port: ready.port })
    await assert.rejects(openConnection({ ...options, port: broken.port }))
    assert.equal(getEventListeners(signal, 'abort').length, 0)
    assert.equal(timers(), before)
    assert.equal(socket.listenerCount('secureConnect'), 0)
    socket.destroy()
  })

  test('no unhandled error when one comes after all', async t => {
    const { host, port, server } = await plainServer(t)
    const [socket, [served]] = await Promise.all([
      openConnection({ host, port, plain: true }), once(server, 'connection')
    ])
    socket.resume()
    served.resetAndDestroy()
    await new Promise(resolve => { socket.once('close', resolve) })
    assert.equal(/** @type {NodeJS.ErrnoException} */ (socket.errored).code, 'ECONNRESET')
  })

  test('a session that had to do with an error is not offered again', async t => {
    const own = loadCredentials({ ca, cert: client.certPem, key: client.keyPem })
    const { host, port, server } = await tlsServer(t, {}, socket => socket.write('hello'))
    const open = () => openConnection({ host, port, credentials: own })
    const [socket, [tcp]] = await Promise.all([open(), once(server, 'connection')])
    await Promise.all([once(socket, 'session'), once(socket, 'data')])
    tcp.resetAndDestroy()
    await new Promise(resolve => { socket.once('close', resolve) })
    const next = /** @type {import('node:tls').TLSSocket} */ (await open())
    assert.equal(next.isSessionReused(), false)
    next.destroy()
  })
})

describe('a session that does not work', () => {
  const own = () => loadCredentials({ ca, cert: client.certPem, key: client.keyPem })

  for (const version of versions) {
    test(`because the server ends what is resumed without a word is not offered again, ${version}`, async t => {
      const { host, port } = await tlsServer(t, { maxVersion: version },
        socket => socket.end(socket.isSessionReused() ? '' : 'hello'))
      const credentials = own()
      const reused = []
      for (let i = 0; i < 4; i++) {
        const socket = /** @type {import('node:tls').TLSSocket} */ (await openConnection({ host, port, credentials }))
        reused.push(socket.isSessionReused())
        await socket.toArray()
      }
      assert.deepEqual(reused, [false, true, false, true])
    })

    test(`because nothing answers it is not offered again, ${version}`, async t => {
      const { host, port: behind } = await tlsServer(t, { maxVersion: version }, socket => socket.end('hello'))
      let count = 0
      const { port } = await plainServer(t, socket => {
        if (++count === 2) return
        const way = net.connect(behind, host)
        way.on('error', () => {})
        socket.pipe(way).pipe(socket)
      })
      const credentials = own()
      const open = (connectTimeout = 5_000) => openConnection({ host, port, credentials, connectTimeout })
      await (await open()).toArray()
      await assert.rejects(open(100), { code: 'BELLPUSH_CONNECT_TIMEOUT' })
      const third = /** @type {import('node:tls').TLSSocket} */ (await open())
      assert.equal(third.isSessionReused(), false)
      third.destroy()
    })
  }
})

test('a server that sends no session is not thought to judge a certificate for ever', async t => {
  const { host, port: behind } = await tlsServer(t, { minVersion: 'TLSv1.3' })
  // What the server says behind its handshake, which is its session, is dropped.
  const { port } = await plainServer(t, socket => {
    const way = net.connect(behind, host)
    way.on('error', () => {})
    let flights = 0
    socket.on('data', bytes => {
      flights++
      way.write(bytes)
    })
    way.on('data', bytes => { if (flights < 2) socket.write(bytes) })
  })
  const own = loadCredentials({ ca, cert: client.certPem, key: client.keyPem })
  const socket = await openConnection({ host, port, credentials: own })
  socket.resume()
  assert.equal(mayRefuseHandshake(socket), true)
  while (mayRefuseHandshake(socket)) await new Promise(resolve => setTimeout(resolve, 50))
  socket.destroy()
})

describe('an error of a socket', () => {
  const peer = { host: '::1', port: 2195 }

  test('that is an abort or has a code of ours stays as it is', () => {
    const abort = Object.assign(new Error('x'), { name: 'AbortError' })
    const ours = new BellpushError('BELLPUSH_CLOSED', 'x')
    assert.equal(classify(abort, peer), abort)
    assert.equal(classify(ours, peer), ours)
  })

  test('of a host with several addresses is the first one’s', () => {
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
    assertFault(classify(new AggregateError([refused, new Error('other')]), peer), 'BELLPUSH_CONNECT_FAILED', /listens/)
  })

  test('on an established connection is a lost connection', () => {
    const error = classify(Object.assign(new Error('read'), { code: 'ECONNRESET' }), peer, { established: true })
    assertFault(error, 'BELLPUSH_CONNECTION_LOST', /\[::1\]:2195/)
  })

  test('with words of the peer is short and in one line', () => {
    const error = classify(new Error(`names:\r\n\u001b[31m${'x'.repeat(1e6)}`), peer)
    assert.ok(error.message.length < 400)
    assert.doesNotMatch(error.message, /\p{Cc}/u)
  })

  test('tells by its code whether to try again', () => {
    const codes = /** @type {const} */ (['BELLPUSH_CONNECT_FAILED', 'BELLPUSH_CONNECT_TIMEOUT',
      'BELLPUSH_CONNECTION_LOST', 'BELLPUSH_NOT_TLS', 'BELLPUSH_SERVER_UNTRUSTED', 'BELLPUSH_CREDENTIALS_REFUSED'])
    const retry = codes.map(code => retryMayHelp(new BellpushError(code, 'x')))
    assert.deepEqual(retry, [true, true, true, false, false, false])
    assert.equal(retryMayHelp(new Error('x')), false)
  })
})
