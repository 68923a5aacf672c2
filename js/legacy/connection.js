/**
 * One old connection: frames in, runs out to Apple, their verdicts back, and at most one answer.
 *
 *     reading ──refused──▶ waiting ──nothing open──▶ answered ──the client closes, or 10 s──▶ closed
 *        │ ▲                (for those on their way)  (reads on, throws away)
 *        │ └─ room again ─┐
 *        ├─ no room ─▶ paused
 *        ├─ command 0 refused ─▶ cut: our side is closed, what still comes is sent all the same
 *        └─ the client's end ─▶ ended: all that came is carried to its end, then answered or closed
 *
 * The error response goes out alone, in one write and so in one TLS record, then our side is closed, and what still
 * comes is read and thrown away until the client has closed, too: data that nobody read would make the kernel send a
 * reset, which overtakes the six bytes.
 * Not here: which notification is refused, and what is remembered (the core).
 */
import { Conversation, errorResponse } from '../core.js'
import { BellpushError } from '../errors.js'
import { Lane } from './lane.js'
import { payloadLimitOfTopic, requestOfFrame } from './request.js'

/** Bytes of a frame: the largest payload, a token, and room for what is refused by its right name. */
const MAX_FRAME = 16_384

/** Notifications of one connection whose verdict is to come; the bytes of one chunk go beyond it. */
const WINDOW = 8_192

/** Runs of one connection at once. */
const MOST_RUNS = 128

/** Milliseconds that a client has to close its side after we closed ours. */
const LINGERING = 10_000

/** Milliseconds in which a client that is gone shows that by a reset. */
const TELLING = 200

/** What an old client hears of a payload that is none: it will never be one, so nothing that brings it back. */
const PAYLOAD_STATUS = { BELLPUSH_PAYLOAD_TOO_LARGE: 7, BELLPUSH_PAYLOAD_INVALID: 4 }

