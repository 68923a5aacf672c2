/** What a push does besides meeting faults: audiences, options, progress, stopping, and clear words for bad input. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Client } from '../js/client.js'
import { Batch, payloadBytes } from '../js/core.js'
import { openTokenStore } from '../js/stores/index.js'
import { authority, client as certificate } from './helpers/certificates.js'
import { dingDong, doorbell, ring, token, tokens } from './helpers/ring.js'
import { tlsServer } from './helpers/servers.js'

/** @param {string} code */
const withCode = code => (/** @type {any} */ error) => error.code === code

/** @param {Record<string, number>} some */
const counts = some => ({ accepted: 0, rejected: 0, exhausted: 0, expired: 0, inDoubt: 0, notSent: 0, ...some })

describe('audiences', () => {
  test('an empty one is done at once, without a connection', async t => {
    const { simulator, client } = await doorbell(t)
    for (const audience of [[], new Set(), (async function * () {})()]) {
      const report = await client.send(dingDong, audience)
      assert.deepEqual([report.total, report.complete, report.connections], [0, true, 0])
      assert.deepEqual(report.counts, counts({}))
    }
    assert.equal(simulator.counts().connections, 0)
  })

  test('one token, raw bytes, a set and an asynchronous generator are taken as they are', async t => {
    const { simulator, client } = await doorbell(t)
    async function * later () {
      yield token(4)
      yield token(5)
    }
    const audiences = [token(1), Buffer.from(token(2), 'hex'), new Set([token(3)]), later()]
    for (const audience of audiences) await client.send(dingDong, audience)
    assert.deepEqual([...simulator.accepted.keys()].sort(), tokens(5))
  })

  test('tokens of 1, 80 and 100 bytes go to the gateway whole', async t => {
    const { simulator, client } = await doorbell(t)
    const odd = [1, 80, 100].map(length => 'ab'.repeat(length))
    const report = await client.send(dingDong, odd)
    assert.equal(report.accepted, 3)
    assert.deepEqual([...simulator.accepted.keys()], odd)
  })

  test('what is no token is rejected by itself and named as it was given; the others are sent', async t => {
    const { simulator, client } = await doorbell(t)
    const malformed = ['', 'abc', 'xyz0', 'ab'.repeat(101), 'š0', 'ab\ncd e']
    const others = [17, undefined, null, {}, Symbol('token')]
    const report = await client.send(dingDong, /** @type {any} */ ([token(1), ...malformed, ...others, token(2)]))
    assert.deepEqual(report.counts, counts({ accepted: 2, rejected: malformed.length + others.length }))
    assert.deepEqual(report.rejected.map(result => result.token),
      [...malformed, '(number)', '(undefined)', '(null)', '(object)', '(symbol)'])
    for (const { reason, status, dead } of report.rejected) {
      assert.deepEqual({ reason, status, dead }, { reason: 'MalformedToken', status: null, dead: false })
    }
    assert.deepEqual([...simulator.accepted.keys()], tokens(2))
  })

  test('two tokens in one text are none; a line break around one does not matter', async t => {
    const { simulator, client } = await doorbell(t)
    const report = await client.send(dingDong, [`${token(1)}\n${token(2)}`, `${token(3)}\n`, token(4)])
    assert.deepEqual(report.rejected.map(({ reason }) => reason), ['MalformedToken'])
    assert.deepEqual([...simulator.accepted.keys()], [token(3), token(4)])
  })

  test('among tokens of one length, what is no token is rejected by itself, whatever its characters are', async t => {
    const { simulator, client } = await doorbell(t)
    const odd = ['š', '\u0100', '😀', '\n', 'g', '\0'].map(text => text.padEnd(64, '0'))
    const report = await client.send(dingDong, [token(1), ...odd, token(2)])
    assert.deepEqual(report.rejected.map(({ token }) => token), odd)
    assert.deepEqual([...simulator.accepted.keys()], tokens(2))
  })

  test('a line break around each token does not matter', async t => {
    const { simulator, client } = await doorbell(t)
    assert.equal((await client.send(dingDong, tokens(3).map(text => `${text}\n`))).accepted, 3)
    assert.deepEqual([...simulator.accepted.keys()], tokens(3))
  })

  test('tokens of two lengths by turns go to the gateway whole', async t => {
    const { simulator, client } = await doorbell(t)
    const mixed = Array.from({ length: 500 }, (_, index) => token(index) + (index % 3 === 0 ? 'abcdef' : ''))
    assert.equal((await client.send(dingDong, mixed)).accepted, 500)
    assert.deepEqual([...simulator.accepted.keys()], mixed)
  })

  test('an array is the audience as it was when it was given', async t => {
    const { client } = await doorbell(t)
    const list = tokens(3000)
    const sent = client.send(dingDong, list)
    list.length = 0
    assert.equal((await sent).accepted, 3000)
  })

  test('a token is reported as it was written, and sent as it is meant', async t => {
    const dead = 'ab'.repeat(32)
    const written = `<${dead.toUpperCase().replace(/.{8}/g, '$& ').trim()}>`
    const { client } = await doorbell(t, { dead: [dead] })
    const report = await client.send(dingDong, [token(1), written])
    assert.deepEqual(report.rejected.map(({ token, reason, status, dead }) => ({ token, reason, status, dead })),
      [{ token: written, reason: 'InvalidToken', status: 8, dead: true }])
  })

  test('one larger than the window goes through it', async t => {
    const { report } = await ring(await doorbell(t, { dead: [token(9), token(500)] }, { maxInFlight: 7 }), tokens(600))
    assert.deepEqual(report.counts, counts({ accepted: 598, rejected: 2 }))
  })

  test('what a slow source has given is pushed and proved before the next comes', async t => {
    const { client } = await doorbell(t, {}, { linger: 10 })
    /** @type {(value?: unknown) => void} */
    let settled = () => {}
    const firstSettled = new Promise(resolve => { settled = resolve })
    async function * slow () {
      yield token(1)
      await firstSettled
      yield token(2)
    }
    const seen = []
    for await (const result of client.stream(dingDong, slow())) {
      seen.push(result.token)
      settled()
    }
    assert.deepEqual(seen, tokens(2))
  })

  test('one that fails half-way: what it gave is sent and reported, then its error is told', async t => {
    const { simulator, client } = await doorbell(t)
    const broken = new Error('the table is gone')
    async function * failing () {
      yield * tokens(3)
      throw broken
    }
    await assert.rejects(client.send(dingDong, failing()), (/** @type {any} */ error) => {
      assert.equal(error.code, 'BELLPUSH_AUDIENCE_FAILED')
      assert.equal(error.cause, broken)
      assert.match(error.message, /the table is gone/)
      assert.deepEqual(error.report.counts, counts({ accepted: 3 }))
      return true
    })
    assert.deepEqual([...simulator.accepted.keys()], tokens(3))
  })

  test('several pushes of one client at once keep to themselves', async t => {
    const { simulator, client } = await doorbell(t, { dead: [token(7), token(23)] })
    const all = tokens(30)
    const reports = await Promise.all([0, 10, 20].map(at => client.send(dingDong, all.slice(at, at + 10))))
    assert.deepEqual(reports.map(report => report.counts),
      [counts({ accepted: 9, rejected: 1 }), counts({ accepted: 10 }), counts({ accepted: 9, rejected: 1 })])
    assert.equal(simulator.counts().duplicates, 0)
  })

  test('several connections share one push', async t => {
    const all = tokens(8000)
    const dead = all.filter((_, i) => i % 199 === 0)
    const { report } = await ring(await doorbell(t, { dead }, { connections: 4 }), all)
    assert.deepEqual(report.counts, counts({ accepted: all.length - dead.length, rejected: dead.length }))
  })
})

