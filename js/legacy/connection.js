/**
 * One old connection: frames in, runs out to Apple, their verdicts back, and at most one answer.
 *
 *     reading ──refused──▶ waiting ──nothing open──▶ answered ──the client closes, or 10 s──▶ closed
 *        │ ▲                (for those on their way)  (reads on, throws away)
 *        │ └─ room again ─┐
 *        ├─ no room ─▶ paused
 *        ├─ command 0 refused ─▶ cut: our side is closed in the next pause, what still comes is sent all the same
 *        └─ the client's end ─▶ ended: all that came is carried to its end, then answered or closed
 *
 * The error response goes out alone, in one write and so in one TLS record, then our side is closed, and what still
 * comes is read and thrown away until the client has closed, too: data that nobody read would make the kernel send a
 * reset, which overtakes the six bytes.
 * Not here: which notification is refused, and what is remembered (the core).
 */
import { Conversation, errorResponse } from '../core.js'
import { BellpushError } from '../errors.js'
import { Lanes } from './lanes.js'
import { payloadLimitOfTopic } from './request.js'

/** Bytes of a frame: the largest payload, a token, and room for what is refused by its right name. */
const MAX_FRAME = 16_384

/** Notifications of one connection whose verdict is to come; the bytes of one chunk go beyond it. */
const WINDOW = 8_192

/** Runs of one connection at once. */
const MOST_RUNS = 128

/** Milliseconds that a client has to close its side after we closed ours. */
const LINGERING = 10_000

/** Milliseconds without a byte after which a client of command 0 has paused. */
const PAUSE = 500

/** Milliseconds in which a client that is gone shows that by a reset. */
const TELLING = 200

/**
 * @typedef {object} ConnectionParts
 * @property {import('node:net').Socket} socket
 * @property {import('./clients.js').OldClient} client whose it is
 * @property {import('../http2/pool.js').Http2Pool} pool
 * @property {string | undefined} topic
 * @property {import('./load.js').Load} load of the whole gateway
 * @property {() => number} now milliseconds since 1970
 * @property {(connection: LegacyConnection) => void} schedule has `advance` called soon
 * @property {(connection: LegacyConnection) => void} closed
 * @property {(token: string, diedAt: number | null) => void} dead a token that Apple says is dead
 * @property {import('./log.js').Log} log
 */

export class LegacyConnection {
  #parts
  #socket
  #conversation
  /** What is on its way. */
  #lanes
  /** When it was last asked. @type {import('../core/conversation.js').ConversationStanding} */
  #standing
  /** @type {'reading' | 'cut' | 'answered' | 'closed'} */
  #state = 'reading'
  /** The client has closed its side. */
  #ended = false
  /** The socket is gone. */
  #gone = false
  #leaving = false
  /** Runs that the gateway's load was told of. */
  #runs = 0
  #received = 0
  #swallowed = 0
  /** What was remembered for a client that had closed its side before it was told. @type {number | undefined} */
  #episode
  /** @type {NodeJS.Timeout | undefined} */
  #timer

  /** Notifications whose verdict is to come. */
  open = 0

