/**
 * Pushes over HTTP/2 to a gateway that a test writes frame by frame: what no library would send. Whatever it does, it
 * must not make the client lose a notification, ring twice, or wait for ever.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { anyKey, frame, kinds, rawDoorbell } from './helpers/raw-http2-gateway.js'
import { dingDong, ring, tokens } from './helpers/ring.js'

/** What the report counts where only some of the counts are not 0. */
const counts = (/** @type {Record<string, number>} */ some) =>
  ({ accepted: 0, rejected: 0, exhausted: 0, expired: 0, inDoubt: 0, notSent: 0, ...some })

const twenty = tokens(20)

describe('RST_STREAM', () => {
  for (let code = 0; code <= 14; code++) {
    const expected = code === 7 ? counts({ accepted: 20 }) : counts({ accepted: 19, inDoubt: 1 })
    test(`with code ${code} at the fifth of twenty`, async t => {
      const bell = await rawDoorbell(t, {
        request: (connection, stream, count) => {
          if (count === 5) connection.reset(stream, code)
          else connection.accept(stream)
        }
      })
      assert.deepEqual((await ring(bell, twenty)).report.counts, expected)
    })
  }

  test('behind the headers of an answer changes nothing of what it said', async t => {
    const bell = await rawDoorbell(t, {
      request: (connection, stream, count) => {
        if (count !== 5) return connection.accept(stream)
        connection.take(stream)
        connection.send(frame(kinds.headers, 4, stream, Buffer.from([0x88])))
        connection.reset(stream, 2)
      }
    })
    assert.deepEqual((await ring(bell, twenty)).report.counts, counts({ accepted: 20 }))
  })

  test('that refuses every stream is given up', async t => {
    const bell = await rawDoorbell(t, { request: (connection, stream) => connection.reset(stream, 7) })
    const { report, error } = await ring(bell, twenty)
    assert.equal(error.code, 'BELLPUSH_CONNECTION_LOST')
    assert.match(error.message, /refused more than 4096 streams/)
    assert.deepEqual(report.counts, counts({ notSent: 20 }))
  })
})

describe('GOAWAY', () => {
  test('that names no stream and a close: all goes out again', async t => {
    const bell = await rawDoorbell(t, {
      request: (connection, stream) => {
        if (connection.number > 1) return connection.accept(stream)
        connection.goaway(0)
        connection.socket.end()
      }
    })
    assert.deepEqual((await ring(bell, twenty)).report.counts, counts({ accepted: 20 }))
  })

  test('twice, first with the largest stream and then with the last: what is between goes out again', async t => {
    const bell = await rawDoorbell(t, {
      request: (connection, stream, count) => {
        if (connection.number > 1) return connection.accept(stream)
        if (count === 1) connection.goaway(2 ** 31 - 1)
        if (stream <= 9) connection.accept(stream)
        if (count !== 20) return
        connection.goaway(9)
        connection.socket.end()
      }
    })
    assert.deepEqual((await ring(bell, twenty)).report.counts, counts({ accepted: 20 }))
    assert.equal(bell.gateway.connections.length, 2)
  })

  test('and a connection that ends before its answers leaves those in doubt, and no others', async t => {
    const bell = await rawDoorbell(t, {
      request: (connection, stream, count) => {
        if (connection.number > 1) return connection.accept(stream)
        if (count <= 10) connection.take(stream)
        if (count !== 20) return
        connection.goaway(19)
        connection.socket.end()
      }
    })
    assert.deepEqual((await ring(bell, twenty)).report.counts, counts({ accepted: 10, inDoubt: 10 }))
  })

  test('with an error on every connection: the push ends, and says what it was', async t => {
    const bell = await rawDoorbell(t, { request: connection => connection.goaway(0, 11, 'too_many_pings') })
    const { report, error } = await ring(bell, twenty)
    assert.equal(error.code, 'BELLPUSH_CONNECTION_LOST')
    assert.match(error.message, /ENHANCE_YOUR_CALM: too_many_pings/)
    assert.deepEqual(report.counts, counts({ notSent: 20 }))
  })
})

