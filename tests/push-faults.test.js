/**
 * Every fault of a gateway at the fifth of twenty notifications, over real TLS: none is lost, none comes twice, and the
 * report says what is known and not more.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Client } from '../js/client.js'
import { encodeErrorResponse, FrameDecoder } from '../js/core.js'
import { faultKinds } from '../js/simulator/faults.js'
import { authority, client as certificate } from './helpers/certificates.js'
import { doorbell, ring, token, tokens } from './helpers/ring.js'
import { tlsServer } from './helpers/servers.js'

/** What the report counts where only some of the counts are not 0. */
const counts = (/** @type {Record<string, number>} */ some) =>
  ({ accepted: 0, rejected: 0, exhausted: 0, expired: 0, inDoubt: 0, notSent: 0, ...some })

const accepted = counts({ accepted: 20 })
const rejected = counts({ accepted: 19, rejected: 1 })
const inDoubt = counts({ inDoubt: 20 })
const refused = counts({ accepted: 4, rejected: 1, notSent: 15 })

/** For a server that a test writes by hand. */
const auth = { cert: certificate.certPem, key: certificate.keyPem }

/** @type {[fault: string, counts: object, code?: string][]} */
const cases = [
  ['status-0', counts({ accepted: 4, inDoubt: 16 })],
  ['status-1', accepted],
  ['status-2', rejected],
  ['status-3', refused, 'BELLPUSH_NOTIFICATION_REFUSED'],
  ['status-4', refused, 'BELLPUSH_NOTIFICATION_REFUSED'],
  ['status-5', rejected],
  ['status-6', refused, 'BELLPUSH_NOTIFICATION_REFUSED'],
  ['status-7', refused, 'BELLPUSH_NOTIFICATION_REFUSED'],
  ['status-8', accepted], // said once only, so it was false
  ['status-9', rejected],
  ['status-10', accepted],
  ['status-128', rejected],
  ['status-255', accepted],
  ['shutdown', accepted],
  ['spurious', accepted],
  ['late', accepted],
  ['late-3', accepted],
  ['late-10000', accepted],
  ['cut', accepted],
  ['two-packets', accepted],
  ['no-close', accepted],
  ['reset-after-error', accepted],
  ['unknown-identifier', inDoubt],
  ['identifier-0', inDoubt],
  ['close', inDoubt],
  ['reset', inDoubt],
  ['stall', inDoubt]
]

for (const version of /** @type {const} */ (['TLSv1.2', 'TLSv1.3'])) {
  describe(`a fault at the fifth of twenty, ${version}`, () => {
    for (const [fault, expected, code] of cases) {
      test(fault, async t => {
        const options = { faults: [`${fault}@5`], minVersion: version, maxVersion: version }
        const { report, error } = await ring(await doorbell(t, options, { answerTimeout: 500 }), tokens(20))
        assert.equal(error?.code, code)
        if (fault === 'reset-after-error' && report.inDoubt.length + report.counts.inDoubt > 0) {
          // The reset may overtake the answer in the kernel: then nobody can know, and the report must say so.
          assert.deepEqual(report.counts, inDoubt)
        } else {
          assert.deepEqual(report.counts, expected)
        }
      })
    }
  })
}

test('no fault of the simulator is left out', () => {
  const tested = cases.map(([fault]) => fault.replace(/^(status|late)-\d+$/, '$1-N'))
  assert.deepEqual(faultKinds.map(({ name }) => name).filter(name => !tested.includes(name)), [])
})

test('a dead token at every position of twelve', async t => {
  for (let position = 1; position <= 12; position++) {
    const { report, outcomes } = await ring(await doorbell(t, { dead: [token(position)] }), tokens(12))
    assert.deepEqual(report.counts, counts({ accepted: 11, rejected: 1 }))
    assert.equal(outcomes.get(token(position)), 'rejected')
  }
})

