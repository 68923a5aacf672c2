/** The legacy gateway under what may come: nonsense, dawdlers, the half-dead, very many. It stays up, and bounded. */

import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createLegacyGateway } from '../js/legacy/gateway.js'
import { legacyGateway } from './helpers/legacy.js'
import { connect } from './helpers/raw-client.js'
import { encodeFrame } from './helpers/reference.js'
import { notifications, payload, token } from './helpers/simulated.js'

/** A turn of the event loop. */
const turn = () => new Promise(resolve => setImmediate(resolve))

/** @param {() => boolean} isSo */
async function until (isSo) {
  while (!isSo()) await turn()
}

/** The same bytes in every run. @param {number} seed */
function randomBytes (seed) {
  let state = seed + 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state & 0xff
  }
}

test('nonsense is answered or cut, and somebody who talks sense is heard beside it', async t => {
  const { dial, simulator, gateway, lines } = await legacyGateway(t, {}, { plain: true })
  for (let seed = 0; seed < 200; seed++) {
    const random = randomBytes(seed)
    const client = await dial()
    // Some begin well, some not.
    const bytes = Buffer.from(encodeFrame({ command: 2, identifier: seed, token: token(seed + 1), payload }))
    const at = random() % bytes.length
    bytes[at] = random()
    client.socket.end(Buffer.concat([bytes, Buffer.from(Array.from({ length: random() }, random))]))
  }
  await until(() => gateway.figures()[0].connections === 200 && gateway.figures()[0].open === 0)
  const before = simulator.counts().accepted
  const client = await dial()
  await client.send(...notifications(1000, 1009))
  await simulator.until(({ accepted }) => accepted >= before + 10)
  assert.deepEqual(lines.filter((/** @type {any} */ { level }) => level === 'error'), [])
})

test('a frame that comes byte by byte arrives', async t => {
  const { dial, simulator } = await legacyGateway(t, {}, { plain: true })
  const client = await dial()
  for (const byte of encodeFrame({ command: 1, identifier: 1, token: token(1), payload })) {
    await client.write(Buffer.from([byte]))
    await turn()
  }
  await simulator.until(({ accepted }) => accepted === 1)
})

test('a client that breaks off in the midst of a frame leaves nothing behind', async t => {
  const { dial, simulator, gateway } = await legacyGateway(t, {}, { plain: true })
  const frame = encodeFrame({ command: 1, identifier: 2, token: token(2), payload })
  const client = await dial()
  await client.write(Buffer.concat([encodeFrame(notifications(1)[0]), frame.subarray(0, 20)]))
  await simulator.until(({ accepted }) => accepted === 1)
  client.socket.resetAndDestroy()
  await until(() => gateway.figures()[0].open === 0)
  assert.equal(simulator.counts().received, 1)
})

test('a client that never reads, and never closes, is let go of in the end', async t => {
  const { dial, gateway } = await legacyGateway(t, {}, { plain: true, idleTimeout: 300 })
  const client = await dial()
  client.socket.pause()
  await client.write(Buffer.from('nonsense'))
  await until(() => gateway.figures()[0].open === 0)
})

test('what Apple does not take holds the old client back', async t => {
  // One stream at a time, and the first is never answered.
  const { dial, gateway } = await legacyGateway(t, { faults: ['silent@1'], http2: { maxStreams: 1 } }, {
    plain: true, client: { answerTimeout: 60_000 }
  })
  const client = await dial()
  const frames = Buffer.concat(notifications(1, 1000).map(encodeFrame))
  let written = 0
  for (let i = 0; i < 200; i++) client.socket.write(frames, () => { written++ })
  await until(() => gateway.figures()[0]?.received >= 8_192)
  for (let i = 0; i < 100; i++) await turn()
  assert.ok(gateway.figures()[0].received < 16_384, `${gateway.figures()[0].received} were read`)
  assert.ok(written < 200)
})

test('a hundred that write a byte at a time are heard, each', async t => {
  const { dial, simulator } = await legacyGateway(t, {}, { plain: true })
  const clients = await Promise.all(Array.from({ length: 100 }, () => dial()))
  const frames = clients.map((_, n) => encodeFrame({ command: 2, identifier: n, token: token(n + 1), payload }))
  for (let at = 0; at < frames[0].length; at++) {
    await Promise.all(clients.map((client, n) => client.write(frames[n].subarray(at, at + 1))))
  }
  await simulator.until(({ accepted }) => accepted === 100)
  assert.equal(simulator.counts().duplicates, 0)
})