describe('what a gateway allows', () => {
  test('no streams at all: each connection is left after the time of an answer, and the push ends', async t => {
    const bell = await rawDoorbell(t, {
      connected: connection => connection.settings({ maxStreams: 0 }),
      request: (connection, stream) => connection.reset(stream, 7)
    }, { answerTimeout: 50 })
    const { report, error } = await ring(bell, twenty)
    assert.equal(error.code, 'BELLPUSH_CONNECTION_LOST')
    assert.match(error.message, /let no request begin/)
    assert.deepEqual(report.counts, counts({ notSent: 20 }))
  })

  test('streams that fall to 0 and to 1 and come back', async t => {
    const limits = [0, 1, 1000, 0, 3]
    let most = 0
    const bell = await rawDoorbell(t, {
      connected: connection => connection.settings({ maxStreams: 100 }),
      request: (connection, stream, count) => {
        most = Math.max(most, connection.open.size)
        if (count % 50 === 0) {
          const limit = limits[count / 50 % limits.length]
          connection.settings({ maxStreams: limit })
          if (limit === 0) setImmediate(() => connection.settings({ maxStreams: 2 }))
        }
        connection.accept(stream)
      }
    }, { maxConnections: 1 })
    assert.deepEqual((await ring(bell, tokens(2000))).report.counts, counts({ accepted: 2000 }))
    assert.ok(most <= 1000, `${most} streams`)
  })

  test('a window of 0 that never opens: nothing is in doubt', async t => {
    const bell = await rawDoorbell(t, {
      connected: connection => connection.settings({ window: 0, maxStreams: 100 }),
      // The first request may go out before the SETTINGS are read.
      request: (connection, stream) => connection.accept(stream)
    }, { answerTimeout: 50 })
    const { report, error } = await ring(bell, twenty)
    assert.equal(error?.code ?? 'BELLPUSH_CONNECTION_LOST', 'BELLPUSH_CONNECTION_LOST')
    assert.equal(report.counts.inDoubt, 0)
    assert.equal(report.counts.accepted + report.counts.notSent, 20)
  })

  test('a byte of window at a time', async t => {
    const bell = await rawDoorbell(t, {
      connected: connection => connection.settings({ window: 1, maxStreams: 100 }),
      begun: (connection, stream) => {
        const payload = Buffer.byteLength(JSON.stringify(dingDong))
        for (let i = 0; i < payload; i++) connection.window(stream, 1)
      }
    })
    assert.deepEqual((await ring(bell, tokens(200))).report.counts, counts({ accepted: 200 }))
  })
})

describe('silence', () => {
  test('of a gateway that answered before: only what was open is in doubt, the rest goes another way', async t => {
    const bell = await rawDoorbell(t, {
      request: (connection, stream, count) => {
        if (connection.number > 1 || count <= 10) connection.accept(stream)
        else connection.answersPings = false
      }
    }, { answerTimeout: 300, pingInterval: 600 })
    const { report } = await ring(bell, tokens(3000))
    assert.ok(report.counts.inDoubt > 0 && report.counts.inDoubt <= 1000, `${report.counts.inDoubt} in doubt`)
    assert.equal(report.counts.accepted + report.counts.inDoubt, 3000)
  })

  test('of a gateway that answers no request, but every PING: one is in doubt for each connection', async t => {
    const bell = await rawDoorbell(t, { request: () => {} },
      { auth: anyKey, answerTimeout: 50, pingInterval: 20, connectTries: 5 })
    const { report, error } = await ring(bell, tokens(1000))
    assert.equal(error.code, 'BELLPUSH_CONNECTION_LOST')
    assert.match(error.message, /answered no request in time/)
    assert.deepEqual(report.counts, counts({ inDoubt: 5, notSent: 995 }))
  })

  test('of a gateway that does not even read: the connection ends, and the rest goes another way', async t => {
    const large = { aps: { alert: 'x'.repeat(4000) } }
    const bell = await rawDoorbell(t, {
      consumes: false,
      connected: connection => {
        connection.settings({ maxStreams: 100_000, window: 2 ** 31 - 1 })
        connection.window(0, 2 ** 31 - 1 - 65_535)
      },
      request: (connection, stream) => {
        connection.accept(stream)
        if (connection.number === 1) connection.socket.pause()
      }
    }, { answerTimeout: 300, pingInterval: 600, maxConnections: 1 })
    const report = await bell.client.send(large, tokens(6000))
    assert.equal(report.counts.accepted + report.counts.inDoubt, 6000)
    assert.ok(report.counts.accepted > 1000, `${report.counts.accepted} accepted`)
  })
})

