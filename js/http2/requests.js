/**
 * Plain requests over HTTP/2, a few now and then, on node:http2: for what is no push to devices. One connection, which
 * is kept as long as both sides like it.
 *
 * Nothing is sent twice but what the peer surely did not process (a refused stream), and what it refused because the
 * provider token had expired.
 *
 * Not here: what is asked, and what an answer means (channels.js); pushes to devices (pool.js).
 */
import http2 from 'node:http2'
import { onAbort, unlessAborted } from '../abort.js'
import { AbortError, BellpushError } from '../errors.js'

/** Bytes of an answer, at most: 10,000 channel ids are a tenth of it. */
const LONGEST_ANSWER = 4 * 1024 * 1024

/** Times that a request is sent which the peer did not look at. */
const MOST_TRIES = 3

/** Milliseconds without a request after which the connection is closed. */
const IDLE_TIMEOUT = 600_000

const { NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM, NGHTTP2_CANCEL } = http2.constants

/**
 * @typedef {object} RequestParts
 * @property {string} method
 * @property {string} path
 * @property {Record<string, string | undefined>} [headers]
 * @property {Uint8Array} [body]
 * @property {AbortSignal} [signal]
 */

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {http2.IncomingHttpHeaders} headers
 * @property {any} body the JSON, or undefined where it is none
 */

/**
 * @typedef {object} RequestsParts
 * @property {(signal: AbortSignal) => Promise<import('node:net').Socket>} connect
 * @property {string} authority
 * @property {import('./connection.js').Http2SocketParts['token']} token
 * @property {number} timeout milliseconds until an answer
 * @property {(error: Error) => Error} classify says what an error of the socket means
 */

export class PlainRequests {
  #parts
  /** @type {Promise<http2.ClientHttp2Session> | undefined} */
  #session
  #over = new AbortController()
  /** Requests under way. @type {Set<Promise<unknown>>} */
  #active = new Set()
  #closed = false
  /** How the peer took leave. @type {WeakMap<http2.ClientHttp2Session, { code: number, lastId: number }>} */
  #leaves = new WeakMap()
  /** Requests on the connection: one that has none keeps no process alive. */
  #busy = 0

  /** @param {RequestsParts} parts */
  constructor (parts) {
    this.#parts = parts
  }

