/** The core's HTTP/2 against an implementation that is not ours, node:http2, over a plain socket. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http2 from 'node:http2'
import net from 'node:net'
import { test } from 'node:test'
import { Batch, Http2Connection } from '../js/core.js'

const id = 'ec1bf194-b3b2-424a-89d7-b7c4e3f9d0a1'

const options = {
  payloadLimit: 4096, expiration: 0, priority: 10, maxInFlight: 100_000, maxAttempts: 3, breaker: 20,
  resendInDoubt: false, listAccepted: true, listIds: true
}

/** @param {number} count */
function batchOf (count) {
  const batch = new Batch(Buffer.from('{"aps":{"alert":"Ding dong"}}'), options, Date.now())
  batch.push(Array.from({ length: count }, (_, i) => i.toString(16).padStart(64, '0')), Date.now())
  batch.closeInput()
  return batch
}

/**
 * A server that answers by the token's number, and what it was sent.
 * @param {(number: number) => [status: number, body: string]} answer
 * @param {import('node:http2').Settings} settings
 */
async function serve (answer, settings) {
  const server = http2.createServer({ settings })
  /** @type {{ headers: import('node:http2').IncomingHttpHeaders, body: string }[]} */
  const requests = []
  server.on('stream', async (stream, headers) => {
    stream.setEncoding('utf8')
    let body = ''
    for await (const part of stream) body += part
    requests.push({ headers, body })
    const [status, text] = answer(Number.parseInt(String(headers[':path']).slice(-8), 16))
    stream.respond({ ':status': status, 'apns-id': id.toUpperCase() }, { endStream: text === '' })
    if (text !== '') stream.end(text)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return { server, port, requests }
}

/**
 * Drives a connection until the batches are finished, then closes it.
 * @param {number} port
 * @param {Batch[]} batches
 */
async function ring (port, batches) {
  const socket = net.connect(port, '127.0.0.1')
  const connection = new Http2Connection({
    number: 1, authority: 'localhost', authorization: 'bearer a.b.c', answerTimeout: 10_000, pingInterval: 10_000
  }, Date.now())
  batches.forEach((batch, i) => connection.serve(batch, { topic: `com.example.${i}`, pushType: 'alert' }))
  const pump = () => {
    for (let bytes; (bytes = connection.write(65_536, Date.now())) !== undefined;) socket.write(bytes)
  }
  pump()
  for await (const bytes of socket) {
    connection.read(bytes, Date.now())
    if (batches.every(batch => batch.standing(Date.now()).finished)) connection.close()
    pump()
    if (connection.standing().isDone) break
  }
  const ending = connection.ending()
  connection.free()
  return ending
}

test('node:http2 understands what the core writes, and the core what it answers', async () => {
  const { server, port, requests } = await serve(number => {
    if (number === 7) return [410, '{"reason":"Unregistered","timestamp":1454948015990}']
    if (number === 8) return [400, '{"reason":"Teapot"}']
    return [200, '']
  }, { maxConcurrentStreams: 100, initialWindowSize: 65_535 })
  try {
    const batches = [batchOf(1_000), batchOf(3)]
    const ending = await ring(port, batches)
    assert.equal(ending?.why, 'closed')
    assert.equal(requests.length, 1_003)
    assert.deepEqual(new Set(requests.map(({ body }) => body)), new Set(['{"aps":{"alert":"Ding dong"}}']))
    const paths = requests.map(({ headers }) => `${headers['apns-topic']} ${headers[':path']}`)
    assert.equal(new Set(paths).size, 1_003)
    assert.equal(requests[0].headers.authorization, 'bearer a.b.c')
    assert.equal(requests[0].headers['apns-expiration'], '0')
    const settled = batches[0].settled()
    assert.equal(settled.filter(({ outcome }) => outcome === 'accepted').length, 998)
    assert.ok(settled.every(slot => slot.id === id))
    const [dead, strange] = settled.filter(({ outcome }) => outcome === 'rejected').sort((a, b) => a.slot - b.slot)
    assert.deepEqual([dead.slot, dead.dead, dead.diedAt], [7, true, 1454948015990])
    assert.deepEqual(batches[0].describeReason(strange.reason), { reason: 'Teapot', status: 400 })
    for (const batch of batches) batch.free()
  } finally {
    server.close()
  }
})

test('windows of a few bytes only slow it down', async () => {
  const { server, port, requests } = await serve(() => [200, ''], { maxConcurrentStreams: 3, initialWindowSize: 10 })
  try {
    const batch = batchOf(50)
    await ring(port, [batch])
    assert.equal(batch.standing(Date.now()).counts.accepted, 50)
    assert.equal(requests.length, 50)
    batch.free()
  } finally {
    server.close()
  }
})
