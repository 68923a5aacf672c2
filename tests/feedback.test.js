/** The feedback service's client: what it fetches, what it removes, and that nothing is lost whatever fails. */

import assert from 'node:assert/strict'
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import Libsql from 'libsql'
import { feedbackTuples } from '../js/feedback-service.js'
import { readFeedback } from '../js/feedback.js'
import { openTokenStore } from '../js/stores/index.js'
import { authority, client, folder } from './helpers/certificates.js'
import { encodeFeedback } from './helpers/reference.js'
import { plainServer, tlsServer } from './helpers/servers.js'
import { simulated, token } from './helpers/simulated.js'
import { all, sqliteFile } from './helpers/sqlite.js'

const reader = fileURLToPath(new URL('helpers/read-feedback.js', import.meta.url))
const ca = authority.certPem
const auth = { cert: client.certPem, key: client.keyPem }
const died = 1_700_000_000
const versions = /** @type {const} */ (['TLSv1.2', 'TLSv1.3'])

/** @param {number} first @param {number} last @param {number} [time] */
const dead = (first, last, time = died) =>
  Array.from({ length: last - first + 1 }, (_, index) => ({ time, token: token(first + index) }))

/** Phones 1 to `count`, registered before the tuples' time. @param {number} count */
const registrations = count => dead(1, count).map(({ token }) => ({ clientId: 'a', token, at: (died - 60) * 1000 }))

/**
 * A store with those phones.
 * @param {number} count
 */
async function storeOf (count) {
  const tokens = await openTokenStore('memory:')
  await tokens.putMany(registrations(count))
  return tokens
}

/**
 * A service that sends these bytes to each client and closes.
 * @param {import('node:test').TestContext} t
 * @param {Uint8Array[]} lists one for each connection
 * @param {import('node:tls').TlsOptions} [options]
 */
async function service (t, lists, options) {
  const { port } = await tlsServer(t, options, socket => {
    socket.resume()
    socket.end(lists.shift() ?? '')
  })
  return `apns://127.0.0.1:${port}`
}

/**
 * The same in a database, which somebody else can lock.
 * @param {import('node:test').TestContext} t
 * @param {number} count
 */
async function lockableStoreOf (t, count) {
  const file = join(await folder(t), 'tokens.db')
  const tokens = await openTokenStore(`sqlite:${file}`, { create: true, lockTimeout: 0 })
  await tokens.putMany(registrations(count))
  const other = new Libsql(file)
  t.after(async () => {
    other.close()
    await tokens.close()
  })
  return { tokens, lock: () => other.exec('begin immediate'), unlock: () => other.exec('rollback') }
}

/**
 * @param {Promise<unknown>} promise
 * @returns {Promise<any>}
 */
const rejection = promise => promise.then(() => assert.fail('it succeeded'), error => error)

