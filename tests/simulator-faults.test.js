/** Faults on demand: what goes out, what was accepted, and that a client which resends rightly loses nothing. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { faultKinds, FaultSchedule, parseFault } from '../js/simulator/faults.js'
import { notifications, payload, simulated, token } from './helpers/simulated.js'

const versions = /** @type {const} */ (['TLSv1.2', 'TLSv1.3'])

/**
 * Sends notifications 1 to 10 to a simulator with one fault at the fifth, and waits until the gateway has ended.
 *
 * @param {import('node:test').TestContext} t
 * @param {string} fault
 * @param {import('../js/simulator/simulator.js').SimulatorOptions & { last?: number, command?: number }} [options]
 */
async function meet (t, fault, { last = 10, command = 2, ...options } = {}) {
  const { simulator, dial } = await simulated(t, { faults: [`${fault}@5`], ...options })
  const client = await dial()
  await client.send(...notifications(1, last).map((notification) => ({ ...notification, command })))
  await client.over()
  const { accepted, rejected, dropped } = simulator.counts()
  return {
    simulator,
    dial,
    client,
    /** Numbers of the tokens that were accepted. */
    numbers: [...simulator.accepted.keys()].map((hex) => parseInt(hex, 16)),
    counts: { accepted, rejected, dropped }
  }
}

const rejectedAtFive = { numbers: [1, 2, 3, 4], counts: { accepted: 4, rejected: 1, dropped: 0 } }
const droppedAtFive = { numbers: [1, 2, 3, 4], counts: { accepted: 4, rejected: 0, dropped: 1 } }
const acceptedAtFive = { numbers: [1, 2, 3, 4, 5], counts: { accepted: 5, rejected: 0, dropped: 0 } }

/** @param {Awaited<ReturnType<typeof meet>>} met */
const tally = ({ numbers, counts }) => ({ numbers, counts })

for (const version of versions) {
  describe(`error responses over ${version}`, () => {
    const options = { minVersion: version, maxVersion: version }
    /** @type {Array<[fault: string, responses: object[], tally: object]>} */
    const cases = [
      ['status-1', [{ status: 1, identifier: 5 }], rejectedAtFive],
      ['status-8', [{ status: 8, identifier: 5 }], rejectedAtFive],
      ['status-128', [{ status: 128, identifier: 5 }], rejectedAtFive],
      ['status-255', [{ status: 255, identifier: 5 }], rejectedAtFive],
      ['status-0', [{ status: 0, identifier: 5 }], acceptedAtFive],
      ['status-10', [{ status: 10, identifier: 5 }], acceptedAtFive],
      ['shutdown', [{ status: 10, identifier: 5 }], acceptedAtFive],
      ['spurious', [{ status: 8, identifier: 5 }], rejectedAtFive],
      ['late', [{ status: 8, identifier: 5 }], rejectedAtFive],
      ['late-3', [{ status: 8, identifier: 5 }], rejectedAtFive],
      ['cut', [{ status: 8, identifier: 5 }], rejectedAtFive],
      ['two-packets', [{ status: 8, identifier: 5 }, { status: 1, identifier: 6 }], rejectedAtFive],
      ['unknown-identifier', [{ status: 8, identifier: 0xfffffffa }], rejectedAtFive],
      ['identifier-0', [{ status: 2, identifier: 0 }], rejectedAtFive]
    ]
    for (const [fault, responses, expected] of cases) {
      test(`${fault}: then a close, and what follows is thrown away`, async (t) => {
        const met = await meet(t, fault, options)
        assert.deepEqual(met.client.responses, responses)
        assert.equal(met.client.ended, true)
        assert.equal(met.client.error, undefined)
        assert.deepEqual(tally(met), expected)
        await met.client.send(...notifications(11, 12))
        await met.client.close()
        assert.deepEqual(met.simulator.counts().received, 5)
      })
    }

    test('cut: the two halves come one after the other', async (t) => {
      const { client } = await meet(t, 'cut', options)
      assert.deepEqual(client.chunks.map((chunk) => chunk.length), [3, 3])
    })

    test('two-packets: both come in one write', async (t) => {
      const { client } = await meet(t, 'two-packets', options)
      assert.deepEqual(client.chunks.map((chunk) => chunk.length), [12])
    })

    test('close: no error response', async (t) => {
      const met = await meet(t, 'close', options)
      assert.equal(met.client.received.length, 0)
      assert.equal(met.client.ended, true)
      assert.deepEqual(tally(met), droppedAtFive)
    })

    test('reset: no error response and no orderly close', async (t) => {
      const met = await meet(t, 'reset', options)
      await met.client.gone()
      assert.equal(met.client.received.length, 0)
      assert.match(String(met.client.error?.code), /^(ECONNRESET|EPIPE)$/)
      assert.deepEqual(tally(met), droppedAtFive)
    })

    test('reset-after-error: the error response comes whole or not at all, then a reset', async (t) => {
      const met = await meet(t, 'reset-after-error', options)
      // A client that reads quickly ends in order; only one that writes on sees the reset.
      await met.client.send(...notifications(11, 12))
      await met.client.send(...notifications(13, 14))
      await met.client.gone()
      assert.match(String(met.client.error?.code), /^(ECONNRESET|EPIPE)$/)
      if (met.client.received.length > 0) assert.deepEqual(met.client.responses, [{ status: 8, identifier: 5 }])
      assert.deepEqual(tally(met), rejectedAtFive)
    })
  })
}

