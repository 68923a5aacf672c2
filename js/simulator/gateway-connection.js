/**
 * One connection to the simulated binary gateway: bytes in, judgements carried out.
 *
 *     reading ──judged bad──> swallowing ──the client closes──> closed
 *        │                        ^
 *        ├──late──> delaying ─────┘ (its error response is still to come)
 *        └──stall──> stalled        (until the idle time-out, or `stop()`)
 *
 * The error response must not be overtaken by a reset, so the connection is half-closed after it and read on,
 * everything thrown away, until the client closes too.
 * Not here: who is rejected (ledger.js).
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { FrameDecoder, encodeErrorResponse } from '../core.js'

/** Milliseconds without a byte after which a late error response is sent. */
const silence = 100
/** Milliseconds between the two halves of a cut error response. */
const cutPause = 20
/** Milliseconds that a client has to close its side after we closed ours. */
const lingering = 10_000
const payloadLimit = 2048

/**
 * @typedef {ReturnType<FrameDecoder['push']>['frames'][number]} Frame
 * @typedef {import('./faults.js').Plan} Plan
 */

/**
 * @typedef {object} Judge
 * @property {(frame: Frame) => Plan | undefined} judge nothing: accepted in silence
 * @property {(fault: { status: number, identifier: number, message: string }) => Plan | undefined} judgeMalformed
 * @property {() => void} changed called after each chunk of bytes
 */

export class GatewayConnection {
  #socket
  #reset
  #judge
  #decoder = new FrameDecoder({ payloadLimit })
  /** @type {'reading' | 'delaying' | 'swallowing' | 'stalled' | 'closed'} */
  #state = 'reading'
  /**
   * Whether the client began with command 0. It cannot read error responses, so what is malformed is cut without one.
   *
   * @type {boolean | undefined}
   */
  #wordless
  #answered = false
  /** Notifications that a late error response still waits for. */
  #lateBy = 0
  /** Sends the late error response. */
  #release = () => {}
  /** @type {NodeJS.Timeout | undefined} */
  #timer

  /**
   * @param {import('./listener.js').Connection} connection
   * @param {Judge} judge
   */
  constructor ({ socket, reset }, judge) {
    this.#socket = socket
    this.#reset = reset
    this.#judge = judge
    socket.on('data', (chunk) => this.#onData(chunk))
    socket.once('end', () => this.#onEnd())
    socket.once('close', () => this.#onClose())
  }

  /** @param {Buffer} chunk */
  #onData (chunk) {
    this.#wordless ??= chunk[0] === 0
    if (this.#state === 'reading' || this.#state === 'delaying') this.#read(chunk)
    this.#judge.changed()
  }

  /** @param {Buffer} chunk */
  #read (chunk) {
    let decoded
    try {
      decoded = this.#decoder.push(chunk)
    } catch {
      // The core stopped. The client sees a connection cut without a word.
      this.#socket.destroy()
      return
    }
    const { frames, fault } = decoded
    for (const frame of frames) {
      if (this.#state === 'reading') this.#carryOut(this.#judge.judge(frame), frame)
      else if (this.#state === 'delaying') this.#lateBy--
      else return
    }
    if (fault !== undefined && this.#state === 'reading') {
      this.#carryOut(this.#judge.judgeMalformed(fault), { ...fault, command: this.#wordless ? 0 : undefined })
    } else if (this.#state === 'delaying') {
      this.#delay()
    }
  }

  /**
   * @param {Plan | undefined} plan
   * @param {{ command?: number, identifier?: number }} frame
   */
  #carryOut (plan, { command, identifier = 0 }) {
    if (plan === undefined) return
    // Command 0 has no identifier that an error response could name.
    const packets = command === 0 ? [] : plan.packets(identifier).map(encodeErrorResponse)
    if (plan.ending === 'stall') {
      this.#state = 'stalled'
      this.#socket.pause()
    } else if (plan.late === undefined) {
      this.#state = 'swallowing'
      this.#answer(plan, packets)
    } else {
      this.#state = 'delaying'
      this.#lateBy = plan.late
      this.#release = () => {
        clearTimeout(this.#timer)
        this.#state = 'swallowing'
        this.#answer(plan, packets)
      }
    }
  }

  #delay () {
    clearTimeout(this.#timer)
    if (this.#lateBy <= 0) this.#release()
    else this.#timer = setTimeout(this.#release, silence)
  }

  /**
   * Never rejects: a connection that is gone needs no answer.
   *
   * @param {Plan} plan
   * @param {Uint8Array[]} packets
   */
  async #answer (plan, packets) {
    if (plan.cut) {
      for (const packet of packets) {
        await this.#write(packet.subarray(0, 3))
        await sleep(cutPause, undefined, { ref: false })
        await this.#write(packet.subarray(3))
      }
    } else if (packets.length > 0) {
      await this.#write(Buffer.concat(packets))
    }
    this.#answered = true
    if (plan.ending === 'reset') this.#reset()
    else if (plan.ending === 'close' || this.#socket.readableEnded) this.#close()
  }

  /** @param {Uint8Array} bytes @returns {Promise<void>} when they were written or never will be */
  #write (bytes) {
    return new Promise((resolve) => {
      if (this.#socket.writable) this.#socket.write(bytes, () => resolve())
      else resolve()
    })
  }

  #close () {
    if (this.#state === 'closed') return
    this.#socket.end()
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#socket.destroy(), lingering)
  }

  #onEnd () {
    // Else the answer that is on its way, or late, ends the connection.
    if (this.#state === 'reading' || this.#answered) this.#close()
  }

  #onClose () {
    clearTimeout(this.#timer)
    this.#state = 'closed'
    this.#decoder.free()
    this.#judge.changed()
  }
}
