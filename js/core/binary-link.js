/**
 * The core's link of the binary protocol: bytes to a gateway and answers from it become verdicts of a batch.
 */
import { Resident } from './module.js'
import { pkg, push } from './push-module.js'

/** One connection of the binary protocol, serving one batch. Times are milliseconds since 1970. */
export class BinaryLink {
  #batch
  #resident
  #buffer = new Uint8Array(0)

  /**
   * @param {import('./batch.js').Batch} batch
   * @param {{ linger: number, answerTimeout: number, roundTrip: number, quiet?: number }} timing milliseconds;
   *   `roundTrip`: what an answer takes, probably; `quiet`: how long silence lasts until it is taken for success, in
   *   the place of asking by a sentinel
   * @param {number} now
   */
  constructor (batch, { linger, answerTimeout, roundTrip, quiet = -1 }, now) {
    this.#batch = batch.resident
    const make = (/** @type {pkg.Batch} */ inner) =>
      new pkg.BinaryLink(inner, linger, answerTimeout, roundTrip, quiet, now)
    this.#resident = new Resident(push, () => batch.resident.use(make))
  }

  /**
   * What to send next: about `maxBytes` of a buffer that the next call fills anew, so they must have been sent or
   * copied by then. A fresh buffer for each would cost more than all the rest. Undefined: nothing now.
   * @param {number} maxBytes
   * @param {number} now
   * @returns {Uint8Array | undefined}
   */
  write (maxBytes, now) {
    const length = this.#both((link, batch) => link.write(batch, maxBytes, now))
    if (length === 0) return undefined
    if (this.#buffer.length < length) this.#buffer = new Uint8Array(Math.max(length, maxBytes))
    this.#buffer.set(push.view(this.#resident.use(link => link.output()), length))
    return this.#buffer.subarray(0, length)
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number} unsent the last bytes of what `write` gave that surely have not left yet
   * @param {number} now
   */
  read (bytes, unsent, now) {
    this.#both((link, batch) => link.read(batch, bytes, unsent, now))
  }

  /**
   * Everything that `write` gave has left: silence begins.
   * @param {number} now
   */
  left (now) {
    this.#resident.use(link => link.left(now))
  }

  /**
   * Slots that were taken for accepted, because the gateway was silent, and were not.
   * @returns {{ slot: number, reason: number }[]}
   */
  late () {
    const packed = this.#resident.use(link => link.late())
    return Array.from({ length: packed.length / 2 }, (_, i) => ({ slot: packed[2 * i], reason: packed[2 * i + 1] }))
  }

  /**
   * The connection has ended.
   * @param {{ unsent: number, abandoned?: boolean }} how `unsent` as for `read`; `abandoned`: we ended it
   * @param {number} now
   */
  closed ({ unsent, abandoned = false }, now) {
    this.#both((link, batch) => link.closed(batch, unsent, abandoned, now))
  }

  /**
   * The gateway refused the connection and has processed nothing that was written on it.
   * @param {number} now
   */
  refused (now) {
    this.#both((link, batch) => link.refused(batch, now))
  }

  /**
   * Time has passed.
   * @param {number} unsent as for `read`
   * @param {number} now
   */
  tick (unsent, now) {
    this.#both((link, batch) => link.tick(batch, unsent, now))
  }

  /** When `tick` and `write` want to be called by time alone; null: never. */
  get deadline () {
    const deadline = this.#resident.use(link => link.deadline())
    return deadline < 0 ? null : deadline
  }

  /** Everything it had has its verdict; the connection can be closed. */
  get isDone () {
    return this.#resident.use(link => link.isDone)
  }

  /** Whether it has been asked to carry anything. */
  get hasWritten () {
    return this.#resident.use(link => link.hasWritten)
  }

  /**
   * Whether it has learnt what became of something that it wrote, by an answer that can be understood or by silence
   * where that is one.
   */
  get hasLearnt () {
    return this.#resident.use(link => link.hasLearnt)
  }

  free () {
    this.#resident.free()
  }

  /**
   * @template R
   * @param {(link: pkg.BinaryLink, batch: pkg.Batch) => R} run
   * @returns {R}
   */
  #both (run) {
    return this.#resident.use(link => this.#batch.use(batch => run(link, batch)))
  }
}
