/**
 * A gateway in a thread of its own, which answers and closes while most of what it was sent lies unread, so that its
 * kernel resets the connection. Meanwhile the test's own thread sleeps: it has read nothing of that when it wakes up.
 */
import net from 'node:net'
import tls from 'node:tls'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Worker, isMainThread, workerData } from 'node:worker_threads'
import { server as certificate } from './certificates.js'

const PORT = 0
const DONE = 1

/**
 * @param {import('node:test').TestContext} t
 * @param {{ answer: Uint8Array, version: import('node:tls').SecureVersion | undefined }} options no version: no TLS
 */
export function answersAndResets (t, { answer, version }) {
  const shared = new Int32Array(new SharedArrayBuffer(8))
  const { certPem: cert, keyPem: key } = certificate
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { shared, answer, version, cert, key } })
  t.after(() => worker.terminate())
  Atomics.wait(shared, PORT, 0, 10_000)
  return {
    host: '127.0.0.1',
    port: shared[PORT],
    /** Sleeps, this thread with all that it has to do, until the connection has been reset. */
    sleep: () => Atomics.wait(shared, DONE, 0, 10_000)
  }
}

if (!isMainThread && workerData?.shared instanceof Int32Array) {
  const { shared, answer, version, cert, key } = workerData
  const say = (/** @type {number} */ what, /** @type {number} */ value) => {
    Atomics.store(shared, what, value)
    Atomics.notify(shared, what)
  }
  const refuse = (/** @type {net.Socket} */ socket) => {
    socket.on('error', () => {})
    // It reads as much as Node does of itself, and leaves the rest to the kernel.
    socket.once('readable', () => socket.write(answer, async () => {
      await setTimeout(50)
      socket.destroy()
      await setTimeout(50)
      say(DONE, 1)
    }))
  }
  const server = version === undefined
    ? net.createServer(refuse)
    : tls.createServer({ cert, key, minVersion: version, maxVersion: version }, refuse)
  server.listen(0, '127.0.0.1', () => say(PORT, /** @type {net.AddressInfo} */ (server.address()).port))
}
