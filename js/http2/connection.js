/**
 * One connection of HTTP/2 at work: bytes from the core go into its socket, bytes from the socket go into the core.
 *
 * It neither opens the socket nor decides what follows when it has ended; the pool is told after each event.
 */
import { LONGEST_TIMER } from '../clock.js'
import { mayRefuseHandshake } from '../connection.js'
import { Http2Connection } from '../core.js'
import { BellpushError } from '../errors.js'

/** Bytes written at once. What the kernel has not taken of them when a connection breaks is in doubt, so not more. */
const CHUNK_BYTES = 65_536

/** Milliseconds that a connection gets for what is said last. */
const LAST_WORDS = 1_000

let lastNumber = 0

/** @typedef {{ batch: import('../core.js').Batch, request: import('../core.js').Http2Request }} Work */

/**
 * @typedef {object} Http2SocketParts
 * @property {import('node:net').Socket} socket connected
 * @property {string} authority
 * @property {{ authorization (now: number): string, replace (expired: string, now: number): string } | undefined} token
 *   nothing: a client certificate speaks for us
 * @property {{ answerTimeout: number, pingInterval: number }} timing milliseconds
 * @property {() => number} now never less than before; what a token says of the time is the machine's own clock
 * @property {(error: Error) => Error} classify says what an error of the socket means
 * @property {(connection: Http2Socket) => void} changed called after every event; must not throw
 */

export class Http2Socket {
  #parts
  #socket
  #core
  #authorization
  #writing = false
  #ended = false
  /** @type {NodeJS.Timeout | undefined} */
  #timer
  #timerAt = Infinity
  #isIdle = false
  /** Ends the socket of a peer that does not take what is said last. @type {NodeJS.Timeout | undefined} */
  #cutOff

  /** How it stood after the last event. @type {import('../core.js').ConnectionStanding} */
  standing
  /** @type {(Error & { code?: string }) | undefined} why the connection ended, where it was an error */
  error