test('reset works in plain text too', async (t) => {
  const met = await meet(t, 'reset', { plain: true })
  await met.client.gone()
  assert.equal(met.client.error?.code, 'ECONNRESET')
})

describe('every status', () => {
  test('from 0 to 255 is sent as asked for', async (t) => {
    const { simulator, dial } = await simulated(t, { plain: true })
    for (let status = 0; status <= 255; status++) {
      simulator.addFault(`status-${status}@${status + 1}`)
      const client = await dial()
      await client.send(...notifications(status + 1))
      await client.over()
      assert.deepEqual(client.responses, [{ status, identifier: status + 1 }])
      client.destroy()
    }
    const { accepted, rejected, connections } = simulator.counts()
    assert.deepEqual({ accepted, rejected, connections }, { accepted: 2, rejected: 254, connections: 256 })
  })
})

describe('late', () => {
  test('late-3 waits for three more notifications', async (t) => {
    const { simulator, dial } = await simulated(t, { faults: ['late-3@1'] })
    const client = await dial()
    const rejected = once(simulator, 'rejected', { signal: t.signal })
    await client.send(...notifications(1))
    await rejected
    assert.equal(client.received.length, 0)
    await client.send(...notifications(2, 4))
    await client.over()
    assert.deepEqual(client.responses, [{ status: 8, identifier: 1 }])
    assert.equal(simulator.counts().received, 1)
  })

  test('late comes after 5,000 notifications that were written meanwhile, none of which is accepted', async (t) => {
    const met = await meet(t, 'late', { last: 5_000 })
    assert.deepEqual(met.client.responses, [{ status: 8, identifier: 5 }])
    assert.deepEqual(tally(met), rejectedAtFive)
  })

  test('late comes also when the client has closed its side', async (t) => {
    const { dial } = await simulated(t, { faults: ['late@1'] })
    const client = await dial()
    await client.send(...notifications(1))
    await client.close()
    assert.deepEqual(client.responses, [{ status: 8, identifier: 1 }])
  })

  test('a client that is gone before gets no answer, and does no harm', async (t) => {
    const { simulator, dial } = await simulated(t, { faults: ['late@1'] })
    const client = await dial()
    await client.send(...notifications(1))
    await simulator.until(({ rejected }) => rejected === 1)
    const gone = once(simulator, 'disconnect', { signal: t.signal })
    client.destroy()
    await gone
  })
})