describe('options', () => {
  test('expiration and priority are in the frames', async t => {
    const { simulator, client } = await doorbell(t)
    const [later] = [Math.floor(Date.now() / 1000) + 60]
    const cases = [
      [{}, dingDong, undefined, undefined],
      [{ expiration: 0, priority: 10 }, dingDong, 0, 10],
      [{ expiration: new Date(later * 1000 + 999), priority: 5 }, dingDong, later, 5],
      [{}, { aps: { 'content-available': 1 } }, undefined, 5],
      [{}, { aps: { 'content-available': 1, alert: 'Hi' } }, undefined, undefined],
      [{}, '{"aps":{"content-available":1}}', undefined, 5],
      [{ priority: 10 }, { aps: { 'content-available': 1 } }, undefined, 10]
    ]
    for (const [options, payload, expiration, priority] of cases) {
      const accepted = once(simulator, 'accepted')
      await client.send(/** @type {any} */ (payload), token(1), /** @type {any} */ (options))
      const [event] = await accepted
      assert.deepEqual([event.expiration, event.priority], [expiration, priority])
      const sent = Buffer.from(event.payload).toString()
      assert.deepEqual(JSON.parse(sent), typeof payload === 'string' ? JSON.parse(payload) : payload)
    }
  })

  test('what has expired is not sent', async t => {
    const { simulator, client } = await doorbell(t)
    const report = await client.send(dingDong, tokens(3), { expiration: Math.floor(Date.now() / 1000) - 1 })
    assert.deepEqual(report.counts, counts({ expired: 3 }))
    assert.equal(simulator.counts().connections, 0)
  })

  test('one that is misspelt, of the wrong type or out of range is named, before anything is sent', async t => {
    const { simulator, client } = await doorbell(t)
    const gateway = simulator.binary
    /** @type {[any, RegExp][]} */
    const wrong = [
      [undefined, /must be an object/],
      [{}, /gateway/],
      [{ gateway, auth: { key: 'x', keyId: 'ABCDE12345', teamId: 'ABCDE12345' } }, /client certificate/],
      [{ gateway: 'https://host/path' }, /https:\/\/host:port/],
      [{ gateway: 'production', proxy: 'http://me:secret@host/x' }, /^(?!.*secret)/],
      [{ gateway: 'apns://' }, /apns:\/\/host:port/],
      [{ gateway: 'apns://user:secret@host:1' }, /^(?!.*secret)/],
      [{ gateway, conections: 2 }, /no client option 'conections'/],
      [{ gateway, connections: 0 }, /'connections' must be an integer from 1 to 100, found 0/],
      [{ gateway, inDoubt: 'maybe' }, /'report', 'resend', found 'maybe'/],
      [{ gateway, tokens: {} }, /openTokenStore/],
      [{ gateway, tokens: 'mysql://me:secret@host/phones' }, /openTokenStore[^/]*, found a string$/],
      [{ gateway, auth: 'the secret itself' }, /'auth' must be an object, found a string$/]
    ]
    for (const [options, message] of wrong) {
      assert.throws(() => new Client(options), (/** @type {any} */ error) => {
        assert.match(error.message, message)
        return withCode('BELLPUSH_OPTION_INVALID')(error)
      })
    }
    /** @type {any[]} */
    const wrongToSend = [{ signal: {} }, { expiration: 'soon' }, { expiration: -1 }, { priority: 7 }, { urgent: true }]
    for (const options of wrongToSend) {
      await assert.rejects(client.send(dingDong, token(1), options), withCode('BELLPUSH_OPTION_INVALID'))
    }
    await assert.rejects(client.send(dingDong, { clientId: '1' }), withCode('BELLPUSH_OPTION_INVALID'))
    const store = await openTokenStore('memory:')
    const withStore = new Client({ gateway: simulator.binary, tokens: store })
    for (const clientId of [undefined, null, [undefined], ['1', null], 1.5, {}]) {
      const audience = /** @type {any} */ ({ clientId })
      await assert.rejects(withStore.send(dingDong, audience), withCode('BELLPUSH_OPTION_INVALID'))
    }
    for (const audience of [undefined, null, 5, {}]) {
      await assert.rejects(client.send(dingDong, /** @type {any} */ (audience)), withCode('BELLPUSH_OPTION_INVALID'))
    }
    assert.equal(simulator.counts().connections, 0)
  })

  test('a payload that cannot be sent is named with its fault, before anything is sent', async t => {
    const { simulator, client } = await doorbell(t)
    /** @type {any} */
    const circular = {}
    circular.self = circular
    /** @type {[any, string, RegExp][]} */
    const wrong = [
      [{ aps: { alert: 'x'.repeat(2048) } }, 'BELLPUSH_PAYLOAD_TOO_LARGE', /2068 bytes, 20 more than the 2048/],
      ['{"aps":', 'BELLPUSH_PAYLOAD_INVALID', /line 1, column 7/],
      ['[]', 'BELLPUSH_PAYLOAD_INVALID', /object/],
      [Buffer.from([0x7b, 0xff]), 'BELLPUSH_PAYLOAD_INVALID', /UTF-8/],
      [circular, 'BELLPUSH_PAYLOAD_INVALID', /JSON/],
      [undefined, 'BELLPUSH_PAYLOAD_INVALID', /JSON/]
    ]
    for (const [payload, code, message] of wrong) {
      await assert.rejects(client.send(payload, token(1)), (/** @type {any} */ error) => {
        assert.match(error.message, message)
        return withCode(code)(error)
      })
    }
    assert.equal(simulator.counts().connections, 0)
  })
})

