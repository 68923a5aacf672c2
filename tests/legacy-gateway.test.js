/** The legacy gateway: old bytes in, what a simulated Apple accepted over HTTP/2, and what the old client hears. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { legacyGateway } from './helpers/legacy.js'
import { notifications, payload, token } from './helpers/simulated.js'

/** @param {import('../js/simulator/index.js').Simulator} simulator @param {number} count */
const accepted = (simulator, count) => simulator.until(({ accepted }) => accepted >= count)

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

  test('is answered with the first refused one, and nothing rings twice when the rest comes again', async t => {
    const faults = [`BadDeviceToken@token:${token(20)}`]
    const { simulator, dial, gateway } = await legacyGateway(t, { faults })
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
    assert.equal(figures.remembered, 0)
    assert.equal(figures.accepted, 499)
  })
})