  /** @param {Http2SocketParts} parts */
  constructor (parts) {
    this.#parts = parts
    const { socket, authority, token, timing, now } = parts
    this.#socket = socket
    this.#authorization = token?.authorization(Date.now())
    const options = { number: ++lastNumber, authority, authorization: this.#authorization, ...timing }
    this.#core = new Http2Connection(options, now())
    this.standing = this.#core.standing()
    socket.on('data', bytes => this.#during(() => this.#core.read(bytes, now())))
    socket.once('end', () => this.#during(() => this.#close()))
    socket.once('close', () => clearTimeout(this.#cutOff))
    socket.once('close', () => this.#during(() => {
      this.#writing = false
      this.#close()
    }))
    socket.on('error', error => this.#during(() => this.#fail(error)))
  }

  /** It is gone, and every notification it had has its verdict. */
  get isDone () { return this.#ended }

  /** Its core can be asked; where it cannot, nothing but `drop` may be called. */
  get isAlive () { return this.#core.isAlive }

  /** Nothing keeps it from claiming. */
  get isReady () { return !this.#writing && this.standing.blocked === null }

  /** @param {Work} work */
  serve ({ batch, request }) {
    if (!this.#ended && this.standing.isOpen) this.#core.serve(batch, request)
  }

  /** @param {Work} work */
  forget ({ batch }) {
    if (!this.#ended) this.#core.forget(batch)
  }

  /** Writes what there is to write, as far as the socket takes it. */
  pump () {
    if (this.#ended) return
    const now = this.#parts.now()
    const fresh = this.#parts.token?.authorization(Date.now())
    if (fresh !== undefined && fresh !== this.#authorization) this.#authorize(fresh)
    while (!this.#ended && !this.#writing && this.#socket.writable) {
      const bytes = this.#core.write(CHUNK_BYTES, now)
      if (bytes === undefined) break
      this.#writing = true
      this.#socket.write(bytes, () => this.#during(() => { this.#writing = false }))
    }
    this.standing = this.#core.standing()
    this.#watch()
  }

  /** An idle connection keeps no process alive. @param {boolean} isIdle */
  rest (isIdle) {
    if (this.#ended || this.#isIdle === isIdle) return
    this.#isIdle = isIdle
    if (isIdle) this.#socket.unref()
    else this.#socket.ref()
    if (isIdle) this.#timer?.unref()
    else this.#timer?.ref()
  }

  /** No more claims; it ends when all is answered. */
  close () {
    if (!this.#ended) this.#during(() => this.#core.close())
  }

  /** Ends at once: what was written is in doubt. */
  abandon () {
    if (!this.#ended) this.#core.closed({ unsent: 0, abandoned: true }, this.#parts.now())
    this.drop()
  }

  /** Lets go of the connection when the core cannot be asked any more, or need not be. */
  drop () {
    if (this.#ended) return
    this.#ended = true
    clearTimeout(this.#timer)
    this.#core.free()
    this.#socket.destroy()
  }

  /** @param {string} authorization */
  #authorize (authorization) {
    this.#authorization = authorization
    this.#core.authorize(authorization)
  }

  /** @param {Error} error of the socket */
  #fail (error) {
    this.error ??= this.#parts.classify(error)
    // The gateway refused us in the handshake, which with TLS 1.3 shows only afterwards: it has read nothing.
    const isRefused = this.error.code === 'BELLPUSH_CREDENTIALS_REFUSED' && !this.standing.hasLearnt &&
      mayRefuseHandshake(this.#socket)
    if (isRefused) this.#core.refused(this.#parts.now())
  }

  #close () {
    this.#core.closed({}, this.#parts.now())
  }

  /**
   * Whatever happens on the socket goes through here.
   * @param {() => void} event
   */
  #during (event) {
    if (this.#ended) return
    try {
      event()
      this.standing = this.#core.standing()
      const { token } = this.#parts
      if (this.standing.wantsAuthorization && token !== undefined && this.#authorization !== undefined) {
        this.#authorize(token.replace(this.#authorization, Date.now()))
      }
      this.pump()
      if (this.standing.isDone) this.#end()
    } catch (error) {
      this.#failed(/** @type {Error & { code?: string }} */ (error))
    }
    this.#parts.changed(this)
  }

  /** Something of ours failed. Where the core can still be asked, it settles what it has. @param {Error} error */
  #failed (error) {
    this.error = error
    try {
      this.#close()
    } catch {
      // It cannot be asked any more: whoever hears of the error knows what follows.
    }
    this.drop()
  }

  /** What the core wanted to say last has been said, or a peer that does not read gets a moment to take it. */
  #end () {
    if (this.#writing && this.#socket.writable) {
      this.#limitLastWords()
      return
    }
    const ending = this.#core.ending()
    if (ending !== null && ending.why !== 'closed') {
      this.error ??= new BellpushError('BELLPUSH_CONNECTION_LOST', `the connection ended: ${ending.message}`)
    }
    this.#ended = true
    clearTimeout(this.#timer)
    this.#core.free()
    this.#socket.end(() => this.#socket.destroy())
    this.#limitLastWords().unref()
    this.#socket.unref()
  }

  /** Not the socket's own time-out, which whatever the peer says would put off. */
  #limitLastWords () {
    this.#cutOff ??= setTimeout(() => this.#socket.destroy(), LAST_WORDS)
    return this.#cutOff
  }

  /** Keeps a timer that goes off at the core's deadline or before it: it is moved only when that comes nearer. */
  #watch () {
    const { deadline } = this.standing
    if (this.#ended || deadline === null || deadline >= this.#timerAt) return
    clearTimeout(this.#timer)
    this.#timerAt = deadline
    const { now } = this.#parts
    // What waits to be read is read first: where the event loop was busy, an answer may have come in time.
    this.#timer = setTimeout(() => setImmediate(() => {
      this.#timerAt = Infinity
      this.#during(() => this.#core.tick(now()))
    }), Math.min(Math.max(deadline - now(), 0) + 1, LONGEST_TIMER))
    if (this.#isIdle) this.#timer.unref()
  }
}
