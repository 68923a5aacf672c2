/** The webhook: what it tells, how one knows that it is ours, and that it goes on until it was heard. */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import { test } from 'node:test'
import { token, tokens } from './helpers/ring.js'
import { ended, sidecar } from './helpers/sidecar.js'

const SECRET = '0123456789abcdef'

/**
 * Another program, which refuses the first calls.
 * @param {import('node:test').TestContext} t
 * @param {number} refusals
 */
async function listener (t, refusals = 0) {
  /** @type {{ headers: http.IncomingHttpHeaders, body: any, text: string }[]} */
  const heard = []
  /** @type {(() => void)[]} */
  const waiting = []
  let calls = 0
  const server = http.createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const refused = calls++ < refusals
    response.writeHead(refused ? 503 : 204).end()
    if (!refused) heard.push({ headers: request.headers, body: JSON.parse(text), text })
    for (const wake of waiting.splice(0)) wake()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close().closeAllConnections())
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return {
    toml: `[webhook]\nurl = "http://127.0.0.1:${port}/hook"\nsecret = "${SECRET}"\n`,
    calls: () => calls,
    /** @param {string} event */
    async event (event) {
      for (;;) {
        const found = heard.find(({ body }) => body.event === event)
        if (found) return found
        await new Promise(resolve => waiting.push(() => resolve(undefined)))
      }
    }
  }
}

test('a job that is over and tokens that were removed are told, signed', async t => {
  const other = await listener(t)
  const { push, call } = await sidecar(t, { toml: other.toml, simulated: { dead: [token(7)] } })
  await call('PUT', `/v1/clients/door/tokens/${token(7)}`)
  const { body } = await push({ tokens: tokens(2000) })
  const job = await ended(call, body.id)
  const finished = await other.event('job.finished')
  assert.deepEqual(finished.body.job, job)
  const removed = await other.event('tokens.removed')
  assert.deepEqual([removed.body.app, removed.body.tokens], ['doorbell', [token(7)]])
  for (const { headers, body, text } of [finished, removed]) {
    assert.deepEqual([headers['bellpush-id'], headers['bellpush-event']], [body.id, body.event])
    const [, time, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['bellpush-signature'])) ?? []
    assert.equal(signature, createHmac('sha256', SECRET).update(`${time}.${text}`).digest('hex'))
  }
})

test('what was not heard is told again, also by the next sidecar', async t => {
  const other = await listener(t, 1)
  const first = await sidecar(t, { toml: other.toml })
  const { body } = await first.push({ tokens: [token(1)] }, { prefer: 'respond-async' })
  await ended(first.call, body.id)
  while (other.calls() < 1) await new Promise(resolve => setImmediate(resolve))
  await first.server.close()
  const next = await first.again()
  await next.server.ready()
  assert.equal((await other.event('job.finished')).body.job.id, body.id)
})
