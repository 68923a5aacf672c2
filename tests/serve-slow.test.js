/** Callers that are slow, or many, or never finish what they say: they hold up nobody else. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import net from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { start } from './helpers/command.js'
import { localGateway } from './helpers/gateway.js'
import { token, tokens } from './helpers/ring.js'
import { ended, listening, over, overHttp2, sidecar } from './helpers/sidecar.js'

const SLOW = 10_000

/** What they send: nothing, a part of their headers, headers a byte at a time, headers and a part of the body. */
const HEADERS = 'POST /v1/push HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n' +
  'content-length: 1000\r\n\r\n'
const kinds = ['', HEADERS.slice(0, 60), 'POST', `${HEADERS}{"tokens": [`]

/** @param {number | undefined} pid */
const memory = async pid => Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

test('10,000 slow connections: others are answered, accepted work goes on, and all are closed at last', async t => {
  const { simulator, cwd, paths } = await localGateway(t)
  await writeFile(join(cwd, 'bellpush.toml'), `listen = "127.0.0.1:0"
database = "sqlite:doorbell.db"
[apps.doorbell]
${overHttp2(simulator)}
ca = ${JSON.stringify(paths.ca)}`)
  const { child, output } = start(t, ['serve'], { cwd })
  const url = await listening(child)
  const { push, call } = over(url)
  const { body } = await push({ tokens: tokens(20_000) })
  const before = await memory(child.pid)
  let closed = 0
  let said = ''
  /** @type {() => void} */
  let allClosed = () => {}
  const all = new Promise(resolve => { allClosed = () => resolve(undefined) })
  const open = new Set()
  for (let n = 0; n < SLOW; n++) {
    const socket = net.connect(Number(new URL(url).port), '127.0.0.1')
    open.add(socket)
    socket.on('error', () => {}).on('data', data => { if (said.length < 1000) said += data })
    socket.on('close', () => {
      open.delete(socket)
      if (++closed === SLOW) allClosed()
    })
    // Those that stop within the body come first: they have the longest time, and make room for the others.
    socket.write(kinds[n < SLOW / 4 ? 3 : n % 3])
    if (n % 100 === 0) await once(socket, 'connect')
  }
  const drip = setInterval(() => { for (const socket of open) if (!socket.destroyed) socket.write('x') }, 3000)
  t.after(() => clearInterval(drip))
  for (let n = 0; n < 50; n++) {
    const { status, body } = await push({ tokens: [token(30_000 + n)] })
    assert.deepEqual([status, body.counts.accepted], [200, 1])
  }
  const grown = await memory(child.pid) - before
  t.diagnostic(`${closed} closed by then, ${grown.toFixed(0)} MB more`)
  assert.ok(grown < 300, `${grown} MB more`)
  const job = await ended(call, body.id)
  assert.deepEqual([job.state, job.counts.accepted], ['finished', 20_000])
  await all
  assert.match(said, /^HTTP\/1\.1 408 Request Timeout\r\n.*content-type: application\/problem\+json/s)
  assert.match(said, /"code":"BELLPUSH_REQUEST_TIMEOUT"/)
  assert.ok(!/"level":50/.test(output.stdout), 'callers who are slow are no errors of ours')
  assert.equal(simulator.counts().duplicates, 0)
})

/**
 * @param {import('node:test').TestContext} t
 * @param {string} url
 * @param {string} bytes
 */
async function answerTo (t, url, bytes) {
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1')
  t.after(() => socket.destroy())
  let said = ''
  socket.on('error', () => {}).on('data', data => { said += data })
  socket.write(bytes)
  await once(socket, 'close')
  return said
}

test('what is no HTTP, and headers that are too large, are refused in the form of all refusals', async t => {
  const { server } = await sidecar(t)
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  const garbage = await answerTo(t, url, '\x16\x03\x01 this is TLS\r\n\r\n')
  assert.match(garbage, /^HTTP\/1\.1 400 .*application\/problem\+json.*"BELLPUSH_REQUEST_INVALID"/s)
  const large = await answerTo(t, url, `GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)
  assert.match(large, /^HTTP\/1\.1 431 .*application\/problem\+json.*"BELLPUSH_HEADERS_TOO_LARGE"/s)
})

test('a request that never comes whole does not keep the sidecar from ending', async t => {
  const { server } = await sidecar(t)
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  const slow = kinds.map(bytes => answerTo(t, url, bytes))
  await fetch(`${url}/healthz`) // by now the others have been read
  await server.close()
  await Promise.all(slow)
})

test('a caller who watches and never reads does not keep the sidecar from ending', async t => {
  const { server, push } = await sidecar(t, { simulated: { faults: ['stall@1'] }, app: 'answerTimeout = 500' })
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  const { body } = await push({ tokens: tokens(2000) })
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1')
  t.after(() => socket.destroy())
  socket.pause().on('error', () => {})
  socket.write(`GET /v1/jobs/${body.id}/events HTTP/1.1\r\nhost: localhost\r\n\r\n`)
  await fetch(`${url}/healthz`)
  await server.close()
})
