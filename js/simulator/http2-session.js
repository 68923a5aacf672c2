/**
 * One connection to the simulated HTTP/2 service, on node:http2: requests in, judgements carried out.
 *
 * As at Apple's, a connection that shows provider tokens has one stream until the first of them was taken.
 * Not here: who is rejected (http2-request.js, ledger.js).
 */

import { randomUUID } from 'node:crypto'
import http2 from 'node:http2'
import { certificateOf } from './http2-authorization.js'
import { faultOf, hasDuplicates } from './http2-request.js'

/** Bytes of a body that are kept: what is longer is too large, whatever it says. */
const LONGEST_BODY = 8192

const { NGHTTP2_INTERNAL_ERROR, NGHTTP2_REFUSED_STREAM, NGHTTP2_NO_ERROR } = http2.constants

/**
 * @typedef {object} Http2Behaviour how the simulated service behaves to everybody
 * @property {number} [maxStreams] open at once on a connection (1,000)
 * @property {number} [goawayAfter] so many streams of a connection, and it takes leave (never)
 * @property {number} [window] bytes of a stream's window (65,535)
 * @property {number} [latency] milliseconds before each answer (0)
 * @property {string[]} [topics] bundle ids that it serves (`com.example.doorbell`)
 * @property {import('./http2-authorization.js').SigningKey[]} [keys] that provider tokens are signed with, besides its
 *   own
 */

/**
 * @typedef {object} Http2Parts
 * @property {Http2Behaviour & { topicSet: ReadonlySet<string> }} behaviour
 * @property {import('./http2-authorization.js').Authorization} authorization
 * @property {number} idleTimeout milliseconds
 * @property {(request: { token: string, payload: Buffer, headers: Map<string, string> }, fault: string | undefined)
 *   => import('./http2-faults.js').Answer | undefined} judge nothing: accepted
 * @property {import('./http2-channels.js').SimulatedChannels} channels
 * @property {() => void} changed called after each event
 */

export class Http2Session {
  #parts
  #session
  #reset
  #certificate
  #isAuthorized
  #limit
  #streams = 0
  /** The highest one that was looked at. */
  #judged = 0
  /** Nothing above is looked at. */
  #lastStream = Infinity

