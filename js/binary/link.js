/**
 * One connection at work: bytes from the core go into its socket, bytes from the socket go into the core.
 *
 * It neither opens the socket nor decides what follows when it has ended; whoever made it is told after each event.
 */
import { LONGEST_TIMER } from '../clock.js'
import { mayRefuseHandshake } from '../connection.js'
import { BinaryLink } from '../core.js'

/** Bytes written at once while the kernel takes them at once. */
const CHUNK_BYTES = 65_536

/** Bytes of one TLS record at most. It is decrypted whole or not at all. */
const RECORD_BYTES = 16_384

/** Bytes written at once after the kernel took no more: with the longest frames still one record. */
const CAREFUL_BYTES = 12_288

/** Chunks written in a row before the event loop gets a turn: an answer may be waiting to be read. */
const CHUNKS_IN_A_ROW = 8

export class SocketLink {
  #socket
  #link
  #now
  #classify
  #changed
  #quiet
  #writing = false
  /** Bytes of the write that is under way; 0: the kernel has all of it. */
  #chunk = 0
  /** The last write waited for the kernel; while it is under way not all of it can have left. */
  #stuck = false
  /** A write had to wait once: this gateway is slower than we are, and smaller writes cost nothing. */
  #careful = false
  #writes = 0
  /** It is being looked at once a turn. */
  #looking = false
  /** The write that was under way at the last look, and whole turns of the event loop since the first one. */
  #seen = 0
  #turns = 0
  #inARow = 0
  #ended = false
  /** @type {NodeJS.Timeout | undefined} */
  #timer
  #timerAt = Infinity

  /** Something was written on this connection. */
  written = false
  /** It has taught what became of something that was written on it. */
  learnt = false
  /** @type {(Error & { code?: string }) | undefined} why the connection ended, where it was an error */
  error