/**
 * @typedef {object} ConnectionParts
 * @property {import('node:net').Socket} socket
 * @property {import('./clients.js').OldClient} client whose it is
 * @property {import('../http2/pool.js').Http2Pool} pool
 * @property {string | undefined} topic
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
  /** By the number of their runs. @type {Map<number, Lane>} */
  #lanes = new Map()
  /** A run of which nothing can be sent. */
  #refusedRun = { run: -1, slots: 0, status: 0 }
  /** @type {'reading' | 'cut' | 'answered' | 'closed'} */
  #state = 'reading'
  /** The client has closed its side. */
  #ended = false
  /** The socket is gone. */
  #gone = false
  #leaving = false
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
    const { socket, client, topic } = parts
    this.#socket = socket
    this.#conversation = new Conversation(
      { payloadLimit: payloadLimitOfTopic(topic), maxFrame: MAX_FRAME, window: WINDOW }, client.memory)
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
    return [...this.#lanes.values()].some(lane => lane.hasWork())
  }

  /** Milliseconds until something may be sent again by time alone; nothing: only by an event. */
  get wait () {
    const times = [...this.#lanes.values()].flatMap(({ wakeup }) => wakeup ?? [])
    return times.length > 0 ? Math.max(0, Math.min(...times) - this.#parts.pool.now()) : undefined
  }

  /**
   * Takes the verdicts that are there, and does what follows from them.
   * @param {boolean} isCongested there is too much on its way in the whole gateway: nothing more is read for now
   */
  advance (isCongested) {
    this.#guarded(() => this.#advance(isCongested))
  }

  /** The gateway shuts down: what has come is carried to its end, then the client is told the last one. */
  leave () {
    this.#leaving = true
    this.#socket.pause()
    this.#parts.schedule(this)
  }

  /** What has not been sent yet is not sent any more. */
  stop () {
    for (const lane of this.#lanes.values()) lane.stop()
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
    if (this.#state === 'cut') this.#lingerOn()
    if (this.#state === 'answered' || this.#leaving) return
    for (const segment of this.#conversation.read(bytes, now())) this.#send(segment)
    // At once: many chunks may come before the next turn.
    const { room, refused } = this.#conversation.standing()
    if (!refused && (room === 0 || this.#lanes.size >= MOST_RUNS)) this.#socket.pause()
    this.#parts.schedule(this)
  }

  /** @param {import('../core/conversation.js').Segment} segment */
  #send (segment) {
    const { run, begins, digits, count } = segment
    const lane = begins === undefined ? this.#lanes.get(run) : this.#begin(run, begins)
    if (lane !== undefined) return lane.push(this.#conversation.text(segment, 0, count), digits, count)
    const slots = this.#refusedRun.run === run ? this.#refusedRun.slots + count : count
    this.#refusedRun = { ...this.#refusedRun, run, slots }
    this.#conversation.refuseRun(run, slots, this.#refusedRun.status)
    this.#parts.client.refused(this.#refusedRun.status, count)
  }

  /**
   * @param {number} run
   * @param {NonNullable<import('../core/conversation.js').Segment['begins']>} begins
   * @returns {Lane | undefined} undefined: its payload is none
   */
  #begin (run, { payload, expiration, priority }) {
    const { pool, topic, schedule, log } = this.#parts
    try {
      const lane = new Lane({
        pool,
        payload,
        expiration,
        request: requestOfFrame(payload, priority, topic),
        changed: () => schedule(this),
        failed: error => this.#apart(error)
      })
      this.#lanes.set(run, lane)
      return lane
    } catch (error) {
      if (!(error instanceof BellpushError) || !Object.hasOwn(PAYLOAD_STATUS, error.code)) throw error
      const status = PAYLOAD_STATUS[/** @type {keyof typeof PAYLOAD_STATUS} */ (error.code)]
      this.#refusedRun = { run, slots: 0, status }
      log.warn({ ...this.#who, status, code: error.code, err: error.message }, 'a payload that cannot be sent')
      return undefined
    }
  }

  /** @param {boolean} isCongested */
  #advance (isCongested) {
    if (this.#state === 'closed') return
    for (const [run, lane] of this.#lanes) this.#collect(run, lane)
    const standing = this.#conversation.standing()
    this.open = standing.open
    this.#count(standing)
    if (standing.cut && this.#state === 'reading') this.#cut()
    // A client that has said all it will hears of the first; the others are sent all the same.
    if (standing.decided && !this.#ended) for (const lane of this.#lanes.values()) lane.stop()
    if (standing.answer !== undefined) this.#answer(standing.answer)
    else if (this.#ended && standing.open === 0) this.#close()
    else if (this.#leaving && standing.open === 0) this.#farewell()
    else this.#breathe(standing, isCongested)
  }

  /**
   * @param {number} run
   * @param {Lane} lane
   */
  #collect (run, lane) {
    const { settled, below } = lane.collect()
    for (const slot of settled) this.#settle(run, lane, slot)
    this.#conversation.acceptBelow(run, below)
    lane.forget(below)
    if (!lane.isClear) return
    // What comes next begins another: a run that waits for more would be held for as long as the connection is idle.
    if (run === Math.max(...this.#lanes.keys())) this.#conversation.endRun()
    this.#lanes.delete(run)
    lane.end()
  }

  /**
   * @param {number} run
   * @param {Lane} lane
   * @param {import('../core.js').SettledSlot} settled
   */
  #settle (run, lane, { slot, outcome, reason, dead, diedAt }) {
    const { client, dead: isDead, log } = this.#parts
    const described = lane.describe(reason)
    const status = this.#conversation.settle(run, slot, outcome, reason, described.status ?? 0)
    const token = lane.tokenOf(slot)
    const about = { ...this.#who, token: `${token.slice(0, 8)}…`, reason: described.reason }
    if (status > 0) {
      if (outcome !== 'notSent') client.refused(status, 1)
      if (outcome !== 'notSent') log.info({ ...about, status }, 'refused')
    } else if (status < 0 && dead) {
      client.dead++
      isDead(token, diedAt)
      log.info(about, 'dead: told by the feedback service')
    } else if (status < 0) {
      client.expired++
    } else if (outcome === 'inDoubt') {
      client.inDoubt++
      log.warn(about, 'in doubt: not sent again, for it might ring twice')
    }
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
   * @param {boolean} isCongested
   */
  #breathe ({ room, refused }, isCongested) {
    if (this.#state === 'answered' || this.#gone || this.#leaving) return
    // What comes behind a refused one is thrown away, but read: the client may not look for an answer before it has
    // written.
    const suspicious = [...this.#lanes.values()].some(lane => lane.isSuspicious)
    const waits = !refused && (room === 0 || suspicious || isCongested || this.#lanes.size >= MOST_RUNS)
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

  /** Our side is closed without a word. */
  #cut () {
    this.#explain(0)
    this.#state = 'cut'
    this.#parts.client.cut++
    this.#socket.end()
    this.#lingerOn()
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

  /** As long as the client writes, and a while longer. */
  #lingerOn () {
    if (this.#timer === undefined) this.#linger()
    else this.#timer.refresh()
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

  #drop () {
    for (const lane of this.#lanes.values()) lane.end()
    this.#lanes.clear()
  }

  #dispose () {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    clearTimeout(this.#timer)
    this.open = 0
    this.#drop()
    this.#conversation.free()
    this.#parts.closed(this)
  }

  get #who () {
    const { app, name } = this.#parts.client
    return { app, client: name }
  }
}
