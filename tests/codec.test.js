/** Single frames in the place of hand-written `pack()` code: what is wrong with the arguments is said, not dropped. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  decodeErrorResponse, decodeFeedback, encodeNotification, explain, FeedbackDecoder, FrameDecoder
} from '../js/core.js'
import { dingDong, token } from './helpers/ring.js'

const invalid = { code: 'BELLPUSH_OPTION_INVALID' }

test('what is no bytes is named', () => {
  for (const decode of [decodeErrorResponse, decodeFeedback, explain]) {
    for (const bytes of ['080800000005', undefined, [8, 8, 0, 0, 0, 5]]) {
      assert.throws(() => decode(/** @type {any} */ (bytes)), invalid)
    }
  }
})

test('what is no bytes is named by the streaming decoders, too', () => {
  for (const decoder of [new FrameDecoder(), new FeedbackDecoder()]) {
    assert.throws(() => decoder.push(/** @type {any} */ ('080800000005')), invalid)
    decoder.free()
  }
})

test('command 0 can say neither an identifier nor an expiration', () => {
  const notification = { command: /** @type {const} */ (0), token: 'aa', payload: '{}' }
  for (const field of [{ identifier: 1 }, { expiration: 0 }]) {
    assert.throws(() => encodeNotification({ ...notification, ...field }), { code: 'BELLPUSH_OPTION_INVALID' })
  }
  assert.equal(encodeNotification(notification)[0], 0)
})

test('a priority that a command cannot say is an error', () => {
  for (const command of /** @type {const} */ ([0, 1])) {
    const notification = { command, token: token(1), payload: dingDong }
    assert.throws(() => encodeNotification({ ...notification, priority: 5 }), invalid)
    assert.deepEqual(encodeNotification({ ...notification, priority: 10 }), encodeNotification(notification))
  }
})

test('numbers out of range, unknown commands and other kinds are named', () => {
  const notification = { token: token(1), payload: dingDong }
  for (const wrong of [{ command: 3 }, { identifier: -1 }, { expiration: 2 ** 32 }, { priority: 1.5 }]) {
    assert.throws(() => encodeNotification(/** @type {any} */ ({ ...notification, ...wrong })), invalid)
  }
  assert.throws(() => explain(new Uint8Array(6), /** @type {any} */ ('frame')), invalid)
})
