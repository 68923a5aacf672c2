/** The legacy gateway: old bytes in, what a simulated Apple accepted over HTTP/2, and what the old client hears. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { authority, other, past, unknown } from './helpers/certificates.js'
import { legacyGateway } from './helpers/legacy.js'
import { notifications, payload, token } from './helpers/simulated.js'

/** @param {import('../js/simulator/index.js').Simulator} simulator @param {number} count */
const accepted = (simulator, count) => simulator.until(({ accepted }) => accepted >= count)

/** @param {number} n */
const bad = n => `BadDeviceToken@token:${token(n)}`

describe('what an old client sends', () => {
  test('arrives, in silence', async t => {
    const { simulator, dial } = await legacyGateway(t)
    const client = await dial()
    await client.send(...notifications(1, 100))
    await accepted(simulator, 100)
    await client.close()
    assert.deepEqual([client.received.length, simulator.counts().duplicates], [0, 0])
  })

  test('in all three commands, and over a loopback port without TLS', async t => {
    const { simulator, dial } = await legacyGateway(t, {}, { plain: true })
    const client = await dial()
    for (const command of /** @type {const} */ ([0, 1, 2])) {
      await client.send({ command, identifier: command, token: token(command + 1), payload })
    }
    await accepted(simulator, 3)
    await client.close()
    assert.equal(client.received.length, 0)
  })

  test('each with a payload of its own', async t => {
    const { simulator, dial } = await legacyGateway(t)
    const payloads = new Set()
    simulator.on('accepted', ({ payload }) => payloads.add(Buffer.from(payload).toString()))
    const client = await dial()
    await client.send(...notifications(1, 1000).map((frame, i) => ({ ...frame, payload: `{"aps":{"badge":${i}}}` })))
    await accepted(simulator, 1000)
    assert.deepEqual([payloads.size, simulator.counts().duplicates], [1000, 0])
  })

  test('goes out as what it is: for the screen, in the background, or a call', async t => {
    const { simulator, dial } = await legacyGateway(t, { http2: { topics: ['com.example.doorbell'] } })
    const voip = await legacyGateway(t, { http2: { topics: ['com.example.doorbell'] } }, {
      app: { topic: 'com.example.doorbell.voip' }, plain: true
    })
    /** @type {any[]} */
    const seen = []
    const note = (/** @type {any} */ { headers, priority }) => seen.push([
      headers.get('apns-topic'), headers.get('apns-push-type'), headers.get('apns-expiration'), priority])
    simulator.on('accepted', note)
    voip.simulator.on('accepted', note)
    const client = await dial()
    await client.send({ command: 1, identifier: 1, expiration: 2_000_000_000, token: token(1), payload })
    await accepted(simulator, 1)
    await client.send({ command: 1, identifier: 2, token: token(2), payload: '{"aps":{"content-available":1}}' })
    await accepted(simulator, 2)
    const caller = await voip.dial()
    await caller.send({ command: 2, identifier: 1, priority: 10, token: token(3), payload: '{"caller":"Ann"}' })
    await accepted(voip.simulator, 1)
    assert.deepEqual(seen, [
      ['com.example.doorbell', 'alert', '2000000000', undefined],
      ['com.example.doorbell', 'background', '0', 5],
      ['com.example.doorbell.voip', 'voip', undefined, 10]
    ])
  })
})