  /**
   * @param {RequestParts} request
   * @returns {Promise<Answer>}
   * @throws {BellpushError | AbortError} where there is no answer
   */
  async send (request) {
    if (this.#closed) throw new BellpushError('BELLPUSH_CLOSED', 'the client is closed and takes no more work')
    const sent = this.#send(request)
    const quiet = sent.catch(() => {})
    this.#active.add(quiet)
    quiet.finally(() => this.#active.delete(quiet))
    return await sent
  }

  /** Waits for what is under way. */
  async close () {
    this.#closed = true
    await Promise.all(this.#active)
    // Nobody waits any more for a connection that is still being made.
    this.#over.abort(new BellpushError('BELLPUSH_CLOSED', 'the client is closed and takes no more work'))
    const session = await this.#session?.catch(() => undefined)
    session?.close()
  }

  /** Ends all at once. @param {Error} error what they who wait are told */
  destroy (error) {
    this.#closed = true
    this.#over.abort(error)
    this.#session?.then(session => session.destroy(), () => {})
  }

  /** @param {RequestParts} request */
  async #send (request) {
    const { token } = this.#parts
    const now = Date.now()
    let authorization = token?.authorization(now)
    for (let attempt = 1; ; attempt++) {
      const session = await this.#open(request.signal)
      const answer = await this.#ask(session, request, authorization)
      if (answer === undefined) {
        if (attempt < MOST_TRIES) continue
        throw new BellpushError('BELLPUSH_CONNECTION_LOST', `the gateway refused the request's stream ${attempt} times`)
      }
      const hasExpired = answer.status === 403 && answer.body?.reason === 'ExpiredProviderToken'
      const fresh = hasExpired && token && authorization ? token.replace(authorization, now) : authorization
      if (fresh === authorization || attempt === MOST_TRIES) return answer
      authorization = fresh
    }
  }

  /** The connection, or a new one. @param {AbortSignal} [signal] */
  async #open (signal) {
    const known = this.#session
    const last = await known?.catch(() => undefined)
    if (this.#session === known && (last === undefined || last.closed || last.destroyed)) this.#session = undefined
    // All who ask meanwhile wait for the same one: one of them who is aborted does not end it.
    this.#session ??= this.#connect()
    const session = this.#session
    session.catch(() => {}) // whoever waits for it hears of it
    if (signal === undefined) return await session
    return await unlessAborted(signal, () => session).catch(error => {
      throw signal.aborted ? new AbortError(signal.reason) : error
    })
  }

  async #connect () {
    const { connect, authority, classify, timeout } = this.#parts
    const socket = await connect(this.#over.signal).catch(error => { throw this.#over.signal.reason ?? error })
    const settings = { enablePush: false }
    const session = http2.connect(`https://${authority}`, { createConnection: () => socket, settings })
    session.setTimeout(IDLE_TIMEOUT, () => session.close())
    session.on('goaway', (code, lastId) => this.#leaves.set(session, { code, lastId }))
    /** @type {Error | undefined} */
    let fault
    session.on('error', error => { fault = error })
    // How many streams may be open is not known before; with a provider token it is one at first.
    await new Promise((resolve, reject) => {
      const late = setTimeout(() => session.destroy(), timeout)
      session.once('remoteSettings', () => {
        clearTimeout(late)
        resolve(undefined)
      })
      session.once('close', () => {
        clearTimeout(late)
        reject(this.#over.signal.reason ?? classify(fault ?? new Error('it was closed before it said anything')))
      })
    })
    session.unref()
    return session
  }

  /**
   * @param {http2.ClientHttp2Session} session
   * @param {RequestParts} request
   * @param {string | undefined} authorization
   * @returns {Promise<Answer | undefined>} undefined: the peer surely did not look at it
   */
  #ask (session, { method, path, headers, body, signal }, authorization) {
    const { classify, timeout } = this.#parts
    const fields = { ':method': method, ':path': path, ...headers, authorization }
    if (signal?.aborted) return Promise.reject(new AbortError(signal.reason))
    if (session.closed || session.destroyed) return Promise.resolve(undefined)
    const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
    const stream = session.request(given, { endStream: body === undefined })
    if (this.#busy++ === 0) session.ref()
    /** @type {http2.IncomingHttpHeaders} */
    let answer = {}
    /** @type {Buffer[]} */
    const chunks = []
    let length = 0
    /** @type {(() => void)[]} */
    const undo = [() => { if (--this.#busy === 0 && !session.destroyed) session.unref() }]
    return new Promise((resolve, reject) => {
      /** @param {Error} error */
      const giveUp = error => {
        reject(error)
        stream.close(NGHTTP2_CANCEL)
      }
      const late = setTimeout(() => giveUp(lost(`the gateway did not answer within ${timeout} ms`)), timeout)
      undo.push(
        () => clearTimeout(late),
        onAbort(signal, () => giveUp(new AbortError(signal?.reason))),
        onAbort(this.#over.signal, () => giveUp(this.#over.signal.reason))
      )
      stream.on('response', got => { answer = got })
      stream.on('data', chunk => {
        length += chunk.length
        if (length <= LONGEST_ANSWER) chunks.push(chunk)
        else giveUp(new BellpushError('BELLPUSH_CHANNEL_REFUSED', `the answer is longer than ${LONGEST_ANSWER} bytes`))
      })
      /** @type {Error | undefined} */
      let fault
      stream.on('error', error => { fault = error })
      let isWhole = false
      stream.on('end', () => { isWhole = stream.rstCode === NGHTTP2_NO_ERROR })
      stream.on('close', () => {
        const status = Number(answer[':status'])
        if (!(status > 0) && stream.rstCode === NGHTTP2_REFUSED_STREAM && !this.#mayHaveSeen(session, stream)) {
          resolve(undefined)
        } else if (fault === undefined && isWhole && status > 0) {
          resolve({ status, headers: answer, body: json(Buffer.concat(chunks)) })
        } else reject(lost(fault === undefined ? 'the connection ended without an answer' : classify(fault).message))
      })
      if (body !== undefined) stream.end(body)
    }).finally(() => { for (const step of undo) step() })
  }

  /**
   * A peer that leaves for a fault says how far it came, and Node ends the streams below with the code of that fault,
   * which then is no word about them.
   * @param {http2.ClientHttp2Session} session
   * @param {http2.ClientHttp2Stream} stream
   */
  #mayHaveSeen (session, stream) {
    const leave = this.#leaves.get(session)
    return leave !== undefined && leave.code !== NGHTTP2_NO_ERROR && Number(stream.id) <= leave.lastId
  }
}

/** @param {string} what */
function lost (what) {
  return new BellpushError('BELLPUSH_CONNECTION_LOST', `${what}; whether it did what was asked nobody can know`)
}

/** @param {Buffer} bytes */
function json (bytes) {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}
