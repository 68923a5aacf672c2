/** What a gateway says over HTTP/2, cut everywhere, and what becomes of the slots, through the WebAssembly core. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Batch, Http2Connection } from '../js/core.js'

/**
 * @typedef {{ name: string, hex: string, ends: string[],
 *   ending?: { why: string, code: number, message: string } }} Conversation
 */

/** @type {{ conversations: Conversation[] }} */
const { conversations } = JSON.parse(readFileSync(new URL('vectors/http2.json', import.meta.url), 'utf8'))

const options = {
  payloadLimit: 4096, expiration: undefined, priority: undefined, maxInFlight: 100, maxAttempts: 3, breaker: 20,
  resendInDoubt: false, listAccepted: true
}

/** Three tokens on streams 1, 3 and 5, with a certificate. */
function begin () {
  const batch = new Batch(Buffer.from('{"aps":{"alert":"Ding dong"}}'), options, 0)
  batch.push(Array.from({ length: 3 }, (_, i) => String(i).padStart(64, '0')), 0)
  batch.closeInput()
  const connection = new Http2Connection({
    number: 1, authority: 'gateway.test', answerTimeout: 1000, pingInterval: 2000
  }, 0)
  connection.serve(batch, {})
  connection.read(Buffer.from('000000040000000000', 'hex'), 0)
  connection.write(65_536, 0)
  assert.equal(connection.standing().streams, 3)
  return { batch, connection }
}

/** @param {Batch} batch */
function ends (batch) {
  const words = ['waiting', 'waiting', 'waiting']
  for (const { slot, outcome, reason, dead, diedAt } of batch.settled()) {
    const { reason: name, status } = batch.describeReason(reason)
    words[slot] = [outcome, name, status, dead ? 'dead' : null, diedAt].filter(word => word !== null).join(' ')
  }
  return words
}

for (const { name, hex, ends: wanted, ending } of conversations) {
  test(name, () => {
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex')
    for (let cut = 0; cut <= bytes.length; cut++) {
      const { batch, connection } = begin()
      connection.read(bytes.subarray(0, cut), 0)
      connection.read(bytes.subarray(cut), 0)
      assert.deepEqual(connection.ending(), ending ?? null)
      connection.closed({}, 0)
      assert.deepEqual(ends(batch), wanted)
      connection.free()
      batch.free()
    }
  })
}
