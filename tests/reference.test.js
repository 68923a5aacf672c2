/** The core and the reference, two implementations of the legacy protocol that share no code, say the same. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import * as core from '../js/core.js'
import * as reference from './helpers/reference.js'

const vectors = JSON.parse(readFileSync(new URL('./vectors/binary.json', import.meta.url), 'utf8'))

/** @param {string} hex with T and P for the common token and payload */
const bytesOf = (hex) => Buffer.from(hex.replace('T', vectors.T).replace('P', vectors.P).replaceAll(' ', ''), 'hex')

/**
 * @param {Uint8Array} bytes
 * @param {number} cut where the bytes are cut in two
 */
function decodeWithCore (bytes, cut) {
  const decoder = new core.FrameDecoder({ payloadLimit: 2048 })
  const first = decoder.push(bytes.subarray(0, cut))
  const second = decoder.push(bytes.subarray(cut))
  const { pending } = decoder
  decoder.free()
  return { frames: [...first.frames, ...second.frames], fault: second.fault, pending }
}

/** @param {import('./helpers/reference.js').Frame} frame without what only one side knows, and undefined left out */
function comparable ({ command, identifier, expiration, priority, token, payload }) {
  return JSON.parse(JSON.stringify({
    command, identifier, expiration, priority, token, payload: Buffer.from(payload).toString('hex')
  }))
}

describe('frames of the vectors', () => {
  for (const { name, hex, identifier, expiration, priority } of vectors.frames) {
    const bytes = bytesOf(hex)
    const payload = Buffer.from(vectors.P, 'hex')
    const expected = { command: bytes[0], identifier, expiration, priority, token: vectors.T, payload }

    test(`${name}: the reference writes them and reads them`, () => {
      assert.deepEqual(reference.encodeFrame(expected), bytes)
      assert.deepEqual(reference.decodeFrames(bytes).frames.map(comparable), [comparable(expected)])
    })

    test(`${name}: the core reads the same, cut at every byte`, () => {
      for (let cut = 0; cut <= bytes.length; cut++) {
        const { frames, fault, pending } = decodeWithCore(bytes, cut)
        assert.deepEqual({ frames: frames.map(comparable), fault, pending },
          { frames: [comparable(expected)], fault: undefined, pending: 0 }, `cut at ${cut}`)
      }
    })

    test(`${name}: both know that a part of it is unfinished`, () => {
      for (let length = 1; length < bytes.length; length++) {
        const part = bytes.subarray(0, length)
        assert.equal(reference.decodeFrames(part).rest, length)
        assert.equal(decodeWithCore(part, 0).pending, length)
      }
    })
  }
})

test('a run of all frames is read by both as the same frames, cut at every byte', () => {
  const bytes = Buffer.concat(vectors.frames.map((/** @type {{ hex: string }} */ { hex }) => bytesOf(hex)))
  const expected = reference.decodeFrames(bytes).frames.map(comparable)
  assert.equal(expected.length, vectors.frames.length)
  for (let cut = 0; cut <= bytes.length; cut++) {
    assert.deepEqual(decodeWithCore(bytes, cut).frames.map(comparable), expected, `cut at ${cut}`)
  }
})

test('items may come in any order', () => {
  const identifier = Buffer.from([0, 0, 0, 9])
  const payload = Buffer.from('{}')
  const bytes = reference.encodeItems([[5, Buffer.of(5)], [3, identifier], [2, payload], [1, Buffer.of(1, 2)]])
  const expected = { command: 2, identifier: 9, priority: 5, token: '0102', payload: '7b7d' }
  assert.deepEqual(reference.decodeFrames(bytes).frames.map(comparable), [expected])
  assert.deepEqual(decodeWithCore(bytes, 0).frames.map(comparable), [expected])
})

