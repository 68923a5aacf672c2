/** An event loop that was busy when an answer came: it came in time, and counts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from '../js/client.js'
import { dingDong, doorbell, token, tokens } from './helpers/ring.js'

/** @param {number} milliseconds */
function block (milliseconds) {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

/**
 * Once the gateway has accepted something, and so has answered all: blocks where only timers are looked at next.
 * @param {import('../js/simulator/index.js').Simulator} simulator
 * @param {number} milliseconds
 */
const blockAfterAnswer = (simulator, milliseconds) =>
  simulator.once('accepted', () => setImmediate(() => block(milliseconds)))

test('silence is no success while a refusal waits to be read', async t => {
  const { simulator, client } = await doorbell(t, { dead: [token(5)] }, { confirm: { quiet: 300 } })
  let late = 0
  client.on('lateRejection', () => late++)
  blockAfterAnswer(simulator, 700)
  const report = await client.send(dingDong, tokens(20))
  assert.deepEqual([report.accepted, report.counts.rejected, late], [19, 1, 0])
  assert.deepEqual([simulator.accepted.size, simulator.counts().duplicates], [19, 0])
})

test('a gateway that answered is not dead', async t => {
  const { simulator, client } = await doorbell(t, {}, { answerTimeout: 300, inDoubt: 'resend' })
  blockAfterAnswer(simulator, 900)
  assert.equal((await client.send(dingDong, tokens(20))).accepted, 20)
  assert.equal(simulator.counts().duplicates, 0)
})

test('a gateway that answered is not dead, over HTTP/2', async t => {
  const { simulator } = await doorbell(t)
  const { ca, cert, key } = simulator.credentials
  const client = new Client({
    gateway: simulator.http2, auth: { cert, key }, ca, topic: 'com.example.doorbell',
    answerTimeout: 300, inDoubt: 'resend'
  })
  t.after(() => client.destroy())
  blockAfterAnswer(simulator, 900)
  assert.equal((await client.send(dingDong, tokens(20))).accepted, 20)
  assert.equal(simulator.counts().duplicates, 0)
})