describe('a refused notification', () => {
  test('is named, and nothing rings twice when what was behind it comes again', async t => {
    const { simulator, dial, gateway } = await legacyGateway(t, { faults: [bad(20)] })
    const client = await dial()
    await client.send(...notifications(1, 500))
    await client.over()
    assert.deepEqual(client.responses, [{ status: 8, identifier: 20 }])
    assert.equal(client.chunks.length, 1)
    const again = await dial()
    await again.send(...notifications(21, 500))
    await accepted(simulator, 499)
    await again.close()
    assert.deepEqual([simulator.counts().accepted, simulator.counts().duplicates], [499, 0])
    assert.equal(again.received.length, 0)
    const [figures] = gateway.figures()
    assert.ok(figures.swallowed > 0, `${figures.swallowed} swallowed`)
    assert.deepEqual([figures.remembered, figures.accepted], [0, 499])
  })

  test('is the first of several, whatever Apple answers first', async t => {
    const { dial } = await legacyGateway(t, { faults: [30, 10, 20].map(bad) })
    const client = await dial()
    await client.send(...notifications(1, 40))
    await client.over()
    assert.deepEqual(client.responses, [{ status: 8, identifier: 10 }])
  })

  test('of somebody who sends the same to the same twice, on purpose, rings twice', async t => {
    const { simulator, dial } = await legacyGateway(t, { faults: [bad(1)] })
    const client = await dial()
    await client.send(...notifications(1, 2))
    await client.over()
    const again = await dial()
    await again.send(...notifications(2), ...notifications(2))
    await accepted(simulator, 2)
    assert.equal(simulator.accepted.get(token(2)), 2)
  })

  test('of command 0 closes the connection without a word, and loses nothing', async t => {
    const { simulator, dial } = await legacyGateway(t, { faults: [bad(3)] })
    const client = await dial()
    const frames = notifications(1, 20).map(frame => ({ ...frame, command: /** @type {const} */ (0) }))
    await client.send(...frames.slice(0, 10))
    await client.over()
    await client.send(...frames.slice(10))
    await accepted(simulator, 19)
    assert.deepEqual([client.received.length, simulator.counts().duplicates], [0, 0])
  })

  test('of command 0 closes nothing while its client writes: a reset could take along what is under way', async t => {
    const { simulator, dial, gateway } = await legacyGateway(t, { faults: [bad(1)] })
    const client = await dial()
    for (const [before, frame] of notifications(1, 100).entries()) {
      await client.send({ ...frame, command: 0 })
      await accepted(simulator, before)
      assert.ok(!client.ended)
    }
    while (gateway.figures()[0].cut === 0) await new Promise(resolve => setImmediate(resolve))
    await client.over()
    assert.equal(simulator.counts().accepted, 99)
  })

  test('is told to a client that has closed its side, and all behind it is sent nevertheless', async t => {
    const { simulator, dial, gateway } = await legacyGateway(t, { faults: [bad(5)] })
    const client = await dial()
    client.socket.end(Buffer.concat([]))
    await client.gone()
    const writer = await dial()
    await writer.send(...notifications(1, 50))
    writer.socket.end()
    await writer.over()
    assert.deepEqual(writer.responses, [{ status: 8, identifier: 5 }])
    assert.equal(simulator.counts().accepted, 49)
    assert.equal(gateway.figures()[0].remembered, 45)
  })

  test('of a client that is gone is remembered for nobody', async t => {
    const { simulator, dial, gateway } = await legacyGateway(t, { faults: [bad(5)] }, { plain: true })
    const client = await dial()
    await client.send(...notifications(1, 50))
    client.destroy()
    await accepted(simulator, 49)
    while (gateway.figures()[0].open > 0) await new Promise(resolve => setImmediate(resolve))
    assert.equal(gateway.figures()[0].remembered, 0)
  })

  for (const [name, status] of /** @type {const} */ ([
    ['PayloadTooLarge', 7], ['TopicDisallowed', 3], ['DeviceTokenNotForTopic', 8], ['Forbidden', 10]
  ])) {
    test(`for ${name} has status ${status}`, async t => {
      const { dial } = await legacyGateway(t, { faults: [`${name}@token:${token(2)}`] })
      const client = await dial()
      await client.send(...notifications(1), ...notifications(2))
      await client.over()
      assert.deepEqual(client.responses, [{ status, identifier: status === 10 ? 1 : 2 }])
    })
  }

  test('that Apple could not serve is status 10 with the last accepted one', async t => {
    const { dial, simulator } = await legacyGateway(t, { faults: [`ServiceUnavailable@token:${token(4)}`] })
    const client = await dial()
    await client.send(...notifications(1, 3))
    await accepted(simulator, 3)
    await client.send(...notifications(4))
    await client.over()
    assert.deepEqual(client.responses, [{ status: 10, identifier: 3 }])
  })

  test('is no reason to end anything where its token is gone: the feedback service tells', async t => {
    const time = 1_700_000_000
    const { dial, dialFeedback, simulator } = await legacyGateway(t, { dead: [{ token: token(2), time }] })
    const client = await dial()
    await client.send(...notifications(1, 3))
    await accepted(simulator, 2)
    await client.send(...notifications(4))
    await accepted(simulator, 3)
    await client.close()
    assert.equal(client.received.length, 0)
    const first = await dialFeedback()
    await first.has(38)
    first.destroy() // it broke off: told again
    await first.gone()
    const second = await dialFeedback()
    await second.over()
    assert.deepEqual(second.received.subarray(0, 6), Buffer.from([0x65, 0x53, 0xf1, 0, 0, 32]))
    assert.equal(second.received.length, 38)
    await second.close()
    for (;;) { // the list is cleared when the close was seen
      const third = await dialFeedback()
      await third.over()
      await third.close()
      if (third.received.length === 0) break
    }
  })
})

