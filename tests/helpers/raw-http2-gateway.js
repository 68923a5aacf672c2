/**
 * A gateway of HTTP/2 that a test writes by hand, frame by frame, over real TLS: for what no library would send. It
 * reads requests as far as this client writes them (the token stands in plain in `:path`), and counts what it accepted.
 */
import { createSigningKey } from '../../js/simulator/http2-authorization.js'
import { Client } from '../../js/client.js'
import { authority, client as certificate } from './certificates.js'
import { tlsServer } from './servers.js'

export const kinds = Object.freeze({
  data: 0, headers: 1, reset: 3, settings: 4, pushPromise: 5, ping: 6, goaway: 7, window: 8, continuation: 9
})
const END_STREAM = 1
const END_HEADERS = 4
const ACK = 1
const PREFACE = 24

/** Settings by their numbers. */
export const settings = Object.freeze({ tableSize: 1, push: 2, maxStreams: 3, window: 4, frameSize: 5, listSize: 6 })

/** @param {number} value */
const uint32 = value => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/**
 * @param {number} kind
 * @param {number} flags
 * @param {number} stream
 * @param {Uint8Array} [payload]
 */
export function frame (kind, flags, stream, payload = Buffer.alloc(0)) {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = kind
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** One connection to it. */
export class RawConnection {
  /** Streams whose requests are whole and have no answer yet, with their tokens. @type {Map<number, string>} */
  open = new Map()
  /** Frames that came, but HEADERS and DATA: kind, flags, stream, payload. */
  frames = /** @type {{ kind: number, flags: number, stream: number, payload: Buffer }[]} */ ([])
  requests = 0
  answersPings = true
  #gateway
  #input = Buffer.alloc(0)
  #preface = false
  /** @type {Map<number, string>} */
  #begun = new Map()

  /**
   * @param {RawGateway} gateway
   * @param {import('node:tls').TLSSocket} socket
   * @param {number} number from 1
   */
  constructor (gateway, socket, number) {
    this.#gateway = gateway
    this.socket = socket
    this.number = number
    socket.setNoDelay(true)
    socket.on('data', bytes => this.#read(bytes))
  }

  /** @param {Uint8Array} bytes */
  send (bytes) {
    if (this.socket.writable) this.socket.write(bytes)
  }

  /** @param {Partial<Record<keyof typeof settings, number>>} values */
  settings (values) {
    this.send(frame(kinds.settings, 0, 0, Buffer.concat(Object.entries(values).map(([name, value]) =>
      Buffer.concat([Buffer.from([0, settings[/** @type {'window'} */ (name)]]), uint32(value)])))))
  }

  /** Accepts without a word. @param {number} id */
  take (id) {
    const token = this.open.get(id) ?? ''
    const { accepted } = this.#gateway
    accepted.set(token, (accepted.get(token) ?? 0) + 1)
  }

  /** @param {number} id */
  accept (id) {
    this.take(id)
    this.open.delete(id)
    this.send(frame(kinds.headers, END_HEADERS | END_STREAM, id, Buffer.from([0x88])))
  }

  /**
   * @param {number} id
   * @param {number} status
   * @param {string | object} [body]
   */
  refuse (id, status, body) {
    this.open.delete(id)
    const head = Buffer.from([0x08, 3, ...Buffer.from(String(status))])
    this.send(frame(kinds.headers, END_HEADERS | (body === undefined ? END_STREAM : 0), id, head))
    if (body === undefined) return
    this.send(frame(kinds.data, END_STREAM, id, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))))
  }

  /** @param {number} id @param {number} code */
  reset (id, code) {
    this.open.delete(id)
    this.send(frame(kinds.reset, 0, id, uint32(code)))
  }

  /** @param {number} last @param {number} [code] @param {string} [text] */
  goaway (last, code = 0, text = '') {
    this.send(frame(kinds.goaway, 0, 0, Buffer.concat([uint32(last), uint32(code), Buffer.from(text)])))
  }

  /** @param {number} id 0: the connection's @param {number} bytes */
  window (id, bytes) {
    this.send(frame(kinds.window, 0, id, uint32(bytes)))
  }

  /** @param {Buffer} bytes */
  #read (bytes) {
    this.#input = Buffer.concat([this.#input, bytes])
    if (!this.#preface) {
      if (this.#input.length < PREFACE) return
      this.#input = this.#input.subarray(PREFACE)
      this.#preface = true
    }
    while (this.#input.length >= 9) {
      const length = this.#input.readUIntBE(0, 3)
      if (this.#input.length < 9 + length) return
      const [kind, flags] = this.#input.subarray(3, 5)
      const stream = this.#input.readUInt32BE(5)
      const payload = Buffer.from(this.#input.subarray(9, 9 + length))
      this.#input = this.#input.subarray(9 + length)
      this.#take(kind, flags, stream, payload)
    }
  }

  /**
   * @param {number} kind
   * @param {number} flags
   * @param {number} stream
   * @param {Buffer} payload
   */
  #take (kind, flags, stream, payload) {
    if (kind === kinds.headers) {
      this.#begun.set(stream, /\/3\/device\/([0-9a-f]+)/.exec(payload.toString('latin1'))?.[1] ?? '')
      this.#gateway.script.begun?.(this, stream)
    } else if (kind === kinds.data) {
      if (this.#gateway.script.consumes !== false && payload.length > 0) this.window(0, payload.length)
      if ((flags & END_STREAM) === 0) return
      this.open.set(stream, this.#begun.get(stream) ?? '')
      this.#begun.delete(stream)
      this.requests++
      const { request } = this.#gateway.script
      if (request) request(this, stream, this.requests)
      else this.accept(stream)
    } else {
      this.frames.push({ kind, flags, stream, payload })
      if (kind === kinds.settings && (flags & ACK) === 0) this.send(frame(kinds.settings, ACK, 0))
      if (kind === kinds.ping && (flags & ACK) === 0 && this.answersPings) this.send(frame(kinds.ping, ACK, 0, payload))
      this.#gateway.script.frame?.(this, kind, flags, stream, payload)
    }
  }
}

/**
 * @typedef {object} Script what the gateway does; unsaid: it accepts
 * @property {(connection: RawConnection) => void} [connected] in the place of its SETTINGS, 1,000 streams at once
 * @property {(connection: RawConnection, stream: number) => void} [begun] the HEADERS of a request are there
 * @property {(connection: RawConnection, stream: number, count: number) => void} [request] one is whole, the count-th
 *   of its connection
 * @property {(connection: RawConnection, kind: number, flags: number, stream: number, payload: Buffer) => void} [frame]
 *   anything else came
 * @property {boolean} [consumes] it opens its connection's window again for what it has read (yes)
 */

export class RawGateway {
  /** Token → times accepted. @type {Map<string, number>} */
  accepted = new Map()
  /** @type {RawConnection[]} */
  connections = []
  port = 0
  /** @type {import("node:net").Server | undefined} */
  server

  /** @param {Script} script */
  constructor (script) {
    this.script = script
  }

  counts () {
    return { duplicates: [...this.accepted.values()].filter(times => times > 1).length }
  }

  /** @param {import('node:tls').TLSSocket} socket */
  serve (socket) {
    const connection = new RawConnection(this, socket, this.connections.length + 1)
    this.connections.push(connection)
    if (this.script.connected) this.script.connected(connection)
    else connection.settings({ maxStreams: 1000 })
  }
}

/** @param {import('node:test').TestContext} t @param {Script} script */
export async function rawGateway (t, script) {
  const gateway = new RawGateway(script)
  const { port, server } = await tlsServer(t, { ALPNProtocols: ['h2'], rejectUnauthorized: false },
    socket => gateway.serve(socket))
  gateway.port = port
  gateway.server = server
  return gateway
}

/** As the signing key of a gateway that looks at no signature. */
export const anyKey = createSigningKey()

/**
 * A gateway by hand and a client for it, with a certificate unless said otherwise; `simulator` is for `ring`.
 * @param {import('node:test').TestContext} t
 * @param {Script} script
 * @param {Partial<import('../../js/client.js').ClientOptions>} [options]
 */
export async function rawDoorbell (t, script, options) {
  const gateway = await rawGateway(t, script)
  const client = new Client({
    gateway: `https://127.0.0.1:${gateway.port}`,
    auth: { cert: certificate.certPem, key: certificate.keyPem },
    ca: authority.certPem,
    topic: 'com.example.doorbell',
    ...options
  })
  t.after(() => client.destroy())
  return { gateway, simulator: /** @type {any} */ (gateway), client }
}