  /**
   * @param {object} parts
   * @param {import('node:net').Socket} parts.socket connected
   * @param {import('../core.js').Batch} parts.batch
   * @param {{ linger: number, answerTimeout: number, roundTrip: number, quiet?: number }} parts.timing milliseconds
   * @param {() => number} parts.now
   * @param {(error: Error) => Error} parts.classify says what an error of the socket means
   * @param {(link: SocketLink) => void} parts.changed called after every event; must not throw
   * @param {(late: { slot: number, reason: number }[]) => void} parts.late hears what was taken for accepted and was
   *   not; must not throw
   */
  constructor ({ socket, batch, timing, now, classify, changed, late }) {
    this.#socket = socket
    this.#now = now
    this.#classify = classify
    this.#changed = changed
    this.#quiet = timing.quiet !== undefined
    this.#link = new BinaryLink(batch, timing, now())
    socket.on('data', bytes => this.#during(() => {
      this.#link.read(bytes, this.#unsent, now())
      if (this.#quiet) late(this.#link.late())
    }))
    // Nothing can come after the gateway's end, so there is no need to wait for the socket's own.
    socket.once('end', () => this.#during(() => this.#close()))
    socket.once('close', () => this.#during(() => this.#close()))
    socket.on('error', error => this.#during(() => this.#fail(error)))
  }

  /** Every notification it had has its verdict. */
  get isDone () {
    return this.#ended
  }

  /** Writes what there is to write, as far as the socket takes it. */
  pump () {
    while (!this.#ended && !this.#writing && this.#socket.writable) {
      const bytes = this.#link.write(this.#careful ? CAREFUL_BYTES : CHUNK_BYTES, this.#now())
      if (bytes === undefined) break
      this.#writing = true
      this.#chunk = bytes.length
      this.#stuck = false
      this.#writes++
      if (!this.#looking) setImmediate(this.#look)
      this.#looking = true
      // The callback comes when the kernel has all of it; with an error it comes too, and 'error' says which.
      this.#socket.write(bytes, error => this.#written(error))
    }
    this.#watch()
  }

  /**
   * Of the last write, bytes that no gateway can have read. The kernel tells nobody how much it has taken of a write
   * that waits, only that it was not all: of one record nothing can be decrypted, of several the end is missing.
   */
  get #unsent () {
    if (!this.#stuck) return 0
    return this.#chunk <= RECORD_BYTES ? this.#chunk : 1 // nothing where it is under way no more
  }

  /**
   * Finds out whether a write waits for the kernel. Where all was taken at once its callback comes within a turn of the
   * event loop, and an answer may come before it; a write that is still there after two turns has not left whole.
   */
  #look = () => {
    this.#looking = this.#chunk > 0 && !this.#stuck && !this.#ended
    if (!this.#looking) return
    this.#turns = this.#seen === this.#writes ? this.#turns + 1 : 0
    this.#seen = this.#writes
    if (this.#turns >= 2) this.#stuck = this.#careful = true
    setImmediate(this.#look)
  }

  /** Ends the connection at once: what was written is in doubt. */
  abandon () {
    if (!this.#ended) this.#link.closed({ unsent: this.#unsent, abandoned: true }, this.#now())
    this.#end()
  }

  /** Lets go of the connection when the core cannot be asked any more, or need not be. */
  drop () {
    this.#end()
  }

  /**
   * The push is over, but the gateway may still refuse what it was silent about: listens for a while.
   * @param {number} milliseconds
   * @param {() => void} ended
   */
  listenOn (milliseconds, ended) {
    this.#changed = () => { if (this.#ended) ended() }
    this.#socket.unref()
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#during(() => this.#end()), milliseconds).unref()
    this.#timerAt = -Infinity // nothing else sets it
  }

  /** @param {Error | null | undefined} error */
  #written (error) {
    if (error) return // how much of it has left is what it was; 'error' and 'close' follow
    this.#chunk = 0
    if (this.#quiet) this.#during(() => this.#link.left(this.#now()))
    if (++this.#inARow < CHUNKS_IN_A_ROW) {
      this.#during(() => { this.#writing = false })
    } else {
      setImmediate(() => {
        this.#inARow = 0
        this.#during(() => { this.#writing = false })
      })
    }
  }

  /** @param {Error} error of the socket */
  #fail (error) {
    this.error ??= this.#classify(error)
    // The gateway refused us in the handshake, which with TLS 1.3 shows only afterwards: it has read nothing.
    const isRefused = this.error.code === 'BELLPUSH_CREDENTIALS_REFUSED' && mayRefuseHandshake(this.#socket)
    if (!this.#ended && isRefused) this.#link.refused(this.#now())
  }

  #close () {
    if (!this.#ended) this.#link.closed({ unsent: this.#unsent }, this.#now())
  }

  /**
   * Whatever happens on the socket goes through here.
   * @param {() => void} event
   */
  #during (event) {
    if (this.#ended) return
    try {
      event()
      this.written = this.#link.hasWritten
      this.learnt = this.#link.hasLearnt
      if (this.#link.isDone) this.#end()
    } catch (error) {
      this.error = /** @type {Error} */ (error)
      this.#end()
    }
    this.#changed(this)
  }

  #end () {
    if (this.#ended) return
    this.#ended = true
    clearTimeout(this.#timer)
    this.#link.free()
    this.#socket.destroy()
  }

  /** Keeps a timer that goes off at the link's deadline or before it: it is moved only when that comes nearer. */
  #watch () {
    if (this.#ended) return
    const deadline = this.#link.deadline
    if (deadline === null || deadline >= this.#timerAt) return
    clearTimeout(this.#timer)
    this.#timerAt = deadline
    // What waits to be read is read first: where the event loop was busy, an answer may have come in time.
    this.#timer = setTimeout(() => setImmediate(() => {
      this.#timerAt = Infinity
      this.#during(() => this.#link.tick(this.#unsent, this.#now()))
    }), Math.min(Math.max(deadline - this.#now(), 0) + 1, LONGEST_TIMER))
  }
}
