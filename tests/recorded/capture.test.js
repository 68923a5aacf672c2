/** Captures of real runs, recorded by tcpdump: put together as tshark does it, diagnosed, told in a terminal. */

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Capture } from '../../js/decode.js'
import { packetsOf, record } from '../../scripts/lib/recording.js'
import { folder } from '../helpers/certificates.js'
import { bellpush } from '../helpers/command.js'
import { encodeFrame } from '../helpers/reference.js'
import { notifications, simulated, token } from '../helpers/simulated.js'
import { followed } from '../helpers/tshark.js'

/** A run of 300 notifications with a dead token in the middle. @param {import('node:test').TestContext} t */
async function run (t) {
  const { simulator, dial } = await simulated(t, { plain: true, dead: [token(151)] })
  return record(new URL(simulator.binary).port, async () => {
    const client = await dial()
    for (const frame of notifications(1, 300)) client.socket.write(encodeFrame(frame))
    await client.over()
    await client.close()
  }, { signal: t.signal })
}

/** @param {Uint8Array} file */
function streams (file) {
  const capture = new Capture()
  capture.push(file)
  const { connections: [{ lengths, findings }] } = capture.finish()
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
    const sentences = stdout.replace(/\n {4}(?=\S)/g, ' ')
    assert.match(sentences, /! identifier 151 was rejected with status 8 \(InvalidToken\): 150 notifications before it/)
    assert.match(sentences, /152 to \d+ were discarded and never sent again$/m)
    assert.match(stdout, /with identifier 150: .* \[accepted\]$/m)
  })
})