describe('the gateway', () => {
  for (const version of /** @type {const} */ (['TLSv1.2', 'TLSv1.3'])) {
    test(`one that refuses the client certificate is an error, and nothing is in doubt, ${version}`, async t => {
      const { simulator } = await doorbell(t, { minVersion: version, maxVersion: version })
      const client = new Client({ gateway: simulator.binary, ca: simulator.credentials.ca })
      await assert.rejects(client.send(dingDong, tokens(20)), (/** @type {any} */ error) => {
        assert.equal(error.code, 'BELLPUSH_CREDENTIALS_REFUSED')
        assert.deepEqual(error.report.counts, counts({ notSent: 20 }))
        return true
      })
    })
  }

  test('one that refuses the client certificate on every one of several connections is an error, too', async t => {
    const { simulator } = await doorbell(t, { minVersion: 'TLSv1.3' })
    const client = new Client({ gateway: simulator.binary, ca: simulator.credentials.ca, connections: 4 })
    t.after(() => client.destroy())
    await assert.rejects(client.send(dingDong, tokens(3000)), withCode('BELLPUSH_CREDENTIALS_REFUSED'))
  })

  test('one that is not there is an error after some tries', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
    server.close()
    await once(server, 'close')
    const client = new Client({ gateway: `apns://127.0.0.1:${port}`, connectTries: 3 })
    await assert.rejects(client.send(dingDong, tokens(20)), (/** @type {any} */ error) => {
      assert.equal(error.code, 'BELLPUSH_CONNECT_FAILED')
      assert.match(error.message, /3 tries/)
      assert.deepEqual(error.report.counts, counts({ notSent: 20 }))
      return true
    })
  })

  test('one that fails for a while is asked again after the delay that was set', async t => {
    const options = { retryDelay: { first: 1, longest: 1 }, maxAttempts: 10 }
    const { client } = await doorbell(t, { faults: ['status-1@1', 'status-1@2', 'status-1@3'] }, options)
    const report = await client.send(dingDong, tokens(1))
    assert.equal(report.accepted, 1)
    const half = /** @type {any} */ ({ retryDelay: { first: 5 } })
    await assert.rejects(doorbell(t, {}, half), withCode('BELLPUSH_OPTION_INVALID'))
  })

  test('one that refuses most tokens trips the breaker: wrong environment or application', async t => {
    const { simulator, client } = await doorbell(t, { dead: tokens(300) }, { breaker: 20, connections: 1 })
    await assert.rejects(client.send(dingDong, tokens(300)), (/** @type {any} */ error) => {
      assert.equal(error.code, 'BELLPUSH_MOSTLY_INVALID')
      assert.deepEqual(error.report.counts, counts({ rejected: 20, notSent: 280 }))
      assert.deepEqual(error.report.removed, [])
      return true
    })
    assert.equal(simulator.counts().accepted, 0)
  })

  test('sessions are used again', async t => {
    const { client } = await doorbell(t)
    /** @type {boolean[]} */
    const reused = []
    client.on('connect', connection => reused.push(connection.reused))
    await client.send(dingDong, token(1))
    await client.send(dingDong, token(1))
    assert.deepEqual(reused, [false, true])
  })
})

