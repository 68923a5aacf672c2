/** Captures of real runs: put together as tshark does it, diagnosed, told in a terminal. */

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Capture, describeFinding } from '../js/decode.js'
import { BellpushError } from '../js/errors.js'
import { findingCodes } from '../js/findings.js'
import { folder } from './helpers/certificates.js'
import { bellpush } from './helpers/command.js'
import { followed, packetsOf, recorded } from './helpers/recording.js'
import { encodeErrorResponse, encodeFeedback, encodeFrame } from './helpers/reference.js'
import { notifications, simulated, token } from './helpers/simulated.js'

/** A run of 300 notifications with a dead token in the middle. @param {import('node:test').TestContext} t */
async function run (t) {
  const { simulator, dial } = await simulated(t, { plain: true, dead: [token(151)] })
  return recorded(t, new URL(simulator.binary).port, async () => {
    const client = await dial()
    for (const frame of notifications(1, 300)) client.socket.write(encodeFrame(frame))
    await client.over()
    await client.close()
  })
}

/** @param {Uint8Array} file */
function read (file) {
  const capture = new Capture()
  capture.push(file)
  return { capture, overview: capture.finish() }
}

/** @param {Uint8Array} file */
function streams (file) {
  const { capture, overview: { connections: [{ lengths, findings }] } } = read(file)
  const missing = [0, 1].map(direction => findings.filter(found => found.code === 'missing' &&
    found.direction === direction).reduce((sum, { length }) => sum + length, 0))
  return [0, 1].map(direction =>
    Buffer.from(capture.bytes(0, { direction, at: 0, length: lengths[direction] - missing[direction] })))
}

/** Numbers that look random, always the same. @param {number} seed */
function chance (seed) {
  return (/** @type {number} */ below) => {
    seed = Math.imul(seed ^ seed >>> 15, 0x2c1b3c6d) + 0x9e3779b9 | 0
    return (seed >>> 8) % below
  }
}

describe('a real run, recorded on the loopback', () => {
  test('is put together as tshark does it, also in another order and with packets twice', async t => {
    const file = await run(t)
    const { head, packets } = packetsOf(file)
    const dir = await folder(t, {})
    for (let seed = 0; seed < 4; seed++) {
      const pick = chance(seed)
      const order = packets.map((packet, index) => ({ packet, place: index + (seed % 2 && index > 2 ? pick(6) : 0) }))
      const twice = order.filter(() => seed > 1 && pick(5) === 0)
      const again = twice.map(({ packet, place }) => ({ packet, place: place + 3 }))
      const shuffled = Buffer.concat([
        head, ...[...order, ...again].sort((a, b) => a.place - b.place).map(({ packet }) => packet)
      ])
      const path = join(dir, `${seed}.pcap`)
      await writeFile(path, shuffled)
      const [said, answered] = streams(shuffled)
      const [expectedSaid, expectedAnswered] = followed(path)
      assert.ok(said.length > 10_000)
      const written = Buffer.concat(notifications(1, 300).map(encodeFrame))
      assert.ok(said.equals(written.subarray(0, said.length)), `seed ${seed}: what was written`)
      // With both at once, tshark 4.0 misses bytes that are there.
      if (seed === 3) continue
      assert.ok(said.equals(expectedSaid), `seed ${seed}: what the provider said`)
      assert.ok(answered.equals(expectedAnswered), `seed ${seed}: what the gateway answered`)
    }
  })

  test('is told in a terminal: what was rejected, and what was discarded', async t => {
    const dir = await folder(t, { 'run.pcap': await run(t) })
    const { code, stdout, stderr } = await bellpush(t, ['decode', 'run.pcap'], { cwd: dir })
    assert.deepEqual([code, stderr], [1, ''])
    assert.match(stdout, /^pcap: \d+ packets, 1 connection$/m)
    assert.match(stdout, /! identifier 151 was rejected with status 8 \(InvalidToken\): 150 notifications before it/)
    assert.match(stdout, /152 to \d+ were discarded and never sent again$/m)
    assert.match(stdout, /with identifier 150: .* \[accepted\]$/m)
  })
})

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

  test('error responses', () => {
    assert.match(told(encodeErrorResponse({ status: 8, identifier: 9 }))[0], /names identifier 9, which is not in this/)
  })
})

test('a damaged capture says where it ends, and keeps what came before', () => {
  const head = Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex')
  const { overview } = read(Buffer.concat([head, Buffer.alloc(8), Buffer.from('ffffffffffffffff', 'hex')]))
  assert.match(String(overview.failure), /byte 24: a packet says that it has 4294967295 bytes/)
})

test('every finding has words', () => {
  for (const code of findingCodes) {
    const counts = { first: 1, offset: 0, length: 1, bytes: 1, segments: 1, before: 1, sent: 1, tuples: 1 }
    assert.notEqual(describeFinding({ code, ...counts }), code)
  }
})
