/** Silence taken for success, where the caller wants it: what is refused later is told, never hidden. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from '../js/client.js'
import { authority, client as certificate } from './helpers/certificates.js'
import { dingDong, doorbell, token, tokens } from './helpers/ring.js'
import { tlsServer } from './helpers/servers.js'

/** Tokens of each connection. */
const REMEMBERED = 65_536

/** @param {Buffer} stream frames of command 2 and of one length, each with its token of 32 bytes first */
function tokensOf (stream) {
  const length = 5 + stream.readUInt32BE(1)
  const count = stream.length / length
  return Array.from({ length: count }, (_, i) => stream.toString('hex', i * length + 8, i * length + 40))
}

test('silence is success, and the gateway sees no sentinel', async t => {
  const { simulator, client } = await doorbell(t, {}, { confirm: { quiet: 20 } })
  const report = await client.send(dingDong, tokens(20))
  assert.equal(report.accepted, 20)
  assert.deepEqual([simulator.counts().received, simulator.counts().rejected], [20, 0])
})

test('a refusal before the silence is long enough is one', async t => {
  const { simulator, client } = await doorbell(t, { dead: [token(5)] }, { confirm: { quiet: 1000 } })
  const report = await client.send(dingDong, tokens(20))
  assert.deepEqual([report.accepted, report.rejected.map(({ token }) => token)], [19, [token(5)]])
  assert.deepEqual([simulator.accepted.size, simulator.counts().duplicates], [19, 0])
})

test('a refusal that comes too late is told, with all that was discarded behind it', async t => {
  const { simulator, client } = await doorbell(t, { faults: ['late@5'] }, { confirm: { quiet: 1 } })
  /** @type {any[]} */
  const late = []
  const all = new Promise(resolve => client.on('lateRejection', rejection => {
    if (late.push(rejection) === 16) resolve(undefined)
  }))
  const report = await client.send(dingDong, tokens(20))
  assert.equal(report.accepted, 20, 'so it seemed')
  await all
  assert.deepEqual(late[0], { token: token(5), reason: 'InvalidToken', status: 8 })
  assert.deepEqual(late.slice(1).map(({ token, reason }) => [token, reason]),
    tokens(20).slice(5).map(token => [token, 'Discarded']))
  assert.deepEqual([...simulator.accepted.keys()], tokens(4))
})

test('on several connections each has its last tokens remembered, however many the others have had since', async t => {
  /** @type {{ socket: import('node:net').Socket, chunks: Buffer[] }[]} */
  const connections = []
  const { port } = await tlsServer(t, {}, socket => {
    /** @type {Buffer[]} */
    const chunks = []
    connections.push({ socket, chunks })
    socket.on('data', bytes => chunks.push(bytes))
  })
  const client = new Client({
    gateway: `apns://127.0.0.1:${port}`, auth: { cert: certificate.certPem, key: certificate.keyPem },
    ca: authority.certPem, confirm: { quiet: 50 }, connections: 4
  })
  t.after(() => client.destroy())
  /** @type {string[]} */
  const late = []
  client.on('lateRejection', ({ token }) => late.push(token))
  const all = tokens(250_000)
  const report = await client.send(dingDong, all)
  assert.equal(report.accepted, all.length, 'so it seemed')

  const [{ socket, sent }] = connections.filter(({ chunks }) => chunks.length > 0)
    .map(({ socket, chunks }) => ({ socket, sent: tokensOf(Buffer.concat(chunks)) }))
    .sort((a, b) => a.sent.length - b.sent.length)
  assert.ok(all.length - sent.length > REMEMBERED, 'the others have had more')
  // The first one is refused. Where more came behind it than are remembered, all of these are told.
  socket.write(Buffer.from([8, 8, 0, 0, 0, 1]))
  while (late.length < Math.min(sent.length, REMEMBERED)) await new Promise(resolve => setTimeout(resolve, 20))
  assert.deepEqual(late, sent.slice(-REMEMBERED))
})

test('close and destroy listen no more', async t => {
  for (const end of /** @type {const} */ (['close', 'destroy'])) {
    const { simulator, client } = await doorbell(t, {}, { confirm: { quiet: 1 } })
    await client.send(dingDong, tokens(3))
    const gone = new Promise(resolve => simulator.once('disconnect', resolve))
    await client[end]()
    await gone
  }
})

test('however many pushes there are, a client listens on a bounded number of connections', async t => {
  const { simulator, client } = await doorbell(t, {}, { confirm: { quiet: 1 } })
  let open = 0
  simulator.on('connection', () => open++)
  const cut = new Promise(resolve => simulator.on('disconnect', () => {
    open--
    resolve(undefined)
  }))
  for (let i = 1; i <= 65; i++) await client.send(dingDong, token(i))
  await cut
  assert.equal(open, 64, 'the oldest went')
})

test('listens no longer than it is told', async t => {
  const { simulator, client } = await doorbell(t, {}, { confirm: { quiet: 1, listen: 1 } })
  const gone = new Promise(resolve => simulator.once('disconnect', resolve))
  await client.send(dingDong, tokens(3))
  await gone
})

test('destroy by the last news of progress listens no more, either', async t => {
  const { simulator, client } = await doorbell(t, {}, { confirm: { quiet: 1 } })
  const gone = new Promise(resolve => simulator.once('disconnect', resolve))
  await client.send(dingDong, tokens(3), { onProgress: ({ settled }) => { if (settled === 3) client.destroy() } })
  await gone
})

test('the option is checked', async t => {
  for (const confirm of ['silence', {}, { quiet: 0 }, { quiet: '5' }, { quiet: 5, listen: 0 }, null]) {
    const options = /** @type {any} */ ({ confirm })
    await assert.rejects(doorbell(t, {}, options), { code: 'BELLPUSH_OPTION_INVALID' })
  }
})