describe('stopping', () => {
  test('an aborted push settles what it has sent, sends nothing more, and says so', async t => {
    const { simulator, client } = await doorbell(t, {}, { maxInFlight: 100 })
    const controller = new AbortController()
    function * endless () {
      for (let i = 1; ; i++) {
        if (i === 1000) controller.abort(new Error('enough'))
        yield token(i)
      }
    }
    const { signal } = controller
    await assert.rejects(client.send(dingDong, endless(), { signal }), (/** @type {any} */ error) => {
      assert.equal(error.name, 'AbortError')
      assert.equal(error.cause.message, 'enough')
      const { accepted, notSent, inDoubt } = error.report.counts
      assert.equal(accepted, simulator.counts().accepted)
      assert.deepEqual([inDoubt, accepted + notSent], [0, error.report.total])
      assert.equal(error.report.complete, false)
      return true
    })
  })

  test('a push that was aborted before it began does nothing', async t => {
    const { simulator, client } = await doorbell(t)
    const aborted = client.send(dingDong, token(1), { signal: AbortSignal.abort() })
    await assert.rejects(aborted, (/** @type {any} */ error) => {
      assert.equal(error.name, 'AbortError')
      assert.deepEqual([error.report.total, error.report.complete], [0, false])
      return true
    })
    assert.equal(simulator.counts().connections, 0)
  })

  test('a source that hangs does not hold up an abort', async t => {
    const { client } = await doorbell(t)
    const controller = new AbortController()
    async function * hanging () {
      yield token(1)
      controller.abort()
      await new Promise(() => {})
    }
    await assert.rejects(client.send(dingDong, hanging(), { signal: controller.signal }), { name: 'AbortError' })
  })

  test('a source of which nothing can be sent, and that never waits, holds up neither timers nor an abort', async t => {
    const { client } = await doorbell(t)
    let given = 0
    function * endless () {
      for (; given < 3_000_000; given++) yield 'no token'
    }
    const signal = AbortSignal.timeout(1)
    await assert.rejects(client.send(dingDong, endless(), { signal }), { name: 'AbortError' })
    assert.ok(given < 3_000_000, 'it was read to its end first')
  })

  test('an abort ends the wait for a connection', async t => {
    const server = createServer().listen(0, '127.0.0.1') // it answers no handshake
    await once(server, 'listening')
    t.after(() => server.close())
    server.on('connection', socket => socket.on('error', () => {}))
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
    const client = new Client({ gateway: `apns://127.0.0.1:${port}` })
    const controller = new AbortController()
    server.once('connection', () => controller.abort())
    const { signal } = controller
    await assert.rejects(client.send(dingDong, tokens(3), { signal }), (/** @type {any} */ error) => {
      assert.equal(error.name, 'AbortError')
      assert.deepEqual(error.report.counts, counts({ notSent: 3 }))
      return true
    })
  })

  test('close waits for what is under way and takes no more', async t => {
    const { simulator, client } = await doorbell(t)
    const sent = client.send(dingDong, tokens(500))
    await client.close()
    assert.equal(simulator.counts().accepted, 500)
    assert.equal((await sent).accepted, 500)
    await assert.rejects(client.send(dingDong, token(1)), withCode('BELLPUSH_CLOSED'))
  })

  test('destroy ends at once: what was sent is in doubt', async t => {
    const { simulator, client } = await doorbell(t, { faults: ['stall@3'] })
    const stalled = once(simulator, 'dropped')
    const sent = client.send(dingDong, tokens(5))
    await stalled
    client.destroy()
    await assert.rejects(sent, (/** @type {any} */ error) => {
      assert.equal(error.code, 'BELLPUSH_DESTROYED')
      assert.deepEqual(error.report.counts, counts({ inDoubt: 5 }))
      for (const { reason } of error.report.inDoubt) assert.equal(reason, 'Abandoned')
      return true
    })
  })

  test('close waits for dead tokens to leave the store', async t => {
    let gone = 0
    const store = await openTokenStore({
      list: () => tokens(5),
      remove: async () => {
        await turn()
        gone++
      }
    })
    const { client } = await doorbell(t, { dead: tokens(2) }, { tokens: store })
    const sent = client.send(dingDong, { clientId: 7 })
    await client.close()
    assert.equal(gone, 2)
    assert.deepEqual((await sent).removed, tokens(2))
  })

  test('destroy ends the wait for a store that hangs', async t => {
    /** @type {() => void} */
    let asked = () => {}
    const removing = new Promise(resolve => { asked = () => resolve(undefined) })
    const store = await openTokenStore({
      list: () => tokens(5),
      remove: () => {
        asked()
        return new Promise(() => {})
      }
    })
    const { client } = await doorbell(t, { dead: [token(2)] }, { tokens: store })
    const sent = client.send(dingDong, { clientId: 7 })
    await removing
    client.destroy()
    const report = await sent
    assert.deepEqual(report.counts, counts({ accepted: 4, rejected: 1 }))
    assert.deepEqual([report.removed, report.kept], [[], [token(2)]])
    assert.equal(/** @type {any} */ (report.removalError).code, 'BELLPUSH_DESTROYED')
  })

  test('leaving a stream stops its push', async t => {
    const { simulator, client } = await doorbell(t, {}, { maxInFlight: 50 })
    let given = 0
    function * endless () {
      for (;;) yield token(++given)
    }
    for await (const result of client.stream(dingDong, endless())) {
      assert.equal(result.outcome, 'accepted')
      if (result.token === token(120)) break
    }
    await client.close()
    assert.ok(simulator.counts().accepted < given + 1)
  })

  test('a consumer that is slow holds back the source', async t => {
    const { client } = await doorbell(t, {}, { maxInFlight: 1000 })
    let given = 0
    function * endless () {
      for (;;) yield token(++given)
    }
    const results = client.stream(dingDong, endless())
    await results.next()
    // Everything that can go on without the consumer does: it settles down, and not at the end of an endless source.
    let before
    do {
      before = given
      await new Promise(resolve => setTimeout(resolve, 100))
    } while (given !== before)
    assert.ok(given < 20_000, `${given} tokens were read for a consumer that took one`)
    await results.return(/** @type {any} */ (undefined))
  })
})

