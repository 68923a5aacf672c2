/** Connections that are made before they are needed: taken while they are fresh, and closed when they are not. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { Supply } from '../js/binary/supply.js'
import { plainServer } from './helpers/servers.js'

/**
 * @param {import('node:test').TestContext} t
 * @param {number} mostIdle
 */
async function supplied (t, mostIdle) {
  const { host, port } = await plainServer(t)
  /** @type {net.Socket[]} */
  const made = []
  const supply = new Supply(async () => {
    const socket = net.connect(port, host)
    await once(socket, 'connect')
    made.push(socket)
    return socket
  }, { mostIdle })
  t.after(() => {
    supply.end()
    for (const socket of made) socket.destroy()
  })
  return { supply, made }
}

test('one that was made ahead is taken, and may then be silent for longer', async t => {
  const { supply, made } = await supplied(t, 1_000)
  supply.keepAhead(1)
  const socket = await supply.take()
  assert.deepEqual([made.length, socket, socket.timeout], [1, made[0], 0])
})

test('one that was idle for too long is closed, and another one is made when it is needed', async t => {
  const { supply, made } = await supplied(t, 1)
  supply.keepAhead(1)
  while (made.length === 0) await new Promise(resolve => setImmediate(resolve))
  await once(made[0], 'close')
  const socket = await supply.take()
  assert.deepEqual([made.length, socket === made[1], socket.writable], [2, true, true])
})
