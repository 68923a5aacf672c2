/**
 * A client of the old protocol that does nothing but write: command 2, encoded beforehand, over so many connections.
 */
import { once } from 'node:events'
import tls from 'node:tls'
import { encodeNotification } from '../../js/index.js'
import { makeTokens, payload } from '../lib/tokens.js'

const CHUNK = 65_536

/** @type {Buffer[]} */
let parts = []
/** @type {tls.TLSSocket[]} */
let sockets = []

process.on('message', async (/** @type {any} */ told) => {
  if (told.address !== undefined) {
    const { address, count, connections, own, ca, cert, key } = told
    const [host, port] = address.split(':')
    const tokens = makeTokens(count)
    const frames = tokens.map((token, identifier) => Buffer.from(encodeNotification({
      token, identifier, priority: 10, payload: own ? payload.replace('"a41"', `"${identifier}"`) : payload
    })))
    parts = Array.from({ length: connections }, (_, at) =>
      Buffer.concat(frames.filter((_, i) => i % connections === at)))
    sockets = parts.map(() => tls.connect({ host, port: Number(port), ca, cert, key }))
    await Promise.all(sockets.map(socket => once(socket, 'secureConnect')))
    for (const socket of sockets) socket.resume().on('close', () => process.exit(1))
  } else {
    await Promise.all(sockets.map((socket, i) => write(socket, parts[i])))
  }
  process.send?.({})
})

/** @param {tls.TLSSocket} socket @param {Buffer} bytes */
async function write (socket, bytes) {
  for (let at = 0; at < bytes.length; at += CHUNK) {
    if (!socket.write(bytes.subarray(at, at + CHUNK))) await once(socket, 'drain')
  }
}

process.on('disconnect', () => process.exit())