  /** @param {ConnectionParts} parts */
  constructor (parts) {
    this.#parts = parts
    const { socket, client, pool, topic, schedule, dead, log } = parts
    this.#socket = socket
    this.#conversation = new Conversation(
      { payloadLimit: payloadLimitOfTopic(topic), maxFrame: MAX_FRAME, window: WINDOW }, client.memory)
    this.#standing = this.#conversation.standing()
    this.#lanes = new Lanes({
      conversation: this.#conversation,
      client,
      pool,
      topic,
      changed: () => schedule(this),
      failed: error => this.#apart(error),
      dead,
      log
    })
    socket.on('data', bytes => this.#guarded(() => this.#read(bytes)))
    socket.once('end', () => this.#guarded(() => this.#end()))
    socket.on('error', error => this.#guarded(() => this.#failed(error)))
    socket.once('close', () => this.#guarded(() => this.#lost()))
  }

  /** Whose it is. */
  get client () { return this.#parts.client }

  /** Runs under way. */
  get runs () { return this.#lanes.size }

  /** The pool that carries them. */
  get pool () { return this.#parts.pool }

  /** Something waits to be written. */
  hasWork () {
    let hasWork = false
    this.#guarded(() => { hasWork = this.#lanes.hasWork() })
    return hasWork
  }

  /** Milliseconds until something may be sent again by time alone; Infinity: only by an event. */
  get wait () {
    const { wakeup } = this.#lanes
    return wakeup === Infinity ? Infinity : Math.max(0, wakeup - this.#parts.pool.now())
  }

  /** Takes the verdicts that are there, and does what follows from them. */
  advance () {
    this.#guarded(() => this.#advance())
  }

  /** The gateway shuts down: what has come is carried to its end, then the client is told the last one. */
  leave () {
    this.#leaving = true
    this.#socket.pause()
    this.#parts.schedule(this)
  }

  /** What has not been sent yet is not sent any more. */
  stop () {
    this.#guarded(() => this.#lanes.stop())
    this.#parts.schedule(this)
  }

  destroy () {
    this.#socket.destroy()
    this.#dispose()
  }

  /** @param {Uint8Array} bytes */
  #read (bytes) {
    const { client, now } = this.#parts
    client.seen(now())
    if (this.#state === 'cut') this.#timer?.refresh()
    if (this.#state === 'answered' || this.#leaving) return
    for (const segment of this.#conversation.read(bytes, now())) this.#lanes.send(segment)
    // At once: many chunks may come before the next turn.
    this.#standing = this.#conversation.standing()
    this.#weigh(this.#standing.open)
    const { room, refused } = this.#standing
    const isFull = room === 0 || this.#lanes.size >= MOST_RUNS || this.#parts.load.isTooMuch
    if (!refused && isFull) this.#socket.pause()
    this.#parts.schedule(this)
  }

  #advance () {
    if (this.#lanes.collect()) this.#standing = this.#conversation.standing()
    const standing = this.#standing
    this.#weigh(standing.open)
    this.#count(standing)
    if (standing.cut && this.#state === 'reading') this.#cut()
    // A client that has said all it will hears of the first; the others are sent all the same.
    if (standing.decided && !this.#ended) this.#lanes.stop()
    if (standing.answer !== undefined) this.#answer(standing.answer)
    else if (this.#ended && standing.open === 0) this.#close()
    else if (this.#leaving && standing.open === 0) this.#farewell()
    else this.#breathe(standing)
  }

  /** Nothing is on its way any more, or nobody wants to know. */
  #drop () {
    this.#lanes.drop()
    this.#weigh(0)
  }

  /** What this connection holds now. @param {number} open */
  #weigh (open) {
    this.#parts.load.add(open - this.open, this.#lanes.size - this.#runs)
    this.open = open
    this.#runs = this.#lanes.size
  }

  /** @param {import('../core/conversation.js').ConversationStanding} standing */
  #count ({ received, swallowed }) {
    this.#parts.client.took(received - this.#received, swallowed - this.#swallowed)
    this.#received = received
    this.#swallowed = swallowed
  }

  /**
   * Reads, or holds the client back.
   * @param {import('../core/conversation.js').ConversationStanding} standing
   */
  #breathe ({ room, refused }) {
    if (this.#state === 'answered' || this.#gone || this.#leaving) return
    // What comes behind a refused one is thrown away, but read: the client may not look for an answer before it has
    // written.
    const isHeldBack = room === 0 || this.#lanes.size >= MOST_RUNS || this.#lanes.isSuspicious ||
      this.#parts.load.isTooMuch
    const waits = !refused && isHeldBack
    if (waits) this.#socket.pause()
    else this.#socket.resume()
  }

  /** @param {import('../core/conversation.js').ConversationStanding['answer']} answer */
  #answer (answer) {
    if (answer === undefined || this.#state === 'answered') return
    const { client, now, log } = this.#parts
    this.#explain(answer.status)
    if (this.#gone) return this.#dispose()
    const before = client.memory.length
    const episode = this.#conversation.leave(now())
    if (this.#ended) this.#episode = episode
    log.info({ ...this.#who, ...answer, remembered: client.memory.length - before }, 'answered')
    this.#say(answer)
  }

  /** @param {import('../core/conversation.js').Answer} answer */
  #say (answer) {
    this.#state = 'answered'
    this.#parts.client.answered++
    this.#drop()
    this.#socket.resume()
    this.#linger()
    if (!this.#socket.writable) return void this.#socket.destroy()
    this.#socket.write(errorResponse(answer), () => {
      if (this.#ended) setTimeout(() => this.#guarded(() => this.#endTold()), TELLING).unref()
      else this.#socket.end()
    })
  }

  /**
   * The client had closed its side before it was told. One that is gone altogether has sent a reset by now, after which
   * the other end has no address any more: it will send nothing again.
   */
  #endTold () {
    if (this.#socket.remotePort === undefined) this.#withdraw()
    this.#socket.end()
  }

  #withdraw () {
    if (this.#episode !== undefined) this.#parts.client.memory.withdraw(this.#episode)
    this.#episode = undefined
  }

  #farewell () {
    const answer = this.#conversation.farewell()
    if (answer === undefined || this.#gone) return this.#close()
    this.#say(answer)
  }

  /**
   * Our side is closed without a word, when the client pauses: what is sent to one that never reads lies there unread,
   * and when it closes, its kernel sends a reset, which takes along what it has written and we have not read.
   */
  #cut () {
    this.#explain(0)
    this.#state = 'cut'
    this.#parts.client.cut++
    this.#whenSilent(PAUSE, () => {
      this.#socket.end()
      this.#whenSilent(LINGERING, () => this.#socket.destroy())
    })
  }

  /**
   * When all that came is settled, and so long nothing more has come.
   * @param {number} wait milliseconds
   * @param {() => void} then
   */
  #whenSilent (wait, then) {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#guarded(() => {
      if (this.#state === 'cut' && (this.open > 0 || this.#socket.isPaused())) this.#timer?.refresh()
      else then()
    }), wait)
  }

  /** What could not be read, for whoever has to mend the client. @param {number} status 0: none is said */
  #explain (status) {
    const { fault } = this.#conversation
    if (fault !== undefined) this.#parts.log.warn({ ...this.#who, status, fault }, 'not what the protocol has')
  }

  #end () {
    this.#ended = true
    this.#conversation.endInput()
    this.#parts.schedule(this)
  }

  /** @param {Error} error of the socket */
  #failed (error) {
    this.#parts.log.debug({ ...this.#who, err: error.message }, 'the connection broke')
    this.#withdraw()
  }

  #lost () {
    this.#gone = true
    if (this.#state === 'answered') return this.#dispose()
    this.#end()
  }

  /** All is done, and there is nothing to say. */
  #close () {
    if (this.#gone) return this.#dispose()
    if (this.#state === 'answered') return
    this.#state = 'answered'
    this.#drop()
    this.#socket.resume()
    this.#linger()
    this.#socket.end()
  }

  #linger () {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#socket.destroy(), LINGERING)
  }

  /** The core failed, or Apple cannot be reached. @param {Error} error */
  #apart (error) {
    const { log } = this.#parts
    const code = error instanceof BellpushError ? error.code : undefined
    log.error({ ...this.#who, code, err: error.message }, 'notifications cannot be sent')
    if (code === 'BELLPUSH_CORE_FAILED') this.destroy()
    else this.#parts.schedule(this)
  }

  /**
   * Whatever happens on the socket goes through here.
   * @param {() => void} event
   */
  #guarded (event) {
    if (this.#state === 'closed') return
    try {
      event()
    } catch (error) {
      this.#apart(/** @type {Error} */ (error))
      this.destroy()
    }
  }

  #dispose () {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    clearTimeout(this.#timer)
    this.#drop()
    this.#conversation.free()
    this.#parts.closed(this)
  }

  get #who () {
    const { app, name } = this.#parts.client
    return { app, client: name }
  }
}