  /**
   * @param {import('./listener.js').Connection} connection
   * @param {Http2Parts} parts
   */
  constructor ({ socket, reset }, parts) {
    this.#parts = parts
    this.#reset = reset
    this.#certificate = certificateOf(/** @type {import('node:tls').TLSSocket} */ (socket))
    this.#isAuthorized = this.#certificate !== undefined
    this.#limit = parts.behaviour.maxStreams ?? 1000
    socket.setTimeout(0) // the session has its own
    const settings = {
      maxConcurrentStreams: this.#isAuthorized ? this.#limit : Math.min(1, this.#limit),
      maxHeaderListSize: 8000,
      initialWindowSize: parts.behaviour.window ?? 65_535,
      enablePush: false
    }
    this.#session = http2.performServerHandshake(socket, { settings })
    this.#session.setTimeout(parts.idleTimeout, () => this.#session.destroy())
    this.#session.on('error', () => {}) // the close that follows is what counts
    this.#session.once('close', () => parts.changed())
    this.#session.on('stream', (
      /** @type {http2.ServerHttp2Stream} */ stream,
      /** @type {http2.IncomingHttpHeaders} */ headers,
      /** @type {number} */ flags,
      /** @type {string[]} */ raw
    ) => this.#serve(stream, headers, raw))
  }

  /**
   * @param {http2.ServerHttp2Stream} stream
   * @param {http2.IncomingHttpHeaders} headers
   * @param {string[]} raw
   */
  #serve (stream, headers, raw) {
    stream.on('error', () => {})
    const id = Number(stream.id)
    if (id > this.#lastStream) return
    if (++this.#streams === this.#parts.behaviour.goawayAfter) this.#takeLeave(id)
    /** @type {Buffer[]} */
    const chunks = []
    let length = 0
    stream.on('data', (/** @type {Buffer} */ chunk) => {
      if (length < LONGEST_BODY) chunks.push(chunk)
      length += chunk.length
    })
    stream.on('end', () => {
      if (!stream.destroyed && id <= this.#lastStream) this.#judge(stream, headers, raw, Buffer.concat(chunks))
    })
  }

  /**
   * @param {http2.ServerHttp2Stream} stream
   * @param {http2.IncomingHttpHeaders} incoming
   * @param {string[]} raw
   * @param {Buffer} payload
   */
  #judge (stream, incoming, raw, payload) {
    this.#judged = Math.max(this.#judged, Number(stream.id))
    const headers = new Map(Object.entries(incoming).map(([name, value]) => [name, String(value)]))
    const path = headers.get(':path') ?? ''
    const token = path.slice('/3/device/'.length)
    const unauthorized = this.#unauthorized(headers.get('authorization'))
    const method = headers.get(':method') ?? ''
    const topics = this.#parts.behaviour.topicSet
    const answered = this.#parts.channels.answer({ method, path, headers, payload, topics, unauthorized })
    if (answered !== undefined) {
      this.#authorized(unauthorized)
      return this.#answerChannel(stream, headers.get('apns-request-id') ?? randomUUID(), answered)
    }
    const fault = faultOf({
      method,
      path,
      token,
      headers,
      hasDuplicates: hasDuplicates(raw),
      payload,
      certificateTopic: this.#certificate?.uid,
      topics,
      unauthorized
    })
    const answer = this.#parts.judge({ token: token.toLowerCase(), payload, headers }, fault)
    this.#authorized(unauthorized)
    this.#carryOut(stream, headers.get('apns-id') ?? randomUUID(), answer)
    this.#parts.changed()
  }

  /** @param {string | undefined} unauthorized nothing: its sender was found good */
  #authorized (unauthorized) {
    if (unauthorized !== undefined || this.#isAuthorized) return
    this.#isAuthorized = true
    this.#setLimit(this.#limit)
  }

  /**
   * @param {http2.ServerHttp2Stream} stream
   * @param {string} id
   * @param {import('./http2-channels.js').ChannelAnswer} answer
   */
  #answerChannel (stream, id, { status, reason, channelId, body = reason === undefined ? undefined : { reason } }) {
    this.#parts.changed()
    if (stream.destroyed || stream.closed) return
    const named = channelId === undefined ? {} : { 'apns-channel-id': channelId }
    stream.respond({ ':status': status, 'apns-request-id': id, ...named }, { endStream: !body })
    if (body) stream.end(JSON.stringify(body))
  }

  /** @param {string | undefined} header */
  #unauthorized (header) {
    if (header !== undefined || this.#certificate === undefined) return this.#parts.authorization.refuse(header)
    return this.#certificate.isTrusted ? undefined : 'BadCertificate'
  }

  /**
   * @param {http2.ServerHttp2Stream} stream
   * @param {string} id
   * @param {import('./http2-faults.js').Answer} [answer]
   */
  #carryOut (stream, id, answer = { accepted: true }) {
    switch (answer.action) {
      case 'refuse': return stream.close(NGHTTP2_REFUSED_STREAM)
      case 'reset': return stream.close(NGHTTP2_INTERNAL_ERROR)
      case 'silence': return
      case 'kill': return this.#reset()
      case 'goaway': this.#takeLeave(Number(stream.id)); break
      case 'limit': this.#setLimit(answer.limit ?? 0)
    }
    const { latency = 0 } = this.#parts.behaviour
    if (latency > 0) setTimeout(() => this.#answer(stream, id, answer), latency)
    else this.#answer(stream, id, answer)
  }

  /**
   * @param {http2.ServerHttp2Stream} stream
   * @param {string} id
   * @param {import('./http2-faults.js').Answer} answer
   */
  #answer (stream, id, { status = 200, reason, timestamp, retryAfter, retryUntil }) {
    if (stream.destroyed || stream.closed) return
    const wait = retryUntil === undefined ? retryAfter : new Date(Date.now() + retryUntil * 1000).toUTCString()
    const headers = { ':status': status, 'apns-id': id, ...(wait !== undefined && { 'retry-after': String(wait) }) }
    stream.respond(headers, { endStream: reason === undefined })
    if (reason !== undefined) stream.end(JSON.stringify({ reason, timestamp }))
  }

  /** @param {number} id the last stream that is looked at, unless later ones were looked at before it */
  #takeLeave (id) {
    const last = Math.max(id, this.#judged)
    if (last > this.#lastStream) return
    this.#lastStream = last
    this.#session.goaway(NGHTTP2_NO_ERROR, last)
  }

  /** @param {number} limit */
  #setLimit (limit) {
    this.#limit = limit
    if (!this.#session.destroyed) this.#session.settings({ maxConcurrentStreams: limit })
  }
}