describe('what old clients do', () => {
  test('is to send the same over two connections at once: it rings twice', async t => {
    const { simulator, dial } = await legacyGateway(t)
    const clients = [await dial(), await dial()]
    await Promise.all(clients.map(client => client.send(...notifications(1, 50))))
    await accepted(simulator, 100)
    assert.ok([...simulator.accepted.values()].every(times => times === 2))
  })

  test('is to come back while the answers to what it sent before it broke off are still out', async t => {
    const { simulator, dial } = await legacyGateway(t, { faults: [bad(7)] })
    const client = await dial()
    await client.send(...notifications(1, 50))
    client.destroy()
    const again = await dial()
    await again.send(...notifications(51, 100))
    await accepted(simulator, 99)
    await again.close()
    assert.deepEqual([simulator.counts().duplicates, again.received.length], [0, 0])
  })

  test('is to close at once behind a bad one, without a look: all behind it is sent', async t => {
    const { simulator, dial, gateway } = await legacyGateway(t, { faults: [bad(2)] })
    const client = await dial()
    await client.send(...notifications(1, 20))
    await client.close()
    await accepted(simulator, 19)
    while (gateway.figures()[0].open > 0) await new Promise(resolve => setImmediate(resolve))
    assert.equal(simulator.counts().duplicates, 0)
  })

  test('is to give every notification the identifier 0', async t => {
    const { simulator, dial } = await legacyGateway(t, { faults: [bad(10)] })
    const client = await dial()
    await client.send(...notifications(1, 20).map(frame =>
      ({ ...frame, command: /** @type {const} */ (1), identifier: 0 })))
    await client.over()
    assert.deepEqual(client.responses, [{ status: 8, identifier: 0 }])
    assert.equal(simulator.counts().duplicates, 0)
  })

  test('is to send what has long expired, of which nobody hears', async t => {
    const { simulator, dial, gateway } = await legacyGateway(t)
    const client = await dial()
    await client.send({ command: 1, identifier: 1, expiration: 1_000_000_000, token: token(1), payload })
    await client.send(...notifications(2))
    await accepted(simulator, 1)
    while (gateway.figures()[0].expired === 0) await new Promise(resolve => setImmediate(resolve))
    await client.close()
    assert.deepEqual([client.received.length, [...simulator.accepted.keys()]], [0, [token(2)]])
  })

  test('is to send the same on both sides of a refused one: it rings twice, and not three times', async t => {
    const { simulator, dial } = await legacyGateway(t, { faults: [bad(2)] })
    const client = await dial()
    await client.send(...notifications(1), ...notifications(2), ...notifications(1), ...notifications(3))
    await client.over()
    assert.deepEqual(client.responses, [{ status: 8, identifier: 2 }])
    const again = await dial()
    await again.send(...notifications(1), ...notifications(3))
    await again.close()
    assert.deepEqual([simulator.accepted.get(token(1)), simulator.accepted.get(token(3))], [2, 1])
  })

  test('is to send on while Apple takes leave of a connection', async t => {
    const { simulator, dial } = await legacyGateway(t, { faults: ['goaway@20', 'refused-stream@40'] })
    const client = await dial()
    await client.send(...notifications(1, 200))
    await accepted(simulator, 200)
    await client.close()
    assert.deepEqual([simulator.counts().duplicates, client.received.length], [0, 0])
  })

  test('is to fetch the feedback twice at once: both get it', async t => {
    const dead = [{ token: token(2), time: 1_700_000_000 }]
    const { dial, dialFeedback, simulator } = await legacyGateway(t, { dead })
    const client = await dial()
    await client.send(...notifications(1, 3))
    await accepted(simulator, 2)
    await client.close()
    const both = [await dialFeedback(), await dialFeedback()]
    await Promise.all(both.map(each => each.over()))
    assert.deepEqual(both.map(({ received }) => received.length), [38, 38])
    await Promise.all(both.map(each => each.close()))
  })
})