test('progress goes up to the whole, and ends there', async t => {
  const { client } = await doorbell(t, { dead: [token(5)] })
  /** @type {import('../js/client.js').Progress[]} */
  const steps = []
  await client.send(dingDong, tokens(2000), { onProgress: step => steps.push(step) })
  assert.deepEqual(steps.at(-1), { total: 2000, settled: 2000, counts: counts({ accepted: 1999, rejected: 1 }) })
  for (let i = 1; i < steps.length; i++) assert.ok(steps[i].settled >= steps[i - 1].settled)
})

test('lists are as long as the caller wants, counts are whole', async t => {
  const { client } = await doorbell(t, {}, { maxListed: 2 })
  const report = await client.send(dingDong, ['x', 'y', 'z'])
  assert.deepEqual([report.counts.rejected, report.rejected.length, report.truncated], [3, 2, true])
})

test('when the core fails, what was in flight is in doubt, and the next push has a new core', async t => {
  const { simulator, client } = await doorbell(t, { faults: ['stall@3'] }, { answerTimeout: 300, maxInFlight: 5 })
  const stalled = once(simulator, 'dropped')
  const sent = client.send(dingDong, tokens(8))
  await stalled
  const failure = assert.rejects(sent, (/** @type {any} */ error) => {
    assert.equal(error.code, 'BELLPUSH_CORE_FAILED')
    assert.deepEqual([error.report.counts, error.report.total], [counts({ inDoubt: 5, notSent: 3 }), 8])
    return true
  })
  trapTheCore()
  await failure
  assert.equal((await client.send(dingDong, tokens(5))).accepted, 5)
})

test('when the core fails while a connection is made, nothing of it stays open', async t => {
  const { host, port, server } = await tlsServer(t)
  const closed = new Promise(resolve => server.once('connection', socket => socket.once('close', resolve)))
  const auth = { cert: certificate.certPem, key: certificate.keyPem }
  const client = new Client({ gateway: `apns://${host}:${port}`, auth, ca: authority.certPem })
  client.once('connect', trapTheCore)
  await assert.rejects(client.send(dingDong, tokens(5)), withCode('BELLPUSH_CORE_FAILED'))
  await closed
})

/** Asks for more memory than there can be, which ends an instance of the module. */
function trapTheCore () {
  const options = {
    payloadLimit: 2048,
    expiration: undefined,
    priority: undefined,
    maxInFlight: 1,
    maxAttempts: 1,
    breaker: 1,
    resendInDoubt: false,
    listAccepted: false
  }
  const batch = new Batch(payloadBytes({ aps: {} }), options, 0)
  assert.throws(() => batch.resident.use(inner => inner.reserve(0xffff_fff0)), withCode('BELLPUSH_CORE_FAILED'))
  assert.throws(() => batch.closeInput(), withCode('BELLPUSH_CORE_FAILED'), 'what belonged to it is lost')
}
