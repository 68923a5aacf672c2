/**
 * A refusal of our certificate in the midst of a connection, over real TLS: what the gateway had taken by then it may
 * have accepted, and none of it goes out again.
 */
import assert from 'node:assert/strict'
import { constants } from 'node:crypto'
import { test } from 'node:test'
import { SocketLink } from '../js/binary/link.js'
import { classify } from '../js/connection-errors.js'
import { openConnection } from '../js/connection.js'
import { FrameDecoder } from '../js/core.js'
import { loadCredentials } from '../js/credentials.js'
import { batchOf } from './helpers/batch.js'
import { authority } from './helpers/certificates.js'
import { tokens } from './helpers/ring.js'
import { tlsServer } from './helpers/servers.js'

const COUNT = 50

test('a gateway that wants a certificate after it has read the notifications leaves them in doubt', async t => {
  let received = 0
  const decoder = new FrameDecoder({ payloadLimit: 2048 })
  t.after(() => decoder.free())
  // Without a certificate a handshake is all right here; when all is read, another one begins, which wants one.
  const secureOptions = constants.SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION
  const { host, port } = await tlsServer(t, { maxVersion: 'TLSv1.2', requestCert: false, secureOptions }, socket => {
    socket.on('data', bytes => {
      received += decoder.push(bytes).frames.length
      if (received >= COUNT) socket.renegotiate({ requestCert: true, rejectUnauthorized: true }, () => {})
    })
  })
  const socket = await openConnection({ host, port, credentials: loadCredentials({ ca: authority.certPem }) })
  const batch = batchOf(tokens(COUNT), { maxInFlight: COUNT + 1 })
  t.after(() => batch.free())
  const link = await /** @type {Promise<SocketLink>} */ (new Promise(resolve => {
    const link = new SocketLink({
      socket,
      batch,
      timing: { linger: 600_000, answerTimeout: 600_000, roundTrip: 2 },
      now: () => 0,
      classify: error => classify(error, { host, port }, { established: true }),
      changed: link => {
        link.pump()
        if (link.isDone) resolve(link)
      },
      late: () => {}
    })
    link.pump()
  }))
  assert.equal(link.error?.code, 'BELLPUSH_CREDENTIALS_REFUSED')
  assert.equal(received, COUNT)
  const { counts, hasWork } = batch.standing(0)
  assert.deepEqual([counts.inDoubt, hasWork], [COUNT, false])
})
