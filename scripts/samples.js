/**
 * `npm run samples`: records the sample captures of the decoder page. Each is a real run: a provider as people write
 * them, over a bare socket, and the simulator without TLS; tcpdump listens on the loopback, so this needs root.
 */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import http2 from 'node:http2'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { encodeNotification } from '../js/decode.js'
import { Simulator } from '../js/simulator/index.js'
import { root } from './lib/files.js'
import { record } from './lib/recording.js'

/** Those of Apple, so that the captures look as such captures do. */
const ports = { binaryPort: 2195, feedbackPort: 2196 }

const payload = { aps: { alert: 'Somebody is at the front door', sound: 'ding-dong.caf' }, door: 'front' }

/** Tokens that look like tokens. @param {number} n */
function token (n) {
  return Array.from({ length: 8 }, (_, part) => (Math.imul(n * 8 + part + 1, 0x9e3779b1) >>> 0).toString(16)
    .padStart(8, '0')).join('')
}

/** @param {number} identifier @param {object} [fields] */
const notification = (identifier, fields) =>
  encodeNotification({ token: token(identifier), payload, identifier, expiration: 1_900_000_000, ...fields })

/** @param {number} count @param {object} [fields] */
const notifications = (count, fields) => Array.from({ length: count }, (_, index) => notification(index + 1, fields))

/** A notification without a payload: whatever came before has been accepted when the gateway refuses it. */
const sentinel = (/** @type {number} */ identifier) =>
  Buffer.concat([Buffer.from([2, 0, 0, 0, 14, 3, 0, 4, 0, 0, 0, identifier, 1, 0, 1, 0, 2, 0, 0])])

/** A payload's length in characters, which is what `strlen` gave some people, and not in bytes. */
function lengthInCharacters () {
  const text = JSON.stringify({ aps: { alert: 'Es klingelt an der Tür: schöne Grüße', sound: 'ding-dong.caf' } })
  const bytes = Buffer.from(notification(4, { command: 1, payload: text }))
  bytes.writeUInt16BE(text.length, 43)
  return bytes
}

/**
 * @type {(Pick<import('../js/simulator/index.js').SimulatorOptions, 'dead' | 'faults'> &
 *   { name: string, messages: Uint8Array[] | 'feedback' })[]}
 */
const samples = [
  { name: 'good-ring', messages: [...notifications(24), sentinel(25)] },
  // The answer takes its time, as it does over a real network.
  { name: 'dead-token', faults: ['late-15@5'], messages: notifications(20) },
  {
    name: 'unreadable-frame',
    messages: [...notifications(3, { command: 1 }), lengthInCharacters(), ...notifications(8, { command: 1 }).slice(4)]
  },
  {
    name: 'feedback',
    dead: [3, 8, 13, 21].map(n => ({ token: token(n), time: 1_600_000_000 + n * 86_400 })),
    messages: 'feedback'
  }
]

/**
 * HTTP/2 without TLS, as it goes between a proxy and its service: of six tokens one is dead, one of another app.
 * @type {[status: number, body?: string][]}
 */
const answers = [
  [200], [200], [410, '{"reason":"Unregistered","timestamp":1600000000000}'], [200],
  [400, '{"reason":"DeviceTokenNotForTopic"}'], [200]
]

const folder = join(root, 'demo/samples')
await mkdir(folder, { recursive: true })
for (const { name, dead, faults, messages } of samples) {
  const simulator = await Simulator.start({ ...ports, plain: true, dead, faults })
  const port = messages === 'feedback' ? ports.feedbackPort : ports.binaryPort
  const file = await record(port, () => talk(port, messages === 'feedback' ? [] : messages))
  await simulator.stop()
  await writeFile(join(folder, `${name}.pcap`), file)
  console.log(`${name}: ${file.length} bytes`)
}

await writeFile(join(folder, 'http2.pcap'), await recordHttp2())

async function recordHttp2 () {
  const server = http2.createServer((request, response) => {
    const [status, body] = answers[(request.stream.id ?? 1) >> 1]
    response.writeHead(status, { 'apns-id': randomUUID() })
    response.end(body ?? '')
  })
  server.listen(8080, '127.0.0.1')
  await once(server, 'listening')
  const file = await record(8080, async () => {
    const session = http2.connect('http://127.0.0.1:8080')
    await Promise.all(answers.map(async (_, index) => {
      const request = session.request({
        ':method': 'POST',
        ':path': `/3/device/${token(index + 1)}`,
        'apns-topic': 'com.example.doorbell',
        'apns-push-type': 'alert'
      })
      request.end(JSON.stringify(payload)).resume()
      await once(request, 'close')
    }))
    session.close()
    await once(session, 'close')
  })
  server.close()
  return file
}

/**
 * Writes each message by itself, as old clients do, and reads until the other end closes.
 * @param {number} port
 * @param {Uint8Array[]} messages
 */
async function talk (port, messages) {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  await once(socket, 'connect')
  const closed = once(socket, 'close')
  socket.on('error', () => {}) // what is written after the other end has closed
  socket.resume()
  for (const message of messages) {
    socket.write(message)
    await setTimeout(2)
  }
  await closed
}