describe('what is no notification', () => {
  test('is answered with 128 in its turn, and the log says what and where', async t => {
    const { dial, simulator, lines } = await legacyGateway(t)
    const client = await dial()
    await client.send(...notifications(1, 3))
    await client.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'))
    await client.over()
    assert.deepEqual(client.responses, [{ status: 128, identifier: 0 }])
    assert.equal(simulator.counts().accepted, 3)
    const fault = lines.find((/** @type {any} */ { about }) => about.fault !== undefined)?.about.fault
    assert.match(fault, /^byte \d+: expected a command \(00, 01 or 02\), found 47/)
  })

  for (const [what, payload, status] of /** @type {const} */ ([
    ['no JSON', 'Ding dong', 4], ['too much', `{"a":"${'x'.repeat(4096)}"}`, 7], ['nothing', '', 4]
  ])) {
    test(`is answered where the payload is ${what}`, async t => {
      const { dial } = await legacyGateway(t)
      const client = await dial()
      await client.send(...notifications(1), { command: 1, identifier: 9, token: token(2), payload })
      await client.over()
      assert.deepEqual(client.responses, [{ status, identifier: 9 }])
    })
  }
})

describe('who may speak', () => {
  test('is who has a certificate for one of the apps', async t => {
    const { dial, lines } = await legacyGateway(t, {}, { app: { topic: 'com.example.other' } })
    await (await dial()).over()
    assert.match(lines.at(-1).message, /for com\.example\.doorbell, which is no app here/)
  })

  test('is who has one from a trusted authority that names no app, where there is one app', async t => {
    const { dial, simulator } = await legacyGateway(t)
    const client = await dial({ cert: other.certPem, key: other.keyPem })
    await client.send(...notifications(1))
    await accepted(simulator, 1)
  })

  test('is not who has none, or one from somebody else', async t => {
    const { dial, lines } = await legacyGateway(t)
    await (await dial({ cert: unknown.certPem, key: unknown.keyPem })).over()
    assert.match(lines.at(-1).message, /no authority that is trusted/)
    await (await dial({ cert: undefined, key: undefined })).over()
    assert.match(lines.at(-1).message, /has no certificate/)
  })

  test('is who has one that was named, though it has expired', async t => {
    const old = await authority.issue({ uid: 'com.example.doorbell', ...past })
    const { dial, simulator } = await legacyGateway(t, {}, { app: { certificates: [old.certPem] } })
    const client = await dial({ cert: old.certPem, key: old.keyPem })
    await client.send(...notifications(1))
    await accepted(simulator, 1)
  })

  test('shakes hands by TLS 1.2 and gets no session ticket', async t => {
    const { dial } = await legacyGateway(t)
    const client = await dial()
    const socket = /** @type {import('node:tls').TLSSocket} */ (client.socket)
    assert.equal(socket.getProtocol(), 'TLSv1.2')
    assert.equal(socket.getTLSTicket(), undefined)
    await assert.rejects(dial({ maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }))
  })

  test('may know no better than TLS 1.0 where that was asked for, with a warning', async t => {
    const { dial, simulator, lines } = await legacyGateway(t, {}, { tls: { minVersion: 'TLSv1' } })
    const client = await dial({ maxVersion: 'TLSv1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' })
    await client.send(...notifications(1))
    await accepted(simulator, 1)
    assert.equal(lines[0].level, 'warn')
  })
})

describe('a gateway that shuts down', () => {
  test('carries to its end what has come, and names the last one with status 10', async t => {
    const { dial, gateway, simulator } = await legacyGateway(t)
    const [client, idle] = [await dial(), await dial()]
    await client.send(...notifications(1, 50))
    await accepted(simulator, 50)
    const closed = gateway.close()
    await client.over()
    assert.deepEqual(client.responses, [{ status: 10, identifier: 50 }])
    await idle.over()
    assert.equal(idle.received.length, 0)
    client.socket.end()
    idle.socket.end()
    await closed
    assert.equal(simulator.counts().duplicates, 0)
  })
})

test('without TLS it listens on a loopback address only', async t => {
  await assert.rejects(legacyGateway(t, {}, { plain: true, host: '0.0.0.0' }), { code: 'BELLPUSH_OPTION_INVALID' })
})
