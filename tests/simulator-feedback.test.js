/** The simulated feedback service: what it lists, how it writes it, and that reading clears it. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decodeFeedback } from './helpers/reference.js'
import { notifications, simulated, token } from './helpers/simulated.js'

/** @param {() => Promise<import('./helpers/raw-client.js').RawClient>} dialFeedback */
async function read (dialFeedback) {
  const client = await dialFeedback()
  await client.over()
  client.socket.end()
  assert.equal(client.ended, true)
  return client
}

for (const version of /** @type {const} */ (['TLSv1.2', 'TLSv1.3'])) {
  describe(`over ${version}`, () => {
    test('the whole list comes on connect, then a close; after that it is empty', async (t) => {
      const { simulator, dialFeedback } = await simulated(t, { minVersion: version, maxVersion: version })
      const tuples = [{ token: token(1), time: 1_399_841_008 }, { token: 'ab'.repeat(100), time: 0 }]
      for (const tuple of tuples) simulator.addFeedback(tuple)
      assert.deepEqual(decodeFeedback((await read(dialFeedback)).received), tuples)
      assert.equal((await read(dialFeedback)).received.length, 0)
      assert.equal(simulator.counts().feedback, 2)
      assert.equal(simulator.counts().connections, 0)
    })

    test('every chunk of a long list holds whole tuples', async (t) => {
      const { simulator, dialFeedback } = await simulated(t, { minVersion: version, maxVersion: version })
      for (let n = 0; n < 5_000; n++) simulator.addFeedback({ token: token(n), time: n })
      const client = await read(dialFeedback)
      assert.equal(client.chunks.reduce((count, chunk) => count + decodeFeedback(chunk).length, 0), 5_000)
      assert.equal(client.received.length, 5_000 * 38)
    })
  })
}

describe('a dead token', () => {
  test('is listed with the time of its death', async (t) => {
    const dead = [{ token: token(1), time: 1_700_000_000 }, { token: token(2).toUpperCase(), time: 1_700_000_001 }]
    const { simulator, dialFeedback } = await simulated(t, { dead })
    simulator.addDead(token(3), 1_700_000_002)
    assert.deepEqual(decodeFeedback((await read(dialFeedback)).received),
      [1, 2, 3].map((n) => ({ time: 1_700_000_000 + n - 1, token: token(n) })))
  })

  test('is listed again when it is pushed to again', async (t) => {
    const { dial, dialFeedback } = await simulated(t, { dead: [{ token: token(1), time: 1_700_000_000 }] })
    await read(dialFeedback)
    const client = await dial()
    await client.send(...notifications(1))
    await client.over()
    assert.deepEqual(decodeFeedback((await read(dialFeedback)).received), [{ time: 1_700_000_000, token: token(1) }])
  })

  test('is listed once, however often it was pushed to', async (t) => {
    const { dial, dialFeedback } = await simulated(t, { dead: [token(1)] })
    for (let time = 1; time <= 2; time++) {
      const client = await dial()
      await client.send(...notifications(1))
      await client.over()
    }
    assert.equal((await read(dialFeedback)).received.length, 38)
  })
})

test('a token that a fault rejected is not listed: it is not dead', async (t) => {
  const { dial, dialFeedback } = await simulated(t, { faults: ['spurious@1'] })
  const client = await dial()
  await client.send(...notifications(1))
  await client.over()
  assert.equal((await read(dialFeedback)).received.length, 0)
})

test('a reader that breaks off half-way has lost the list', async (t) => {
  const { simulator, dialFeedback } = await simulated(t)
  for (let n = 0; n < 50_000; n++) simulator.addFeedback({ token: token(n), time: n })
  const client = await dialFeedback()
  client.socket.pause() // 2 MB are more than the kernel's buffers take
  await simulator.until(({ feedback }) => feedback === 50_000)
  client.destroy()
  assert.equal((await read(dialFeedback)).received.length, 0)
})

test('a client certificate is needed, and without one the list is kept', async (t) => {
  const { simulator, dialFeedback } = await simulated(t, { dead: [token(1)] })
  const client = await dialFeedback({ cert: undefined, key: undefined }).catch(() => undefined)
  await client?.over()
  await simulator.until(({ refused }) => refused === 1)
  assert.equal(simulator.counts().feedback, 0)
  assert.equal(decodeFeedback((await read(dialFeedback)).received).length, 1)
})

test('works in plain text too', async (t) => {
  const { dialFeedback } = await simulated(t, { plain: true, dead: [token(1)] })
  assert.equal(decodeFeedback((await read(dialFeedback)).received).length, 1)
})
