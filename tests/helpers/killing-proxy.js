/** Stands between a client and a gateway and kills connections, after so many bytes and without a word. */

import net from 'node:net'
import { plainServer } from './servers.js'

/**
 * @param {import('node:test').TestContext} t
 * @param {number} port of the gateway
 * @param {() => number} lifetime bytes from the client that the next connection lives for; Infinity: it is not killed
 * @returns {Promise<{ port: number, killed: () => number }>}
 */
export async function killingProxy (t, port, lifetime) {
  let killed = 0
  const { port: ours } = await plainServer(t, client => {
    const gateway = net.connect({ host: '127.0.0.1', port })
    let left = lifetime()
    gateway.on('error', () => {})
    client.on('data', bytes => {
      left -= bytes.length
      if (left > 0) return
      killed++
      client.resetAndDestroy()
      gateway.resetAndDestroy()
    })
    client.pipe(gateway)
    gateway.pipe(client)
    client.on('close', () => gateway.destroy())
    gateway.on('close', () => client.destroy())
  })
  return { port: ours, killed: () => killed }
}