describe('no-close', () => {
  test('the error response comes, the connection stays and swallows everything', async (t) => {
    const { simulator, dial } = await simulated(t, { faults: ['no-close@2'] })
    const client = await dial()
    await client.send(...notifications(1, 3))
    await client.has(6)
    await client.send(...notifications(4, 20_000))
    assert.deepEqual(client.responses, [{ status: 8, identifier: 2 }])
    assert.equal(client.ended, false)
    await client.close()
    const { accepted, received } = simulator.counts()
    assert.deepEqual({ accepted, received }, { accepted: 1, received: 2 })
  })
})

describe('stall', () => {
  test('nothing is read or answered any more, until the idle time-out', async (t) => {
    const { simulator, dial } = await simulated(t, { faults: ['stall@2'], idleTimeout: 300 })
    const client = await dial()
    const dropped = once(simulator, 'dropped', { signal: t.signal })
    const gone = once(simulator, 'disconnect', { signal: t.signal })
    await client.send(...notifications(1, 3))
    const [{ position, fault }] = await dropped
    assert.deepEqual({ position, fault }, { position: 2, fault: 'stall' })
    client.send(...notifications(4, 100_000)) // more than the kernel's buffers take: it is never taken whole
    await gone
    await client.over()
    assert.equal(client.received.length, 0)
    const { accepted, received } = simulator.counts()
    assert.deepEqual({ accepted, received }, { accepted: 1, received: 2 })
  })

  test('stop() ends it', async (t) => {
    const { simulator, dial } = await simulated(t, { faults: ['stall@1'] })
    const client = await dial()
    await client.send(...notifications(1))
    await simulator.until(({ dropped }) => dropped === 1)
    await simulator.stop()
    await client.over()
  })
})

describe('command 0 has no identifier', () => {
  for (const fault of ['status-8', 'two-packets', 'cut', 'late-2', 'unknown-identifier']) {
    test(`${fault}: the connection is cut without a word`, async (t) => {
      const met = await meet(t, fault, { command: 0 })
      assert.equal(met.client.received.length, 0)
      assert.equal(met.client.ended, true)
      assert.deepEqual(tally(met), rejectedAtFive)
    })
  }

  test('shutdown: the named one was accepted all the same', async (t) => {
    const met = await meet(t, 'shutdown', { command: 0 })
    assert.equal(met.client.received.length, 0)
    assert.deepEqual(tally(met), acceptedAtFive)
  })
})

describe('when a fault fires', () => {
  test('once at its position, which is counted over all connections', async (t) => {
    const { simulator, dial } = await simulated(t, { faults: ['status-8@2', 'status-1@4'] })
    const answers = []
    for (let next = 1; next <= 6;) {
      const client = await dial()
      await client.send(...notifications(next, 6))
      if (answers.length === 2) {
        await client.close()
        break
      }
      await client.over()
      answers.push(...client.responses)
      next = answers[answers.length - 1].identifier + 1
    }
    assert.deepEqual(answers, [{ status: 8, identifier: 2 }, { status: 1, identifier: 4 }])
    assert.deepEqual(simulator.counts(), {
      connections: 3, refused: 0, received: 6, accepted: 4, duplicates: 0, rejected: 2, dropped: 0, feedback: 0
    })
  })

  test('each time its token comes', async (t) => {
    const { dial } = await simulated(t, { faults: [`status-7@token:${token(1)}`] })
    for (let time = 1; time <= 2; time++) {
      const client = await dial()
      await client.send(...notifications(1))
      await client.over()
      assert.deepEqual(client.responses, [{ status: 7, identifier: 1 }])
    }
  })

  test('spurious: only once, and the token is accepted afterwards', async (t) => {
    const { simulator, dial } = await simulated(t, { faults: [`spurious@token:${token(1)}`] })
    const first = await dial()
    await first.send(...notifications(1))
    await first.over()
    assert.deepEqual(first.responses, [{ status: 8, identifier: 1 }])
    const second = await dial()
    await second.send(...notifications(1))
    await second.close()
    assert.equal(second.received.length, 0)
    assert.equal(simulator.counts().accepted, 1)
  })

  test('a position starts at 1 again after reset(), a fault that has fired does not fire again', async (t) => {
    const { simulator, dial } = await simulated(t, { faults: ['status-1@1', 'status-2@2'] })
    for (const [status, last] of [[1, 1], [2, 2]]) {
      const client = await dial()
      await client.send(...notifications(1, last))
      await client.over()
      assert.deepEqual(client.responses, [{ status, identifier: last }])
      simulator.reset()
    }
  })

  test('before the token\'s death is looked at', async (t) => {
    const { dial } = await simulated(t, { faults: ['status-3@1'], dead: [token(1)] })
    const client = await dial()
    await client.send(...notifications(1))
    await client.over()
    assert.deepEqual(client.responses, [{ status: 3, identifier: 1 }])
  })
})