describe('both answer what is malformed with the same error response', () => {
  const token = Buffer.from(vectors.T, 'hex')
  const payload = Buffer.from('{}')
  const identifier = Buffer.from([0, 0, 0, 7])
  const { encodeItems } = reference
  const command1 = (/** @type {Buffer} */ token, /** @type {Buffer} */ payload) =>
    reference.encodeFrame({ command: 1, identifier: 7, expiration: 0, token: token.toString('hex'), payload })
  const named = (/** @type {number} */ status) => ({ status, identifier: 7 })
  const nameless = (/** @type {number} */ status) => ({ status, identifier: 0 })

  /** @type {Array<[string, Uint8Array, { status: number, identifier: number }]>} */
  const cases = [
    ['an unknown command', Buffer.from([3, 0, 0]), nameless(128)],
    ['an error response sent to the gateway', reference.encodeErrorResponse(named(8)), nameless(128)],
    ['command 1 with an empty token', command1(Buffer.alloc(0), payload), named(2)],
    ['command 1 with a token of 101 bytes', command1(Buffer.alloc(101), payload), named(5)],
    ['command 1 without a payload', command1(token, Buffer.alloc(0)), named(4)],
    ['command 1 with a payload of 2,049 bytes', command1(token, Buffer.alloc(2049)), named(7)],
    ['no token item', encodeItems([[2, payload], [3, identifier]]), named(2)],
    ['an empty token item', encodeItems([[1, Buffer.alloc(0)], [2, payload], [3, identifier]]), named(2)],
    ['a token item of 101 bytes', encodeItems([[1, Buffer.alloc(101)], [2, payload], [3, identifier]]), named(5)],
    ['no payload item', encodeItems([[1, token], [3, identifier]]), named(4)],
    ['a payload item of 2,049 bytes', encodeItems([[1, token], [2, Buffer.alloc(2049)], [3, identifier]]), named(7)],
    ['an item that comes twice', encodeItems([[1, token], [1, token], [2, payload]]), nameless(128)],
    ['an unknown item', encodeItems([[1, token], [2, payload], [6, payload]]), nameless(128)],
    ['an identifier of three bytes', encodeItems([[1, token], [2, payload], [3, Buffer.alloc(3)]]), nameless(128)],
    ['an empty frame', Buffer.from([2, 0, 0, 0, 0]), nameless(2)],
    ['an item that reaches out of its frame', Buffer.from([2, 0, 0, 0, 4, 1, 0, 9, 0]), nameless(128)],
    ['half the head of an item', Buffer.from([2, 0, 0, 0, 2, 1, 0]), nameless(128)],
    ['a frame of 4 GiB', Buffer.from([2, 255, 255, 255, 255]), nameless(7)]
  ]

  for (const [name, bytes, answer] of cases) {
    test(name, () => {
      const { fault } = decodeWithCore(bytes, 0)
      assert.deepEqual(reference.decodeFrames(bytes).fault, answer)
      assert.deepEqual({ status: fault?.status, identifier: fault?.identifier }, answer)
    })
  }

  test('the longest token and payload are no fault', () => {
    const bytes = command1(Buffer.alloc(100), Buffer.alloc(2048))
    assert.equal(reference.decodeFrames(bytes).frames.length, 1)
    assert.equal(decodeWithCore(bytes, 0).frames.length, 1)
  })
})

test('error responses of the vectors: both write the same bytes, and both read them', () => {
  for (const { status, identifier, hex } of vectors.error_responses) {
    const bytes = bytesOf(hex)
    assert.deepEqual(reference.encodeErrorResponse({ status, identifier }), bytes)
    assert.deepEqual(Buffer.from(core.encodeErrorResponse({ status, identifier })), bytes)
    assert.deepEqual(reference.decodeErrorResponses(bytes), [{ status, identifier }])
    const decoded = core.decodeErrorResponse(bytes)
    assert.deepEqual({ status: decoded.status, identifier: decoded.identifier }, { status, identifier })
  }
})

test('feedback tuples of the vectors: both write the same bytes, and both read them', () => {
  for (const { time, hex } of vectors.feedback) {
    const bytes = bytesOf(hex)
    const tuples = [{ time, token: vectors.T }]
    assert.deepEqual(reference.encodeFeedback(tuples), bytes)
    assert.deepEqual(Buffer.from(core.encodeFeedback(tuples)), bytes)
    assert.deepEqual(reference.decodeFeedback(bytes), tuples)
    assert.deepEqual(core.decodeFeedback(bytes), tuples)
  }
})
