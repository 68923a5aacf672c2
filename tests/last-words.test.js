/**
 * What a gateway said before it reset the connection is read, although a write fails first: over real connections, to a
 * gateway that answers and resets while this process sleeps.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SocketLink } from '../js/binary/link.js'
import { openConnection } from '../js/connection.js'
import { loadCredentials } from '../js/credentials.js'
import { answersAndResets } from './helpers/answers-and-resets.js'
import { batchOf } from './helpers/batch.js'
import { authority, client } from './helpers/certificates.js'
import { tokens } from './helpers/ring.js'

const credentials = loadCredentials({ ca: authority.certPem, cert: client.certPem, key: client.keyPem })
const COUNT = 20_000

for (const version of /** @type {const} */ ([undefined, 'TLSv1.2', 'TLSv1.3'])) {
  const way = version ?? 'no TLS'

  test(`a write that fails, and an answer that was there before, ${way}`, async t => {
    const gateway = answersAndResets(t, { answer: Buffer.from('no more'), version })
    const { host, port } = gateway
    const socket = await openConnection({ host, port, credentials, plain: version === undefined })
    t.after(() => socket.destroy())
    let said = ''
    /** @type {(Error & { syscall?: string })[]} */
    const errors = []
    socket.on('data', bytes => { said += bytes }).on('error', error => errors.push(error))
    const closed = new Promise(resolve => socket.once('close', resolve))
    socket.write(Buffer.alloc(1_000_000))
    await new Promise(resolve => setImmediate(resolve))
    gateway.sleep()
    if (socket.writableLength === 0) socket.write('more')
    await closed
    assert.equal(said, 'no more')
    assert.deepEqual(errors.map(({ syscall }) => syscall), ['write'])
  })

  test(`of a refusal that a reset overtakes nothing is in doubt, ${way}`, async t => {
    const gateway = answersAndResets(t, { answer: Buffer.from('080800000003', 'hex'), version })
    const { host, port } = gateway
    const socket = await openConnection({ host, port, credentials, plain: version === undefined })
    const batch = batchOf(tokens(COUNT))
    t.after(() => batch.free())
    /** @type {(error?: unknown) => void} */
    let end
    const ended = new Promise(resolve => { end = resolve })
    const link = new SocketLink({
      socket,
      batch,
      timing: { linger: 0, answerTimeout: 600_000, roundTrip: 2 },
      now: () => 0,
      classify: error => error,
      changed: link => {
        link.pump()
        if (link.isDone) end()
      },
      late: () => {}
    })
    link.pump()
    await new Promise(resolve => setImmediate(resolve))
    gateway.sleep()
    link.pump()
    await ended
    const { counts } = batch.standing(0)
    assert.deepEqual([counts.accepted, counts.inDoubt], [2, 0])
  })
}