test('a client that resends what follows each answer gets every token accepted exactly once', async (t) => {
  const faults = ['status-10@50', 'late-40@120', 'cut@200', 'two-packets@300', 'spurious@301', 'status-1@777']
  const { simulator, dial } = await simulated(t, { faults })
  let queue = notifications(1, 1000)
  while (queue.length > 0) {
    const client = await dial()
    await client.send(...queue)
    client.socket.end()
    await client.over()
    const [response] = client.responses
    if (response === undefined) break
    const named = queue.findIndex(({ identifier }) => identifier === response.identifier)
    queue = queue.slice(response.status === 10 ? named + 1 : named)
  }
  assert.equal(simulator.accepted.size, 1000)
  assert.deepEqual(simulator.counts(), {
    connections: 7, refused: 0, received: 1005, accepted: 1000, duplicates: 0, rejected: 5, dropped: 0, feedback: 0
  })
})

describe('the words for faults', () => {
  test('every kind can be asked for, by position and by token', () => {
    for (const { name, range } of faultKinds) {
      const asked = name.replace(/N$/, String(range?.[1]))
      assert.equal(parseFault(`${asked}@12`).position, 12)
      assert.equal(parseFault(`${asked}@token:AB`).token, 'ab')
    }
  })

  for (const text of ['reset', 'reset@', '@5', 'reset@0', 'reset@-1', 'reset@1.5', 'reset@five', 'storm@1', 'late-0@1',
    'status-256@1', 'status-@1', 'status--1@1', 'status-N@1', 'reset@token:xyz', 'reset@token:']) {
    test(`'${text}' is a usage error`, () => {
      assert.throws(() => parseFault(text), { code: 'BELLPUSH_OPTION_INVALID' })
    })
  }

  test('an error shows no whole token', () => {
    const secret = 'ab'.repeat(31) + 'zz'
    const hides = (/** @type {string} */ hex) => (/** @type {Error} */ error) => !error.message.includes(hex)
    assert.throws(() => parseFault(`reset@token:${secret}`), hides(secret))
    const schedule = new FaultSchedule([`reset@token:${token(1)}`])
    assert.throws(() => schedule.add(`cut@token:${token(1)}`), hides(token(1)))
  })

  test('two faults for one position are a usage error', () => {
    assert.throws(() => new FaultSchedule(['reset@5', 'cut@5']), { code: 'BELLPUSH_OPTION_INVALID' })
  })
})

test('a notification without an identifier is named 0', async (t) => {
  const { dial } = await simulated(t, { faults: ['status-8@1'] })
  const client = await dial()
  await client.send({ command: 2, token: token(1), payload })
  await client.over()
  assert.deepEqual(client.responses, [{ status: 8, identifier: 0 }])
})
