/** The simulated binary gateway without faults on demand: what it accepts, what it rejects and what it counts. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import net from 'node:net'
import { describe, test } from 'node:test'
import { connect } from './helpers/raw-client.js'
import { encodeErrorResponse, encodeFrame, encodeItems } from './helpers/reference.js'
import { notifications, payload, simulated, token } from './helpers/simulated.js'

const vectors = JSON.parse(readFileSync(new URL('./vectors/binary.json', import.meta.url), 'utf8'))

describe('accepted in silence', () => {
  for (const version of /** @type {const} */ (['TLSv1.2', 'TLSv1.3'])) {
    test(`notifications of commands 0, 1 and 2 over ${version}`, async (t) => {
      const { simulator, dial } = await simulated(t, { minVersion: version, maxVersion: version })
      const client = await dial()
      const sent = [0, 1, 2].map((command) => ({ command, identifier: command, token: token(command), payload }))
      await client.send(...sent)
      await client.close()
      assert.equal(/** @type {import('node:tls').TLSSocket} */ (client.socket).authorized, true)
      assert.equal(client.received.length, 0)
      assert.equal(client.ended, true)
      assert.deepEqual([...simulator.accepted], sent.map(({ token }) => [token, 1]))
      assert.deepEqual(simulator.counts(), {
        connections: 1, refused: 0, received: 3, accepted: 3, duplicates: 0, rejected: 0, dropped: 0, feedback: 0
      })
    })
  }

  test('the frames of the vectors, cut in two at every byte', async (t) => {
    const { simulator, dial } = await simulated(t)
    const client = await dial()
    const bytes = Buffer.concat(vectors.frames.map((/** @type {{ hex: string }} */ { hex }) =>
      Buffer.from(hex.replace('T', vectors.T).replace('P', vectors.P).replaceAll(' ', ''), 'hex')))
    for (let cut = 1; cut < bytes.length; cut++) {
      await client.write(bytes.subarray(0, cut))
      await client.write(bytes.subarray(cut))
    }
    await client.close()
    assert.equal(simulator.accepted.get(vectors.T), vectors.frames.length * (bytes.length - 1))
    assert.equal(client.received.length, 0)
  })

  test('10,000 notifications in one write', async (t) => {
    const { simulator, dial } = await simulated(t)
    const client = await dial()
    await client.send(...notifications(1, 10_000))
    await client.close()
    const { accepted, duplicates, received } = simulator.counts()
    assert.deepEqual({ accepted, duplicates, received }, { accepted: 10_000, duplicates: 0, received: 10_000 })
    assert.equal(simulator.accepted.size, 10_000)
  })

  test('events tell what the notification said', async (t) => {
    const { simulator, dial } = await simulated(t)
    const accepted = once(simulator, 'accepted', { signal: t.signal })
    const client = await dial()
    await client.send({ command: 2, identifier: 7, expiration: 0, priority: 5, token: 'ab', payload })
    const [{ payload: bytes, ...rest }] = await accepted
    assert.equal(Buffer.from(bytes).toString(), payload)
    const said = { token: 'ab', identifier: 7, expiration: 0, priority: 5 }
    assert.deepEqual(rest, { ...said, connection: 1, position: 1, fault: undefined, responses: [] })
  })

  test('a frame that the client never finishes is not accepted', async (t) => {
    const { simulator, dial } = await simulated(t)
    const client = await dial()
    await client.write(encodeFrame(notifications(1)[0]).subarray(0, -1))
    await client.close()
    assert.equal(simulator.counts().received, 0)
  })
})

describe('duplicates', () => {
  test('are acceptances of a token that had been accepted, on whatever connection', async (t) => {
    const { simulator, dial } = await simulated(t)
    for (const last of [3, 2]) {
      const client = await dial()
      await client.send(...notifications(1, last))
      await client.close()
    }
    assert.deepEqual([...simulator.accepted.values()], [2, 2, 1])
    const { accepted, duplicates, connections } = simulator.counts()
    assert.deepEqual({ accepted, duplicates, connections }, { accepted: 5, duplicates: 2, connections: 2 })
  })

  test('a new ring after reset() has none', async (t) => {
    const { simulator, dial } = await simulated(t)
    const client = await dial()
    await client.send(...notifications(1, 3))
    await simulator.until(({ accepted }) => accepted === 3)
    const first = simulator.accepted
    assert.equal(simulator.reset().accepted, 3)
    await client.send(...notifications(1, 3))
    await simulator.until(({ accepted }) => accepted === 3)
    assert.equal(simulator.counts().duplicates, 0)
    assert.notEqual(simulator.accepted, first)
    assert.equal(first.size, 3)
  })
})

