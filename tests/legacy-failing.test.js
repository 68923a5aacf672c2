/** The legacy gateway when its own core fails: connections end, and the gateway goes on. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gateway as gatewayModule } from '../js/core/gateway-module.js'
import { push as pushModule } from '../js/core/push-module.js'
import { legacyGateway } from './helpers/legacy.js'
import { notifications } from './helpers/simulated.js'

/** A trap, as it would come of a bug: the instance is gone, and everything that lived in it. */
function trap (/** @type {import('../js/core/module.js').WasmModule} */ module) {
  assert.throws(() => module.guarded(() => { throw new WebAssembly.RuntimeError('unreachable') }))
}

for (const [what, module] of /** @type {const} */ ([
  ['with the conversations in it', gatewayModule], ['with the batches in it', pushModule]
])) {
  test(`a core that fails ${what} takes the connections along, and the next one works`, async t => {
    const { dial, simulator, gateway } = await legacyGateway(t, {}, { plain: true })
    const [client, idle] = [await dial(), await dial()]
    await client.send(...notifications(1, 10))
    await simulator.until(({ accepted }) => accepted === 10)
    trap(module)
    // Those that were there may be ended by it, and whoever comes back after that is served.
    const before = simulator.counts().accepted
    for (const [n, who] of [client, idle, await dial(), await dial()].entries()) {
      const known = simulator.counts().accepted
      await who.send(...notifications(100 + n))
      await Promise.race([who.over(), simulator.until(({ accepted }) => accepted > known)])
    }
    assert.ok(simulator.counts().accepted >= before + 2)
    assert.ok(gateway.figures()[0].received >= 2)
    assert.equal(simulator.counts().duplicates, 0)
  })
}

test('a core that fails while notifications wait for Apple takes the connections along, and nothing else', async t => {
  const { dial, gateway } = await legacyGateway(t, { faults: ['silent@1'], http2: { maxStreams: 1 } }, {
    plain: true, client: { answerTimeout: 60_000 }
  })
  const [one, two] = [await dial(), await dial()]
  await one.send(...notifications(1, 100))
  await two.send(...notifications(101, 200))
  while (gateway.figures()[0].received < 200) await new Promise(resolve => setImmediate(resolve))
  trap(pushModule)
  await one.send(...notifications(201))
  await Promise.all([one.over(), two.over()])
  while (gateway.figures()[0].open > 0) await new Promise(resolve => setImmediate(resolve))
})