test('one connection more than are allowed is turned away, and let in when another has gone', async t => {
  const { dial, simulator } = await legacyGateway(t, {}, { plain: true, maxConnections: 20 })
  const clients = await Promise.all(Array.from({ length: 20 }, () => dial()))
  await (await dial()).over()
  await clients[0].close()
  const client = await dial()
  await client.send(...notifications(1))
  await simulator.until(({ accepted }) => accepted === 1)
  assert.ok(clients.slice(1).every(({ socket }) => !socket.destroyed))
})

/** An app whose notifications go nowhere. */
function nowhere () {
  /** @type {Set<any>} */
  const users = new Set()
  const pool = {
    users,
    now: () => Date.now(),
    setClock () {},
    join: (/** @type {any} */ user) => void users.add(user),
    leave: (/** @type {any} */ user) => void users.delete(user),
    pump () {},
    grow () {}
  }
  return { pool, client: /** @type {any} */ ({ carrier: { pool, topic: 'com.example.doorbell' } }) }
}

test('runs beyond 1,024 are read when those have settled, though all do at once', async t => {
  const { pool, client } = nowhere()
  const gateway = await createLegacyGateway({ apps: [{ name: 'nowhere', client }], port: 0 })
  t.after(() => gateway.destroy())
  const received = () => gateway.figures()[0].received
  const clients = await Promise.all(Array.from({ length: 12 }, () => connect(`apns://${gateway.address}`, undefined)))
  t.after(() => { for (const each of clients) each.destroy() })
  // Of command 0: what is not sent ends nothing, and more comes.
  const frames = notifications(1, 1_000).map((frame, i) =>
    encodeFrame({ ...frame, command: 0, payload: `{"aps":{"badge":${i}}}` }))
  for (let at = 0; at < frames.length; at += 20) {
    for (const each of clients) each.socket.write(Buffer.concat(frames.slice(at, at + 20)))
    await turn()
  }
  for (let before = 0; before < 12_000; before = received()) {
    await until(() => received() > before)
    for (let quiet = 0, held = 0; quiet < 50; quiet++, held = received()) {
      await turn()
      if (received() !== held) quiet = 0
    }
    assert.ok(pool.users.size < 1_024 + 12 * 900, `${pool.users.size} runs at once`)
    const users = [...pool.users]
    for (const { batch } of users) batch.stop(Date.now())
    for (const user of users) user.advance()
  }
})

test('262,144 notifications are held, and then nobody is read until there is room', { timeout: 60_000 }, async t => {
  const { pool, client } = nowhere()
  const gateway = await createLegacyGateway({ apps: [{ name: 'nowhere', client }], port: 0 })
  t.after(() => gateway.destroy())
  const frames = Buffer.concat(notifications(1, 10_000).map(encodeFrame))
  const clients = await Promise.all(Array.from({ length: 50 }, () => connect(`apns://${gateway.address}`, undefined)))
  t.after(() => { for (const each of clients) each.destroy() })
  for (const each of clients) each.socket.write(frames)
  const received = () => gateway.figures()[0].received
  await until(() => received() > 262_144)
  let held = 0
  for (let quiet = 0; quiet < 200; quiet++) {
    await turn()
    if (received() !== held) quiet = 0
    held = received()
  }
  // What one read brings goes beyond it, 64 KiB for each of them.
  assert.ok(held < 262_144 + 50 * 1_000, `${held} are held`)
  const late = await connect(`apns://${gateway.address}`, undefined)
  t.after(() => late.destroy())
  await late.send(...notifications(1, 10))
  // Apple cannot be reached: whoever was held back hears that, too, and so does who came last.
  const failing = setInterval(() => {
    for (const user of [...pool.users]) user.failed(new Error('Apple cannot be reached'))
  }, 1)
  t.after(() => clearInterval(failing))
  await Promise.all([...clients, late].map(each => each.has(6)))
  for (const each of [...clients, late]) {
    assert.deepEqual(each.responses.map(({ status }) => status), [10])
    each.socket.end()
  }
  await until(() => gateway.figures()[0].open === 0)
  assert.equal(pool.users.size, 0)
})

test('10,000 idle connections cost little, and one more works beside them', { timeout: 120_000 }, async t => {
  const { dial, simulator, gateway } = await legacyGateway(t, {}, { plain: true })
  const before = process.memoryUsage.rss()
  // In a process of their own: each end is a file for the system, and few may have 20,000.
  const child = fork(fileURLToPath(new URL('helpers/idle-connections.js', import.meta.url)), [gateway.address, '10000'])
  t.after(() => child.kill())
  await once(child, 'message')
  await until(() => gateway.figures()[0].open === 10_000)
  const each = (process.memoryUsage.rss() - before) / 10_000
  t.diagnostic(`${(each / 1024).toFixed(1)} KiB a connection`)
  assert.ok(each < 32_768, `${each} bytes a connection`)
  const client = await dial()
  await client.send(...notifications(1, 100))
  await simulator.until(({ accepted }) => accepted === 100)
})
