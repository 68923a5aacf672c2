/** Captures as JavaScript sees them: bytes in, parts and findings out. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Capture, describeFinding } from '../js/decode.js'
import { BellpushError } from '../js/errors.js'
import { findingCodes } from '../js/findings.js'
import { encodeErrorResponse, encodeFeedback, encodeFrame } from './helpers/reference.js'
import { notifications, token } from './helpers/simulated.js'

/** @param {Uint8Array} file */
function read (file) {
  const capture = new Capture()
  capture.push(file)
  return { capture, overview: capture.finish() }
}

describe('a stream by itself', () => {
  /** @param {Uint8Array} bytes */
  const told = bytes => read(bytes).overview.connections[0].findings.map(describeFinding)

  test('a token that is shorter than it says', () => {
    const good = encodeFrame({ command: 1, token: token(1), payload: '{"aps":{}}', identifier: 1, expiration: 0 })
    assert.deepEqual(told(Buffer.concat([good, good.subarray(0, 20), good.subarray(21), good])), [
      "notification 1: the token's declared length is 32, 31 bytes follow",
      'identifier 1 was used more than once on this connection: an error response about it is ambiguous'
    ])
  })

  test('a feedback stream that lost a byte', () => {
    const bytes = encodeFeedback([1, 2, 3].map(n => ({ time: 1_600_000_000, token: token(n) })))
    const [lost] = told(Buffer.concat([bytes.subarray(0, 50), bytes.subarray(51)]))
    assert.equal(lost, 'the feedback stream lost a byte here, at offset 38')
  })

  test('its parts, its bytes and a search', () => {
    const { capture } = read(Buffer.concat(notifications(1, 9).map(encodeFrame)))
    const [part] = capture.parts(0, 6, 1)
    assert.deepEqual([part.kind, part.identifier, part.payloadLimit], ['frame', 7, 2048])
    assert.deepEqual(Buffer.from(capture.bytes(0, part)), encodeFrame(notifications(7)[0]))
    assert.deepEqual([...capture.find(0, { token: token(3).toUpperCase() })], [2])
    assert.deepEqual([...capture.find(0, { identifier: 4 })], [3])
    assert.throws(() => capture.find(0, { token: 'abc' }), BellpushError)
    capture.free()
  })

  test('an error response', () => {
    assert.deepEqual(told(encodeErrorResponse({ status: 8, identifier: 9 })), [])
  })
})

test('a damaged capture says where it ends, and keeps what came before', () => {
  const head = Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex')
  const { overview } = read(Buffer.concat([head, Buffer.alloc(8), Buffer.from('ffffffffffffffff', 'hex')]))
  assert.match(String(overview.failure), /byte 24: a packet says that it has 4294967295 bytes/)
})

test('every finding has words', () => {
  for (const code of findingCodes) {
    const counts = {
      first: 1, offset: 0, length: 1, bytes: 1, segments: 1, before: 1, sent: 1, tuples: 1, accepted: 1, unprocessed: 1
    }
    assert.notEqual(describeFinding({ code, name: null, ...counts }), code)
  }
})
