/** Waiting before a try, and connecting with patience. */

import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, test } from 'node:test'
import { connectWithRetry, sleep, waitBefore } from '../js/backoff.js'
import { loadCredentials } from '../js/credentials.js'
import { BellpushError } from '../js/errors.js'
import { authority, client } from './helpers/certificates.js'
import { closedPort, plainServer, tlsServer } from './helpers/servers.js'

const credentials = loadCredentials({ ca: authority.certPem, cert: client.certPem, key: client.keyPem })

describe('the wait before a try', () => {
  /** @param {number} random */
  const waits = random => Array.from({ length: 8 }, (_, i) => waitBefore(i + 1, { random: () => random }))

  test('is none, three times 100 ms, then doubles', () => {
    assert.deepEqual(waits(1), [0, 100, 100, 100, 200, 400, 800, 1600])
  })

  test('varies by half', () => {
    assert.deepEqual(waits(0), [0, 100, 100, 100, 100, 200, 400, 800])
  })

  test('has a limit, however many tries there were', () => {
    for (const attempt of [20, 100, 5000, 1e9]) {
      assert.equal(waitBefore(attempt, { random: () => 1 }), 30_000)
      assert.equal(waitBefore(attempt, { random: () => 1, cap: 50 }), 50)
    }
  })

  test('is real chance without more', () => {
    const wait = waitBefore(100)
    assert.ok(wait >= 15_000 && wait <= 30_000)
  })
})

describe('sleep', () => {
  test('ends by itself', async () => {
    await sleep(1)
    await sleep(1, new AbortController().signal)
  })

  test('ends on abort, before and meanwhile', async () => {
    const controller = new AbortController()
    const sleeping = sleep(1e6, controller.signal)
    controller.abort('enough')
    await assert.rejects(sleeping, { name: 'AbortError', cause: 'enough' })
    await assert.rejects(sleep(1e6, controller.signal), { name: 'AbortError', cause: 'enough' })
  })
})

describe('connecting with patience', () => {
  test('succeeds when the server comes back', async t => {
    let refused = 0
    const { host, port, server } = await tlsServer(t)
    server.prependListener('connection', socket => { if (refused++ < 2) socket.destroy() })
    /** @type {unknown[]} */
    const retries = []
    const socket = await connectWithRetry({
      host,
      port,
      credentials,
      maxWait: 1,
      onRetry: ({ attempt, wait, error }) => retries.push([attempt, wait, error.name])
    })
    socket.destroy()
    assert.deepEqual(retries, [[2, 1, 'BellpushError'], [3, 1, 'BellpushError']])
  })

  test('gives up after so many tries, and says so', async t => {
    const port = await closedPort(t)
    const error = await connectWithRetry({ host: '127.0.0.1', port, credentials, tries: 3, maxWait: 1 })
      .then(() => assert.fail('it connected'), error => error)
    assert.equal(error.code, 'BELLPUSH_CONNECT_FAILED')
    assert.match(error.message, /nothing listens there.*; given up after 3 tries in \d+\.\d s/)
    assert.ok(error.cause instanceof BellpushError)
    assert.equal(error.cause.code, 'BELLPUSH_CONNECT_FAILED')
  })

  test('does not try again what cannot get better', async t => {
    const { host, port } = await plainServer(t, socket => socket.end('220 hello\r\n'))
    const onRetry = () => assert.fail('it tried again')
    await assert.rejects(connectWithRetry({ host, port, credentials, onRetry }), { code: 'BELLPUSH_NOT_TLS' })
  })

  test('stops in the middle when it can get no better any more', async t => {
    const answers = ['', '', '220 hello\r\n']
    const { host, port } = await plainServer(t, socket => socket.end(answers.shift() ?? ''))
    await assert.rejects(connectWithRetry({ host, port, credentials, maxWait: 1 }),
      { code: 'BELLPUSH_NOT_TLS', message: /given up after 3 tries/ })
  })

  test('ends on abort while it waits, and leaves nothing behind', async t => {
    const controller = new AbortController()
    const { signal } = controller
    await assert.rejects(connectWithRetry({
      host: '127.0.0.1', port: await closedPort(t), credentials, signal, onRetry: () => controller.abort('enough')
    }), { name: 'AbortError', cause: 'enough' })
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  })

  test('takes a sensible number of tries', async () => {
    for (const tries of [0, NaN, -1]) {
      await assert.rejects(connectWithRetry({ host: '127.0.0.1', port: 1, credentials, tries }),
        { code: 'BELLPUSH_OPTION_INVALID' })
    }
  })
})