describe('a dead token', () => {
  test('gets status 8 and a close; what follows is thrown away, what came before is accepted', async (t) => {
    const { simulator, dial } = await simulated(t, { dead: [token(3).toUpperCase()] })
    const client = await dial()
    await client.send(...notifications(1, 5))
    await client.over()
    assert.deepEqual(client.responses, [{ status: 8, identifier: 3 }])
    assert.equal(client.ended, true)
    await client.send(...notifications(6, 9))
    await client.close()
    assert.equal(client.error, undefined)
    assert.deepEqual([...simulator.accepted.keys()], [token(1), token(2)])
    const { accepted, rejected, received } = simulator.counts()
    assert.deepEqual({ accepted, rejected, received }, { accepted: 2, rejected: 1, received: 3 })
  })

  test('is rejected every time', async (t) => {
    const { simulator, dial } = await simulated(t, { dead: [token(1)] })
    for (let time = 1; time <= 2; time++) {
      const client = await dial()
      await client.send(...notifications(1))
      await client.over()
      assert.deepEqual(client.responses, [{ status: 8, identifier: 1 }])
      await client.close()
    }
    assert.equal(simulator.counts().rejected, 2)
  })

  test('sent by command 0 cuts the connection without a word', async (t) => {
    const { simulator, dial } = await simulated(t, { dead: [token(2)] })
    const client = await dial()
    await client.send(...notifications(1, 3).map((notification) => ({ ...notification, command: 0 })))
    await client.over()
    assert.equal(client.received.length, 0)
    assert.equal(client.ended, true)
    const { accepted, rejected } = simulator.counts()
    assert.deepEqual({ accepted, rejected }, { accepted: 1, rejected: 1 })
  })

  test('may die while the simulator runs', async (t) => {
    const { simulator, dial } = await simulated(t)
    simulator.addDead(token(1))
    const client = await dial()
    await client.send(...notifications(1))
    await client.over()
    assert.deepEqual(client.responses, [{ status: 8, identifier: 1 }])
  })
})

describe('an error response is not overtaken by a reset, however much the client still writes', () => {
  for (const version of /** @type {const} */ (['TLSv1.2', 'TLSv1.3'])) {
    test(`a client that keeps its side open, over ${version}`, async (t) => {
      const { simulator, dial } = await simulated(t, { dead: [token(1)], maxVersion: version })
      const client = await dial()
      await client.send(...notifications(1, 20_000))
      await client.over()
      assert.deepEqual(client.responses, [{ status: 8, identifier: 1 }])
      await client.send(...notifications(20_001, 40_000))
      await client.close()
      assert.equal(client.error, undefined)
      assert.equal(simulator.counts().received, 1)
    })

    test(`a client that closes its side at once, over ${version}`, async (t) => {
      const { simulator, dial } = await simulated(t, { dead: [token(1)], maxVersion: version })
      const client = await dial({ allowHalfOpen: false })
      client.send(...notifications(1, 20_000))
      await client.gone()
      assert.deepEqual(client.responses, [{ status: 8, identifier: 1 }])
      assert.equal(simulator.counts().received, 1)
    })
  }
})

describe('what is malformed', () => {
  const hex = token(1)
  const bytes = Buffer.from(hex, 'hex')
  const identifier = Buffer.from([0, 0, 0, 5])
  /** @type {Array<[string, Buffer, number, number]>} */
  const cases = [
    ['an unknown command', Buffer.from([9]), 128, 0],
    ['no token', encodeItems([[2, Buffer.from('{}')], [3, identifier]]), 2, 5],
    ['a token of 101 bytes', encodeFrame({ command: 1, identifier: 5, token: '00'.repeat(101), payload }), 5, 5],
    ['no payload', encodeItems([[1, bytes], [3, identifier]]), 4, 5],
    ['a payload of 2,049 bytes', encodeItems([[1, bytes], [2, Buffer.alloc(2049)], [3, identifier]]), 7, 5],
    ['a frame of 4 GiB', Buffer.from([2, 255, 255, 255, 255]), 7, 0]
  ]
  for (const [name, wrong, status, named] of cases) {
    test(`${name}: status ${status}, after everything before it was accepted`, async (t) => {
      const { simulator, dial } = await simulated(t)
      const client = await dial()
      await client.write(Buffer.concat([encodeFrame(notifications(1)[0]), wrong, encodeFrame(notifications(2)[0])]))
      await client.over()
      assert.deepEqual(client.responses, [{ status, identifier: named }])
      const { accepted, rejected, received } = simulator.counts()
      assert.deepEqual({ accepted, rejected, received }, { accepted: 1, rejected: 1, received: 2 })
    })
  }

  test('cuts a client of command 0 without a word', async (t) => {
    const { simulator, dial } = await simulated(t)
    const client = await dial()
    await client.send({ command: 0, token: hex, payload }, { command: 0, token: '', payload })
    await client.over()
    assert.equal(client.received.length, 0)
    assert.equal(simulator.counts().rejected, 1)
  })

  test('an error response sent to the gateway is an unknown command', async (t) => {
    const { dial } = await simulated(t)
    const client = await dial()
    await client.write(encodeErrorResponse({ status: 8, identifier: 1 }))
    await client.over()
    assert.deepEqual(client.responses, [{ status: 128, identifier: 0 }])
  })
})

