/** What ends several pushes at once: each of them has a report of its own. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Client } from '../js/client.js'
import { BellpushError } from '../js/errors.js'
import { dingDong, doorbell, token } from './helpers/ring.js'
import { closedPort, plainServer } from './helpers/servers.js'

/** @param {Promise<unknown>} sent @returns {Promise<any>} */
const failure = sent => sent.then(() => assert.fail('it was all right'), error => error)

const audiences = [[token(1), token(2)], [token(3)], [token(4), token(5), token(6)]]

/** @param {any[]} errors @param {string} code */
function assertEach (errors, code) {
  assert.deepEqual(errors.map(error => error.code), audiences.map(() => code))
  assert.equal(new Set(errors).size, errors.length)
  for (const [index, { report, stack }] of errors.entries()) {
    const { notSent, inDoubt, total } = report
    assert.equal(total, audiences[index].length)
    assert.deepEqual([...notSent, ...inDoubt].map(({ token }) => token).sort(), audiences[index])
    assert.match(stack, /BELLPUSH|Bellpush/)
  }
}

describe('pushes at once', () => {
  for (const scheme of ['https', 'apns']) {
    test(`to a gateway that is not there, ${scheme}`, async t => {
      const { simulator } = await doorbell(t)
      const { ca, cert, key } = simulator.credentials
      const client = new Client({
        gateway: `${scheme}://127.0.0.1:${await closedPort(t)}`, auth: { cert, key }, ca, topic: 'com.example.doorbell',
        connectTries: 1
      })
      t.after(() => client.destroy())
      const errors = audiences.map(each => failure(client.send(dingDong, each)))
      assertEach(await Promise.all(errors), 'BELLPUSH_CONNECT_FAILED')
    })

    test(`of a client that is destroyed, ${scheme}`, async t => {
      /** @type {(value?: unknown) => void} */
      let connected = () => {}
      const isConnected = new Promise(resolve => { connected = resolve })
      const { port } = await plainServer(t, () => connected())
      const { simulator } = await doorbell(t)
      const { ca, cert, key } = simulator.credentials
      const client = new Client({
        gateway: `${scheme}://127.0.0.1:${port}`, auth: { cert, key }, ca, topic: 'com.example.doorbell'
      })
      const errors = audiences.map(each => failure(client.send(dingDong, each)))
      await isConnected
      await client.destroy()
      assertEach(await Promise.all(errors), 'BELLPUSH_DESTROYED')
    })
  }
})

test('an error of the audience that two pushes share is not changed', async t => {
  const { client } = await doorbell(t)
  const shared = Object.freeze(new BellpushError('BELLPUSH_STORE_LOCKED', 'locked', { cause: 'somebody' }))
  async function * source (/** @type {string[]} */ tokens) {
    yield * tokens
    throw shared
  }
  const errors = await Promise.all(audiences.map(each => failure(client.send(dingDong, source(each)))))
  assert.deepEqual(errors.map(({ code, message, cause, report }) => [code, message, cause, report.accepted]),
    audiences.map(({ length }) => ['BELLPUSH_STORE_LOCKED', 'locked', 'somebody', length]))
  assert.equal(shared.report, undefined)
})
