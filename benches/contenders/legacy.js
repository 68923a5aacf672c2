/**
 * The legacy gateway between a client of the old protocol, which is in a process of its own on the other core and only
 * writes what it had encoded beforehand, and an Apple that speaks HTTP/2. Or, for comparison, the client of HTTP/2
 * alone.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { which } from '../../scripts/lib/run.js'
import { Client } from '../../js/index.js'
import { createLegacyGateway } from '../../js/legacy/gateway.js'
import { cores } from '../lib/native.js'
import { makeTokens, payload } from '../lib/tokens.js'

const writer = fileURLToPath(new URL('legacy-writer.js', import.meta.url))

/**
 * @param {{ apple: number, files: { cert: string, key: string, ca: string }, count: number, connections: number,
 *   own: boolean, credentials: { ca: string, cert: string, key: string } }} setup `connections`: 0, the client of
 *   HTTP/2 alone; `own`: each notification has a payload of its own
 */
export async function prepare ({ apple, files, count, connections, own, credentials: { ca, ...auth } }) {
  const client = new Client({ gateway: `https://127.0.0.1:${apple}`, topic: 'com.example.doorbell', ca, auth })
  if (connections === 0) {
    const tokens = makeTokens(count)
    return async () => {
      const { counts } = await client.send(payload, tokens)
      return { knows: false, counts }
    }
  }
  const gateway = await createLegacyGateway({ apps: [{ name: 'doorbell', client }], tls: files, port: 0 })
  const taskset = which('taskset')
  const pinning = taskset ? { execPath: taskset, execArgv: ['-c', cores.gateway, process.execPath] } : {}
  const child = fork(writer, { ...pinning })
  child.send({ address: gateway.address, count, connections, own, ca, ...auth })
  await once(child, 'message')
  return async () => {
    child.send({})
    await once(child, 'message')
    return { knows: false, memory: process.memoryUsage.rss() }
  }
}