describe('bounds', () => {
  test('a connection without a byte for the idle time-out is cut', async (t) => {
    // Without TLS: on a busy machine a handshake may take longer than that, and is cut in its own way.
    const { simulator, dial } = await simulated(t, { idleTimeout: 20, plain: true })
    const gone = once(simulator, 'disconnect', { signal: t.signal })
    const client = await dial()
    await gone
    await client.over()
    assert.equal(client.received.length, 0)
  })

  test('a client that never begins its handshake is cut', async (t) => {
    const { simulator } = await simulated(t, { idleTimeout: 20 })
    const client = await connect(simulator.binary, undefined)
    await client.over()
    await simulator.until(({ refused }) => refused === 1)
  })

  test('connections above the limit are cut at once', async (t) => {
    const { simulator, dial } = await simulated(t, { maxConnections: 1 })
    const first = await dial()
    await assert.rejects(dial())
    await simulator.until(({ refused }) => refused === 1)
    await first.send(...notifications(1))
    await first.close()
    assert.equal(simulator.counts().accepted, 1)
  })

  test('a client that does not speak TLS is cut', async (t) => {
    const { simulator } = await simulated(t)
    const client = await connect(simulator.binary, undefined)
    await client.send(...notifications(1))
    await client.over()
    const { refused } = await simulator.until(({ refused }) => refused === 1)
    assert.equal(refused, 1)
  })
})

describe('plain text', () => {
  test('works the same without TLS', async (t) => {
    const { simulator, dial } = await simulated(t, { plain: true, dead: [token(2)] })
    const client = await dial()
    await client.send(...notifications(1, 3))
    await client.over()
    assert.deepEqual(client.responses, [{ status: 8, identifier: 2 }])
    assert.equal(simulator.counts().accepted, 1)
  })

  test('has no certificates to ask for', async (t) => {
    const { simulator } = await simulated(t, { plain: true })
    assert.throws(() => simulator.credentials, { code: 'BELLPUSH_OPTION_INVALID' })
  })
})

describe('start and stop', () => {
  test('a port in use is a clear error, and leaves nothing listening', async (t) => {
    const { simulator } = await simulated(t)
    const taken = Number(new URL(simulator.feedback).port)
    await assert.rejects(simulated(t, { feedbackPort: taken }), {
      code: 'BELLPUSH_LISTEN_FAILED', message: new RegExp(`127\\.0\\.0\\.1, port ${taken}: another program listens`)
    })
  })

  test('stop() ends every connection, also in its handshake, and may be called twice', async (t) => {
    const { simulator, dial } = await simulated(t)
    const client = await dial()
    const silent = net.connect({ host: '127.0.0.1', port: Number(new URL(simulator.binary).port) })
    t.after(() => silent.destroy())
    silent.on('error', () => {})
    await once(silent, 'connect', { signal: t.signal })
    await simulator.stop()
    await client.over()
    silent.resume()
    if (!silent.closed) await once(silent, 'close', { signal: t.signal })
    await simulator.stop()
    await assert.rejects(connect(simulator.binary, undefined), { code: 'ECONNREFUSED' })
  })

  test('who waits for a count that will never come is told at stop()', async (t) => {
    const { simulator } = await simulated(t)
    const waiting = assert.rejects(simulator.until(({ accepted }) => accepted > 0), { code: 'BELLPUSH_CLOSED' })
    await simulator.stop()
    await waiting
  })

  test('waiting can be aborted', async (t) => {
    const { simulator } = await simulated(t)
    await assert.rejects(simulator.until(() => false, { signal: AbortSignal.abort() }), { name: 'AbortError' })
  })

  for (const [name, options] of /** @type {Array<[string, object]>} */ ([
    ['a port that is none', { binaryPort: 70_000 }],
    ['an unknown fault', { faults: ['lightning@3'] }],
    ['an unknown TLS version', { minVersion: 'TLSv9' }],
    ['a time that is none', { dead: [{ token: '00', time: -1 }] }]
  ])) {
    test(`${name} is a usage error`, async (t) => {
      await assert.rejects(simulated(t, options), { code: 'BELLPUSH_OPTION_INVALID' })
    })
  }

  test('a malformed dead token is named', async (t) => {
    await assert.rejects(simulated(t, { dead: ['xyz'] }), { code: 'BELLPUSH_TOKEN_MALFORMED' })
  })

  test('listens on IPv6 too', async (t) => {
    const { simulator, dial } = await simulated(t, { host: '::1' })
    assert.match(simulator.binary, /^apns:\/\/\[::1\]:\d+$/)
    const client = await dial()
    await client.send(...notifications(1))
    await client.close()
    assert.equal(simulator.counts().accepted, 1)
  })
})