test('what is in doubt is sent again where only this send says so', async t => {
  const { simulator, client } = await doorbell(t, { faults: ['close@5'] })
  const report = await client.send({ aps: { alert: 'Ding dong' } }, tokens(20), { inDoubt: 'resend' })
  assert.equal(report.accepted, 20)
  assert.ok(simulator.counts().duplicates > 0)
})

test('in doubt and resent, because the caller wants it: all are accepted in the end', async t => {
  const { simulator, client } = await doorbell(t, { faults: ['close@5', 'reset@9'] }, { inDoubt: 'resend' })
  const report = await client.send({ aps: { alert: 'Ding dong' } }, tokens(20))
  assert.deepEqual(report.counts, accepted)
  assert.equal(simulator.accepted.size, 20)
})

test('what is resent and never answered stays in doubt after maxAttempts', async t => {
  const faults = Array.from({ length: 50 }, (_, i) => `close@${i + 1}`)
  const { simulator, client } = await doorbell(t, { faults }, { inDoubt: 'resend', maxAttempts: 2 })
  const report = await client.send({ aps: { alert: 'Ding dong' } }, tokens(3))
  assert.deepEqual(report.counts, counts({ inDoubt: 3 }))
  assert.equal(simulator.counts().connections, 2)
})

for (const connections of [1, 3]) {
  test(`a gateway that closes every connection without a word is given up, ${connections} at once`, async t => {
    const faults = Array.from({ length: 50 }, (_, i) => `close@${i + 1}`)
    const options = /** @type {const} */ ({ inDoubt: 'resend', maxAttempts: 100, connections, connectTries: 4 })
    const { simulator, client } = await doorbell(t, { faults }, options)
    await assert.rejects(client.send({ aps: { alert: 'Ding dong' } }, tokens(3)), (/** @type {any} */ error) => {
      assert.equal(error.code, 'BELLPUSH_CONNECTION_LOST')
      // Each may have been accepted with any of the tries.
      assert.deepEqual(error.report.counts, counts({ inDoubt: 3 }))
      return true
    })
    assert.ok(simulator.counts().connections >= 4)
  })
}

test('a server that answers with something else is given up, and the rest is not sent to it', async t => {
  const { host, port } = await tlsServer(t, {}, socket => socket.end('220 mail.example.com ESMTP\r\n'))
  const client = new Client({ gateway: `apns://${host}:${port}`, auth, ca: authority.certPem, maxInFlight: 10, connectTries: 5 })
  await assert.rejects(client.send({ aps: { alert: 'Ding dong' } }, tokens(200)), (/** @type {any} */ error) => {
    assert.equal(error.code, 'BELLPUSH_CONNECTION_LOST')
    assert.deepEqual(error.report.counts, counts({ inDoubt: 50, notSent: error.report.total - 50 }))
    return true
  })
})

test('a connection that was made ahead, and on which the gateway has taken its leave, carries nothing', async t => {
  let connections = 0
  /** @type {() => void} */
  let takenLeave = () => {}
  const leave = new Promise(resolve => { takenLeave = () => resolve(undefined) })
  const { host, port } = await tlsServer(t, {}, socket => {
    const number = ++connections
    const decoder = new FrameDecoder({ payloadLimit: 2048 })
    if (number === 4) return socket.end(encodeErrorResponse({ status: 10, identifier: 0 }), takenLeave)
    socket.on('data', async bytes => {
      const { fault } = decoder.push(bytes)
      if (number === 3) await leave
      if (number <= 3) socket.end(encodeErrorResponse({ status: 5, identifier: 1 }))
      else if (fault) socket.end(encodeErrorResponse(fault))
    })
  })
  const client = new Client({ gateway: `apns://${host}:${port}`, auth, ca: authority.certPem, connections: 1 })
  const report = await client.send({ aps: { alert: 'Ding dong' } }, tokens(20))
  assert.deepEqual(report.counts, counts({ accepted: 17, rejected: 3 }))
})
