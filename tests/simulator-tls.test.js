/** Who may connect to the simulator: TLS with a client certificate of its own authority, old and new versions. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { describe, test } from 'node:test'
import { createAuthority } from '../js/simulator/index.js'
import { notifications, simulated, token } from './helpers/simulated.js'

describe('client certificates', () => {
  for (const version of /** @type {const} */ (['TLSv1.2', 'TLSv1.3'])) {
    test(`none: refused over ${version}`, async (t) => {
      const { simulator, dial } = await simulated(t)
      const code = await refused(simulator, dial({ cert: undefined, key: undefined, maxVersion: version }))
      assert.equal(code, version === 'TLSv1.3'
        ? 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'
        : 'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE')
    })
  }

  test('of another authority: refused', async (t) => {
    const { simulator, dial } = await simulated(t)
    const { certPem: cert, keyPem: key } = await (await createAuthority()).issue()
    await refused(simulator, dial({ cert, key }))
  })

  test('expired: refused', async (t) => {
    const { simulator, dial } = await simulated(t)
    const { certPem: cert, keyPem: key } = await simulator.authority.issue({
      notBefore: new Date(Date.now() - 172_800_000), notAfter: new Date(Date.now() - 86_400_000)
    })
    await refused(simulator, dial({ cert, key }))
  })

  test('of the same authority, in a PKCS#12 file: welcome', async (t) => {
    const { simulator, dial } = await simulated(t)
    const issued = await simulator.authority.issue()
    const client = await dial({ cert: undefined, key: undefined, pfx: issued.pkcs12('secret'), passphrase: 'secret' })
    await client.send(...notifications(1))
    await client.close()
    assert.equal(simulator.counts().accepted, 1)
  })

  for (const version of /** @type {const} */ (['TLSv1.2', 'TLSv1.3'])) {
    test(`a resumed session needs no new handshake over ${version}`, async (t) => {
      const { simulator, dial } = await simulated(t, { dead: [token(1)], maxVersion: version })
      const first = await dial()
      const socket = /** @type {import('node:tls').TLSSocket} */ (first.socket)
      // With TLS 1.3 the session comes with the first bytes that are read.
      const session = version === 'TLSv1.3' ? once(socket, 'session', { signal: t.signal }) : [socket.getSession()]
      await first.send(...notifications(1))
      await first.over()
      const second = await dial({ session: (await session)[0] })
      assert.equal(/** @type {import('node:tls').TLSSocket} */ (second.socket).isSessionReused(), true)
      await second.send(...notifications(2))
      await second.close()
      assert.equal(simulator.counts().accepted, 1)
    })
  }

  test('the server is trusted by its authority alone, under each of its names', async (t) => {
    const { simulator, dial } = await simulated(t)
    await assert.rejects(dial({ ca: undefined }), { code: 'SELF_SIGNED_CERT_IN_CHAIN' })
    for (const servername of ['localhost', '']) await (await dial({ servername })).close()
    await assert.rejects(dial({ servername: 'gateway.push.apple.com' }), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
    assert.equal(simulator.counts().accepted, 0)
  })

  /**
   * @param {import('../js/simulator/index.js').Simulator} simulator
   * @param {Promise<import('./helpers/raw-client.js').RawClient>} dialing
   * @returns {Promise<string | undefined>} the code of the error that the client saw
   */
  async function refused (simulator, dialing) {
    // With TLS 1.3 a client believes that it is connected before the server has seen its certificate.
    const client = await dialing.catch((error) => ({ error, send: () => {}, over: () => {} }))
    await client.send(...notifications(1))
    await client.over()
    const { refused, connections, received } = await simulator.until(({ refused }) => refused > 0)
    assert.deepEqual({ refused, connections, received }, { refused: 1, connections: 0, received: 0 })
    return client.error?.code
  }
})

test('a client in the midst of its handshake is cut when the simulator stops', async (t) => {
  const { simulator } = await simulated(t)
  const socket = net.connect(Number(new URL(simulator.binary).port), '127.0.0.1')
  socket.on('error', () => {})
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  socket.write(Buffer.from('160301', 'hex')) // the first bytes of a TLS record
  const closed = new Promise((resolve) => { socket.once('close', resolve) })
  await simulator.stop()
  await closed
})
