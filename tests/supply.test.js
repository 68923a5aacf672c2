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
  while (made.length === 0) await new Promise(resolve => setImmediate(resolve))
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

/** A supply whose connections are made, or fail, when a test says so. @param {import('node:test').TestContext} t */
function byHand (t) {
  /** @type {{ make: (socket: net.Socket) => void, fail: (error: Error) => void }[]} */
  const asked = []
  const supply = new Supply(() => new Promise((resolve, reject) => asked.push({ make: resolve, fail: reject })))
  t.after(() => supply.end())
  return { supply, asked, socket: () => /** @type {any} */ (new net.Socket()) }
}

/** What never was connected can be written to, which is all that is asked. @param {net.Socket} socket */
const writable = socket => Object.defineProperty(socket, 'writable', { value: true })

test('of several that are made ahead the first that is ready is taken', async t => {
  const { supply, asked, socket } = byHand(t)
  supply.keepAhead(3)
  const second = writable(socket())
  asked[1].make(second)
  assert.equal(await supply.take(), second)
  const third = writable(socket())
  const taken = supply.take()
  asked[2].make(third)
  assert.deepEqual([await taken, asked.length], [third, 3])
})

test('where more are taken than are being made ahead, others are made', async t => {
  const { supply, asked, socket } = byHand(t)
  supply.keepAhead(1)
  const both = [supply.take(), supply.take()]
  assert.equal(asked.length, 2)
  const [first, second] = [writable(socket()), writable(socket())]
  asked[1].make(first)
  assert.equal(await both[1], first)
  asked[0].make(second)
  assert.equal(await both[0], second)
})

test('one that fails ahead is made anew for whoever waits for it, and tells why it fails again', async t => {
  const { supply, asked } = byHand(t)
  supply.keepAhead(1)
  const taken = supply.take()
  asked[0].fail(new Error('the first'))
  while (asked.length < 2) await new Promise(resolve => setImmediate(resolve))
  asked[1].fail(new Error('the second'))
  await assert.rejects(taken, /the second/)
})
