/** Dead tokens that a killed process was told of, and did not live to remove. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openTokenStore } from '../js/index.js'
import { states } from '../js/serve/journal/chunk.js'
import { Journal } from '../js/serve/journal/journal.js'
import { start } from './helpers/command.js'
import { localGateway } from './helpers/gateway.js'
import { token, tokens } from './helpers/ring.js'
import { ended, listening, over, overBinary, overHttp2 } from './helpers/sidecar.js'

for (const [name, gatewayOf] of /** @type {const} */ ([['HTTP/2', overHttp2], ['the binary protocol', overBinary]])) {
  test(`over ${name}: they go when the job ends, but for those that were registered again`, async t => {
    const early = [3, 5, 7].map(token)
    const time = Math.floor(Date.now() / 1000) - 3600
    const { simulator, cwd, paths } = await localGateway(t, { dead: early.map(token => ({ token, time })) })
    await writeFile(join(cwd, 'bellpush.toml'), `listen = "127.0.0.1:0"
database = "sqlite:doorbell.db"
[apps.doorbell]
${gatewayOf(simulator, paths)}
ca = ${JSON.stringify(paths.ca)}
maxInFlight = 512`)
    const store = await openTokenStore(`sqlite:${join(cwd, 'doorbell.db')}`, { create: true })
    t.after(() => store.close())
    for (const dead of early) await store.put('7', dead, { at: Date.now() - 86_400_000 })
    const journal = await Journal.open(`sqlite:${join(cwd, 'doorbell.db')}`)
    t.after(() => journal.close())
    const run = async () => {
      const { child } = start(t, ['serve'], { cwd })
      return { child, ...over(await listening(child)) }
    }
    const first = await run()
    const { body } = await first.push({ tokens: tokens(60_000) })
    // Until the chunk that they are in is written down as settled.
    for (let isSettled = false; !isSettled;) {
      const { chunks: [one] } = await journal.chunks(body.id, { from: 0, states: [states.settled] })
      isSettled = one?.chunk.n === 0
    }
    first.child.kill('SIGKILL')
    await once(first.child, 'close')
    assert.deepEqual((await journal.get(body.id))?.done, 0n, 'it was killed before the end')
    await store.put('7', token(5))

    const { call } = await run()
    const job = await ended(call, body.id)
    assert.deepEqual([job.state, job.removed], ['finished', 2], JSON.stringify(job))
    assert.deepEqual((await call('GET', '/v1/clients/7/tokens')).body.tokens, [token(5)])
  })
}