describe('a connection', () => {
  for (const cut of [1, 5, 8, 9, 10]) {
    test(`that ends after ${cut} bytes of an answer leaves in doubt what was open`, async t => {
      const bell = await rawDoorbell(t, {
        request: (connection, stream, count) => {
          if (connection.number > 1 || count < 5) return connection.accept(stream)
          if (count !== 20) return
          connection.take(stream)
          const answer = frame(kinds.headers, 5, stream, Buffer.from([0x88]))
          connection.socket.end(answer.subarray(0, cut))
        }
      })
      const accepted = cut < 10 ? 4 : 5
      assert.deepEqual((await ring(bell, twenty)).report.counts, counts({ accepted, inDoubt: 20 - accepted }))
    })
  }

  /** @type {[name: string, bytes: Uint8Array, words: RegExp][]} */
  const faults = [
    ['half a page of HTTP/1.1', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), /at most 16384 bytes/],
    ['a frame of 16 MB', frame(kinds.data, 0, 1, Buffer.alloc(0)).fill(0xff, 0, 3), /at most 16384 bytes/],
    ['a push', frame(kinds.pushPromise, 4, 1, Buffer.from([0, 0, 0, 2, 0x88])), /PUSH_PROMISE/],
    ['an answer to a stream that was never opened', frame(kinds.headers, 5, 4001, Buffer.from([0x88])), /opened/],
    ['CONTINUATION alone', frame(kinds.continuation, 4, 1, Buffer.from([0x88])), /header block/],
    ['a window that overflows', frame(kinds.window, 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff])), /window/],
    ['a header block that is none', frame(kinds.headers, 5, 1, Buffer.alloc(6, 0xff)), /header/],
    ['a PING of 7 bytes', frame(kinds.ping, 0, 0, Buffer.alloc(7)), /PING|8 bytes/]
  ]
  for (const [name, bytes, words] of faults) {
    test(`on which comes ${name} ends in words, and the rest goes another way`, async t => {
      let seen = ''
      const bell = await rawDoorbell(t, {
        request: (connection, stream, count) => {
          if (connection.number > 1 || count < 5) connection.accept(stream)
          else if (count === 5) connection.send(bytes)
        },
        frame: (connection, kind, flags, stream, payload) => {
          if (kind === kinds.goaway && connection.number === 1) seen = payload.subarray(8).toString()
        }
      })
      const { report } = await ring(bell, tokens(2000))
      assert.equal(report.counts.accepted + report.counts.inDoubt, 2000)
      assert.ok(report.counts.inDoubt <= 1000)
      assert.match(seen, words)
    })
  }

  test('whose first frame is no SETTINGS is given up, each with the one that had gone out', async t => {
    const bell = await rawDoorbell(t, {
      connected: connection => connection.send(Buffer.from('HTTP/1.1 505 HTTP Version Not Supported\r\n\r\n'))
    }, { connectTries: 5 })
    const { report, error } = await ring(bell, twenty)
    assert.equal(error.code, 'BELLPUSH_CONNECTION_LOST')
    assert.ok(report.counts.inDoubt <= 5)
    assert.equal(report.counts.inDoubt + report.counts.notSent, 20)
  })

  test('that cannot be made beside the one that called a token bad: that one is closed, and asked no more', async t => {
    const bell = await rawDoorbell(t, {
      request: (connection, stream, count) => {
        bell.gateway.server?.close()
        if (count === 5) connection.refuse(stream, 400, { reason: 'BadDeviceToken' })
        else connection.accept(stream)
      }
    }, { connectTries: 1 })
    const { report, error } = await ring(bell, twenty)
    assert.equal(error.code, 'BELLPUSH_CONNECT_FAILED')
    assert.deepEqual(report.counts, counts({ accepted: 19, rejected: 1 }))
    assert.deepEqual(report.removed, [])
  })
})

describe('what a proxy before the gateway says', () => {
  test('502 and 504 leave in doubt what nobody can know', async t => {
    const bell = await rawDoorbell(t, {
      request: (connection, stream, count) => {
        if (count !== 5 && count !== 9) return connection.accept(stream)
        connection.take(stream)
        connection.refuse(stream, count === 5 ? 502 : 504, '<html><body>Bad Gateway</body></html>')
      }
    })
    const report = await bell.client.send(dingDong, twenty)
    assert.deepEqual(report.counts, counts({ accepted: 18, inDoubt: 2 }))
    assert.deepEqual(report.inDoubt.map(({ status }) => status).sort(), [502, 504])
  })

  for (const status of [301, 401, 404, 405, 421]) {
    test(`${status}, without a reason of Apple's, stops the push at the first, in words`, async t => {
      const request = (/** @type {import('./helpers/raw-http2-gateway.js').RawConnection} */ connection,
        /** @type {number} */ stream) => connection.refuse(stream, status, '<html>')
      const bell = await rawDoorbell(t, { request }, { auth: anyKey })
      const { report, error } = await ring(bell, twenty)
      assert.equal(error.code, 'BELLPUSH_NOTIFICATION_REFUSED')
      assert.match(error.message, new RegExp(`${status}.*no gateway of Apple`))
      assert.deepEqual(report.counts, counts({ rejected: 1, notSent: 19 }))
    })
  }
})

describe('an expired provider token', () => {
  test('on every connection, which then ends: the push ends, too', async t => {
    const bell = await rawDoorbell(t, {
      request: (connection, stream) => {
        connection.refuse(stream, 403, { reason: 'ExpiredProviderToken' })
        connection.socket.end()
      }
    }, { auth: anyKey, connectTries: 5 })
    const { report, error } = await ring(bell, twenty)
    assert.equal(error.code, 'BELLPUSH_CONNECTION_LOST')
    assert.equal(report.counts.accepted, 0)
    assert.ok(bell.gateway.connections.length <= 6, `${bell.gateway.connections.length} connections`)
  })
})