describe('a list', () => {
  for (const version of versions) {
    test(`is fetched and removed over ${version}`, async t => {
      const { simulator } = await simulated(t, { minVersion: version, maxVersion: version, dead: dead(1, 5) })
      const { ca, cert, key } = simulator.credentials
      const tokens = await storeOf(10)
      const journal = await folder(t)
      const options = { gateway: simulator.feedback, auth: { cert, key }, ca, tokens, journal }

      const report = await readFeedback(options)
      assert.deepEqual(report, { received: 5, resumed: 0, removed: 5, kept: 0, problem: undefined })
      assert.deepEqual(await all(tokens.list()), dead(6, 10).map(({ token }) => token))
      assert.deepEqual(await readdir(journal), [])

      const again = await readFeedback(options)
      assert.equal(again.received, 0)
    })
  }

  test('of many tuples comes in pages', async t => {
    const gateway = await service(t, [encodeFeedback(dead(1, 20_000))])
    const tokens = await storeOf(20_000)
    let largest = 0
    const watched = {
      removeMany: async (/** @type {any[]} */ removals) => {
        largest = Math.max(largest, removals.length)
        return await tokens.removeMany(removals)
      }
    }
    const report = await readFeedback({ gateway, auth, ca, tokens: watched, journal: await folder(t) })
    assert.equal(report.removed, 20_000)
    assert.equal(await tokens.count(), 0)
    assert.ok(largest <= 500)
  })

  test('leaves tokens that were registered again since, and counts unknown ones', async t => {
    const tokens = await storeOf(3)
    await tokens.put('b', token(2), { at: (died + 1) * 1000 })
    const gateway = await service(t, [encodeFeedback([...dead(1, 3), ...dead(77, 77)])])
    const report = await readFeedback({ gateway, auth, ca, tokens, journal: await folder(t) })
    assert.deepEqual([report.removed, report.kept], [2, 2])
    assert.deepEqual(await all(tokens.list()), [token(2)])
  })

  test('may hold times long past, which remove nothing', async t => {
    const tokens = await storeOf(2)
    const gateway = await service(t, [encodeFeedback([...dead(1, 1, 0), ...dead(2, 2, 50_000_000)])])
    const report = await readFeedback({ gateway, auth, ca, tokens, journal: await folder(t) })
    assert.deepEqual([report.received, report.removed, report.kept], [2, 0, 2])
  })

  test('may hold tokens of other lengths', async t => {
    const long = 'ab'.repeat(80)
    const tokens = await storeOf(0)
    await tokens.put('a', long, { at: 0 })
    const gateway = await service(t, [encodeFeedback([{ time: died, token: long }])])
    const report = await readFeedback({ gateway, auth, ca, tokens, journal: await folder(t) })
    assert.equal(report.removed, 1)
  })

  test('is told of while it comes', async t => {
    const gateway = await service(t, [encodeFeedback(dead(1, 600))])
    /** @type {number[]} */
    const removed = []
    const tokens = await storeOf(600)
    const onProgress = (/** @type {{ removed: number }} */ now) => removed.push(now.removed)
    const report = await readFeedback({ gateway, auth, ca, tokens, journal: await folder(t), onProgress })
    assert.deepEqual(removed.filter((count, index) => count !== removed[index - 1]), [0, 500, 600])
    assert.equal(report.removed, 600)
  })
})

