/** Servers of one test, listening on loopback, gone with all their connections when the test ends. */

import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import { authority, server as certificate } from './certificates.js'

/**
 * @param {import('node:test').TestContext} t
 * @param {net.Server} server
 * @returns {Promise<{ host: string, port: number, server: net.Server }>}
 */
export async function listening (t, server) {
  const open = new Set()
  server.on('connection', socket => {
    open.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => open.delete(socket))
  })
  server.on('secureConnection', socket => socket.on('error', () => {}))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  return { host: '127.0.0.1', port: /** @type {net.AddressInfo} */ (server.address()).port, server }
}

/**
 * @param {import('node:test').TestContext} t
 * @param {(socket: net.Socket) => void} [onConnection]
 */
export const plainServer = (t, onConnection) => listening(t, net.createServer(onConnection))

/**
 * A server that wants a client certificate of the tests' authority.
 * @param {import('node:test').TestContext} t
 * @param {tls.TlsOptions} [options]
 * @param {(socket: tls.TLSSocket) => void} [onConnection]
 */
export const tlsServer = (t, options = {}, onConnection = socket => socket.resume()) => listening(t, tls.createServer({
  key: certificate.keyPem, cert: certificate.certPem, ca: authority.certPem, requestCert: true, ...options
}, onConnection))

/** A port on which nothing listens. @param {import('node:test').TestContext} t */
export async function closedPort (t) {
  const { port, server } = await plainServer(t)
  server.close()
  await once(server, 'close')
  return port
}
