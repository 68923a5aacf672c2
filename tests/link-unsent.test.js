/**
 * What the kernel has not taken is returned and not in doubt: a gateway that stops reading, over real TLS. When the
 * client has gone it reads what had left, which shows whether the client was right.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import tls from 'node:tls'
import { FrameDecoder } from '../js/core.js'
import { SocketLink } from '../js/binary/link.js'
import { batchOf } from './helpers/batch.js'
import { authority, client as certificate } from './helpers/certificates.js'
import { tokens } from './helpers/ring.js'
import { tlsServer } from './helpers/servers.js'

const COUNT = 60_000

/** Until a socket has taken nothing for so many turns of the event loop. @param {tls.TLSSocket} socket */
async function stuck (socket) {
  for (let turns = 0, before = -1; turns < 2_000; turns++) {
    if (socket.bytesWritten !== before || socket.writableLength === 0) turns = 0
    before = socket.bytesWritten
    await turn()
  }
}

for (const version of /** @type {const} */ (['TLSv1.2', 'TLSv1.3'])) {
  for (const reads of [false, true]) {
    test(`a gateway that ${reads ? 'reads slowly, then' : 'reads'} nothing any more, ${version}`, async t => {
      const { host, port, server } = await tlsServer(t, { minVersion: version, maxVersion: version }, () => {})
      const arrives = once(server, 'secureConnection').then(([socket]) => socket)
      const socket = tls.connect({
        host, port, cert: certificate.certPem, key: certificate.keyPem, ca: authority.certPem, servername: 'localhost',
        checkServerIdentity: () => undefined
      })
      socket.on('error', () => {})
      t.after(() => socket.destroy())
      await once(socket, 'secureConnect')
      const gateway = await arrives
      const decoder = new FrameDecoder({ payloadLimit: 2048 })
      /** @type {string[]} */
      const received = []
      const take = (/** @type {Buffer} */ bytes) => {
        for (const { token } of decoder.push(bytes).frames) received.push(token)
      }

      const all = tokens(COUNT)
      const payload = { aps: {}, filling: 'x'.repeat(1000) }
      const batch = batchOf(all, { payload, listAccepted: true })
      batch.closeInput()
      const link = new SocketLink({
        socket,
        batch,
        timing: { linger: 0, answerTimeout: 600_000, roundTrip: 2 },
        now: () => 0,
        classify: error => error,
        changed: link => link.pump(),
        late: () => {}
      })
      link.pump()
      await stuck(socket)
      if (reads) {
        // A part, so that the write that waited goes through and the next ones are careful.
        for (let read = 0; read < 4_000_000;) {
          const bytes = gateway.read()
          if (bytes === null) await once(gateway, 'readable')
          else {
            read += bytes.length
            take(bytes)
          }
        }
        await stuck(socket)
      }
      link.abandon()
      gateway.on('data', take)
      await once(gateway, 'close')

      const inDoubt = batch.settled().map(({ slot, outcome }) => {
        assert.equal(outcome, 'inDoubt')
        return all[slot]
      })
      assert.ok(inDoubt.length < COUNT, 'the buffers took everything')
      const known = new Set(inDoubt)
      assert.deepEqual(received.filter(token => !known.has(token)), [], 'read by the gateway, and to be sent again')
      assert.ok(batch.standing(0).hasWork, 'the rest is sent again')
      const tooMany = inDoubt.length - received.length
      // A frame has some 1,070 bytes.
      if (reads) assert.equal(tooMany, 0)
      else assert.ok(tooMany < 64, `${tooMany} in doubt that had not left`)
      batch.free()
      decoder.free()
    })
  }
}