describe('nothing is lost', () => {
  test('when the database is locked in the middle: the next run goes on', async t => {
    const gateway = await service(t, [encodeFeedback(dead(1, 1200)), encodeFeedback(dead(1201, 1300))])
    const { tokens, lock, unlock } = await lockableStoreOf(t, 1300)
    const journal = await folder(t)
    const onProgress = (/** @type {{ removed: number }} */ { removed }) => { if (removed === 500) lock() }

    const error = await rejection(readFeedback({ gateway, auth, ca, tokens, journal, onProgress }))
    assert.equal(error.code, 'BELLPUSH_STORE_LOCKED')
    const [name] = await readdir(journal)
    assert.ok(error.message.includes(join(journal, name)), error.message)
    unlock()
    assert.equal(await tokens.count(), 800)

    const report = await readFeedback({ gateway, auth, ca, tokens, journal })
    assert.deepEqual(report, { received: 100, resumed: 1200, removed: 800, kept: 500, problem: undefined })
    assert.equal(await tokens.count(), 0)
    assert.deepEqual(await readdir(journal), [])
  })

  test('when the database stays locked: the list stays where it is', async t => {
    let connections = 0
    const { port, server } = await tlsServer(t, {}, socket => socket.end(encodeFeedback(dead(1, 3))))
    server.on('connection', () => connections++)
    const { tokens, lock } = await lockableStoreOf(t, 3)
    lock()
    const options = { gateway: `apns://127.0.0.1:${port}`, auth, ca, journal: await folder(t), tokens }
    for (let i = 0; i < 3; i++) {
      assert.equal((await rejection(readFeedback(options))).code, 'BELLPUSH_STORE_LOCKED')
    }
    assert.equal(connections, 1)
  })

  test('when the process is killed as it reads', async t => {
    const { port, server } = await tlsServer(t, {}, socket => socket.write(encodeFeedback(dead(1, 40))))
    const journal = await folder(t)
    const child = fork(reader, [JSON.stringify({ gateway: `apns://127.0.0.1:${port}`, auth, ca, journal })])
    const [{ received }] = await once(child, 'message')
    child.kill('SIGKILL')
    await once(child, 'exit')
    assert.equal(received, 40)
    server.close()

    const [name] = await readdir(journal)
    assert.match(name, /\.reading$/)
    const tokens = await storeOf(40)
    const gateway = await service(t, [])
    // The journal of a service goes by its address.
    const renamed = name.replace(String(port), gateway.split(':')[2])
    await writeFile(join(journal, renamed), await readFile(join(journal, name)))

    const report = await readFeedback({ gateway, auth, ca, tokens, journal })
    assert.deepEqual([report.resumed, report.removed], [40, 40])
    assert.ok((await readdir(journal)).includes(renamed), 'its process may still be at work')
    await utimes(join(journal, renamed), 0, 0)
    await readFeedback({ gateway, auth, ca, tokens, journal })
    assert.deepEqual(await readdir(journal), [name])
  })

  test('when a crash has damaged the journal, but for the damaged lines', async t => {
    const gateway = await service(t, [])
    const journal = await folder(t)
    const name = `feedback-127.0.0.1-${gateway.split(':')[2]}-com.example.doorbell.${crypto.randomUUID()}`
    const line = `${died} 32 ${token(1)}\n`
    await writeFile(join(journal, name), `${line}\0\0\0\n${line.replace(token(1), token(2))}${line.slice(0, 50)}`)
    const tokens = await storeOf(2)
    const report = await readFeedback({ gateway, auth, ca, tokens, journal })
    assert.deepEqual([report.resumed, report.removed], [2, 2])
    assert.match(report.problem?.message ?? '', /2 lines/)
  })

  test('of other services, topics and programs', async t => {
    const gateway = await service(t, [])
    const port = gateway.split(':')[2]
    const id = crypto.randomUUID()
    const line = `${died} 32 ${token(1)}\n`
    const others = [`feedback-127.0.0.1-${port}.${id}`, `feedback-127.0.0.1-${port}-com.example.${id}`,
      `feedback-127.0.0.1-${port}-com.example.doorbell.txt`, 'notes.txt']
    const journal = await folder(t, Object.fromEntries(others.map(name => [name, line])))
    const report = await readFeedback({ gateway, auth, ca, tokens: await storeOf(1), journal })
    assert.equal(report.resumed, 0)
    assert.deepEqual((await readdir(journal)).sort(), others.sort())
  })

  test('when two runs meet', async t => {
    const gateway = await service(t, [encodeFeedback(dead(1, 2000)), encodeFeedback(dead(2001, 4000))])
    const tokens = await storeOf(4000)
    const journal = await folder(t)
    const reports = await Promise.all([1, 2].map(() => readFeedback({ gateway, auth, ca, tokens, journal })))
    assert.equal(reports[0].received + reports[1].received, 4000)
    assert.equal(await tokens.count(), 0)
    await readFeedback({ gateway, auth, ca, tokens, journal })
    assert.deepEqual(await readdir(journal), [])
  })

  test('on abort while the list comes', async t => {
    const controller = new AbortController()
    const lists = [encodeFeedback(dead(1, 10))]
    const { port } = await tlsServer(t, {}, socket => lists.length > 0 ? socket.write(lists.pop() ?? '') : socket.end())
    const tokens = await storeOf(10)
    const options = { gateway: `apns://127.0.0.1:${port}`, auth, ca, tokens, journal: await folder(t) }
    const onProgress = () => controller.abort('enough')
    const error = await rejection(readFeedback({ ...options, onProgress, signal: controller.signal }))
    assert.equal(error.name, 'AbortError')
    assert.equal(await tokens.count(), 10)
    const report = await readFeedback(options)
    assert.deepEqual([report.resumed, report.removed], [10, 10])
  })

  test('when the disk takes no more: what has come is removed, and no more is asked for', async t => {
    const gateway = await service(t, [encodeFeedback(dead(1, 200))])
    const options = { gateway, auth, ca, journal: await folder(t) }
    // No file may have more than 8 blocks of 512 bytes.
    const child = spawn('sh', ['-c', 'ulimit -f 8; exec "$0" "$@"', process.execPath, reader, JSON.stringify(options)],
      { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    /** @type {any[]} */
    const messages = []
    child.on('message', message => messages.push(message))
    await once(child, 'close')
    const { report, problem } = messages.at(-1)
    assert.deepEqual([report.received, report.removed], [200, 200])
    assert.equal(problem, 'BELLPUSH_JOURNAL_FAILED')
  })

  test('when the store would keep every token for want of a time: nothing is fetched', async t => {
    const { port, server } = await tlsServer(t)
    server.on('connection', () => assert.fail('it connected'))
    const file = await sqliteFile(t, 'create table device_tokens (client_id, token)')
    const tokens = await openTokenStore(`sqlite:${file}`)
    t.after(() => tokens.close())
    const journal = await folder(t)
    const error = await rejection(readFeedback({ gateway: `apns://127.0.0.1:${port}`, auth, ca, tokens, journal }))
    assert.equal(error.code, 'BELLPUSH_OPTION_INVALID')
    assert.match(error.message, /nothing was fetched.*undated: 'remove'/)
    assert.deepEqual(await readdir(journal), [])
  })

  test('when the folder of the journal is a file: nothing is fetched', async t => {
    const dir = await folder(t, { file: '' })
    const { port, server } = await tlsServer(t)
    server.on('connection', () => assert.fail('it connected'))
    const error = await rejection(readFeedback({
      gateway: `apns://127.0.0.1:${port}`, auth, ca, tokens: await storeOf(1), journal: join(dir, 'file')
    }))
    assert.equal(error.code, 'BELLPUSH_JOURNAL_FAILED')
    assert.match(error.message, /file/)
  })
})

describe('a list that does not come whole', () => {
  const whole = encodeFeedback(dead(1, 3))

  for (const [name, list] of /** @type {const} */ ([
    ['cut inside of a tuple', whole.subarray(0, -5)],
    ['with a token of no bytes', Buffer.concat([whole.subarray(0, 76), Buffer.from('6553f1000000', 'hex'), whole])]
  ])) {
    test(`${name} is removed as far as it came`, async t => {
      const gateway = await service(t, [list])
      const tokens = await storeOf(3)
      const report = await readFeedback({ gateway, auth, ca, tokens, journal: await folder(t) })
      assert.deepEqual([report.received, report.removed], [2, 2])
      assert.equal(report.problem?.code, 'BELLPUSH_FRAME_MALFORMED')
    })
  }

  test('because of a reset', async t => {
    const { port, server } = await tlsServer(t, {}, socket => socket.write(whole))
    /** @type {import('node:net').Socket[]} */
    const open = []
    server.on('connection', socket => open.push(socket))
    const report = await readFeedback({
      gateway: `apns://127.0.0.1:${port}`,
      auth,
      ca,
      tokens: await storeOf(3),
      journal: await folder(t),
      onProgress: ({ received }) => received === 3 && open.pop()?.resetAndDestroy()
    })
    assert.deepEqual([report.received, report.removed], [3, 3])
    assert.equal(report.problem?.code, 'BELLPUSH_CONNECTION_LOST')
  })

  test('because of a reset while the caller was busy: what had come by then is there', async t => {
    const { port, server } = await tlsServer(t, {}, async socket => {
      for (const list of [dead(1, 100), dead(101, 200), dead(201, 300)]) {
        await new Promise(resolve => { socket.write(encodeFeedback(list), resolve) })
      }
    })
    /** @type {import('node:net').Socket[]} */
    const open = []
    server.on('connection', socket => open.push(socket))
    let count = 0
    const error = await rejection((async () => {
      for await (const { token } of feedbackTuples({ gateway: `apns://127.0.0.1:${port}`, auth, ca })) {
        assert.equal(token.length, 64)
        if (count++ > 0) continue
        await busy(100)
        open.pop()?.resetAndDestroy()
        await busy(100)
      }
    })())
    assert.equal(error.code, 'BELLPUSH_CONNECTION_LOST')
    assert.equal(count, 300)
  })

  test('because the service falls silent', async t => {
    const { port } = await tlsServer(t, {}, socket => socket.write(whole))
    const report = await readFeedback({
      gateway: `apns://127.0.0.1:${port}`, auth, ca, tokens: await storeOf(3), journal: await folder(t), idleTimeout: 50
    })
    assert.equal(report.removed, 3)
    assert.match(report.problem?.message ?? '', /sent nothing for 50 ms/)
  })
})

describe('no list', () => {
  test('from a service that falls silent at once', async t => {
    const { port } = await tlsServer(t)
    const error = await rejection(readFeedback({
      gateway: `apns://127.0.0.1:${port}`, auth, ca, tokens: await storeOf(1), journal: await folder(t), idleTimeout: 50
    }))
    assert.equal(error.code, 'BELLPUSH_CONNECTION_LOST')
  })

  for (const version of versions) {
    test(`from a service that wants a certificate, over ${version}`, async t => {
      const gateway = await service(t, [], { maxVersion: version })
      const journal = await folder(t)
      const error = await rejection(readFeedback({ gateway, ca, tokens: await storeOf(1), journal }))
      assert.equal(error.code, 'BELLPUSH_CREDENTIALS_REFUSED')
      assert.deepEqual(await readdir(journal), [])
    })
  }

  test('from a service that does not speak TLS', async t => {
    const { port } = await plainServer(t, socket => socket.end(encodeFeedback(dead(1, 2))))
    const error = await rejection(readFeedback({
      gateway: `apns://127.0.0.1:${port}`, auth, ca, tokens: await storeOf(1), journal: await folder(t)
    }))
    assert.equal(error.code, 'BELLPUSH_NOT_TLS')
  })

  test('for options that are missing or wrong', async t => {
    const tokens = await storeOf(1)
    const gateway = 'apns://127.0.0.1:1'
    const journal = await folder(t)
    const good = { gateway, tokens }
    for (const options of [{ gateway }, { tokens }, { ...good, idleTimeout: 1e9 }, { ...good, journals: '' }]) {
      const { code } = await rejection(readFeedback(/** @type {any} */ ({ journal, ...options })))
      assert.equal(code, 'BELLPUSH_OPTION_INVALID')
    }
  })
})

describe('a list without a store', () => {
  test('is a loop over its tuples', async t => {
    const gateway = await service(t, [encodeFeedback(dead(1, 3000))])
    const tuples = []
    for await (const tuple of feedbackTuples({ gateway, auth, ca })) tuples.push(tuple)
    assert.deepEqual(tuples, dead(1, 3000))
  })

  test('throws after all that could be read', async t => {
    const gateway = await service(t, [encodeFeedback(dead(1, 3)).subarray(0, -5)])
    const tuples = []
    const error = await rejection((async () => {
      for await (const tuple of feedbackTuples({ gateway, auth, ca })) tuples.push(tuple)
    })())
    assert.equal(tuples.length, 2)
    assert.equal(error.code, 'BELLPUSH_FRAME_MALFORMED')
  })

  test('closes the connection when the loop is left', async t => {
    const { port, server } = await tlsServer(t, {}, socket => socket.write(encodeFeedback(dead(1, 3))))
    /** @type {Promise<unknown>[]} */
    const closed = []
    server.on('connection', socket => closed.push(once(socket, 'close')))
    const tuples = feedbackTuples({ gateway: `apns://127.0.0.1:${port}`, auth, ca })
    await tuples.next()
    await tuples.return() // as `break` does
    await Promise.all(closed)
    assert.equal(closed.length, 1)
  })

  test('waits for a slow loop as long as it takes', async t => {
    const gateway = await service(t, [encodeFeedback(dead(1, 3000))])
    let count = 0
    for await (const { token } of feedbackTuples({ gateway, auth, ca, idleTimeout: 500 })) {
      assert.equal(token.length, 64)
      if (count++ % 1500 === 0) await busy(700)
    }
    assert.equal(count, 3000)
  })

  test('ends on abort', async t => {
    const { port } = await tlsServer(t, {}, socket => socket.write(encodeFeedback(dead(1, 1))))
    const controller = new AbortController()
    const error = await rejection((async () => {
      for await (const tuple of feedbackTuples({
        gateway: `apns://127.0.0.1:${port}`, auth, ca, signal: controller.signal
      })) controller.abort(tuple)
    })())
    assert.equal(error.name, 'AbortError')
  })
})

/** As a caller is that takes its time with each tuple. @param {number} milliseconds */
const busy = milliseconds => new Promise(resolve => { setTimeout(resolve, milliseconds) })
