/**
 * Streams of the binary protocol, cut anywhere: frames as a gateway reads them, tuples as a feedback client does.
 */
import { BellpushError } from '../errors.js'
import { checkBytes } from './bytes.js'
import { hex } from './hex.js'
import { codec, pkg } from './codec-module.js'
import { Resident } from './module.js'

/**
 * A notification as it is on the wire.
 * @typedef {object} Frame
 * @property {0 | 1 | 2} command
 * @property {number | undefined} identifier undefined: the frame has none
 * @property {number | undefined} expiration Unix seconds
 * @property {number | undefined} priority
 * @property {string} token lower-case hexadecimal
 * @property {Uint8Array} payload
 * @property {number} offset of the frame's first byte in the stream
 */

/**
 * What ends a stream of frames, and how a gateway answers it.
 * @typedef {object} FrameFault
 * @property {number} status
 * @property {number} identifier 0: not known
 * @property {number} offset of the wrong byte in the stream
 * @property {string} message what was expected and what was found
 */

/** Numbers of one frame's record. */
const FRAME_RECORD = 9

/** The gateway's side: frames from a stream of bytes, cut anywhere, judged by their form. */
export class FrameDecoder {
  #resident

  /** @param {{ payloadLimit?: number, maxFrame?: number }} [limits] bytes */
  constructor ({ payloadLimit = 2048, maxFrame = 8192 } = {}) {
    this.#resident = new Resident(codec, () => new pkg.FrameDecoder(maxFrame, payloadLimit))
  }

  /**
   * The frames that these bytes complete, and the fault that ended the stream, if one did: nothing is read after it.
   * @param {Uint8Array} bytes
   * @returns {{ frames: Frame[], fault: FrameFault | undefined }}
   */
  push (bytes) {
    checkBytes(bytes)
    return this.#resident.use(inner => {
      const records = inner.push(bytes)
      const data = inner.data()
      const frames = []
      for (let at = 0, start = 0; at < records.length; at += FRAME_RECORD) {
        const said = records[at + 1]
        const middle = start + records[at + 5]
        const end = middle + records[at + 6]
        frames.push({
          command: /** @type {0 | 1 | 2} */ (records[at]),
          identifier: said & 1 ? records[at + 2] : undefined,
          expiration: said & 2 ? records[at + 3] : undefined,
          priority: said & 4 ? records[at + 4] : undefined,
          token: hex(data.subarray(start, middle)),
          payload: data.subarray(middle, end),
          offset: records[at + 7] + records[at + 8] * 2 ** 32
        })
        start = end
      }
      return { frames, fault: inner.fault() }
    })
  }

  /** Bytes of an unfinished frame that are held. */
  get pending () {
    return this.#resident.use(inner => inner.pending)
  }

  free () {
    this.#resident.free()
  }
}

/**
 * A dead token, from the feedback service.
 * @typedef {object} FeedbackTuple
 * @property {number} time Unix seconds since when Apple knows it
 * @property {string} token lower-case hexadecimal
 */

/** Tuples of the feedback service, from a stream of bytes cut anywhere. */
export class FeedbackDecoder {
  #resident = new Resident(codec, () => new pkg.FeedbackDecoder())

  /**
   * The tuples that these bytes complete, and the error that ended the stream, if one did.
   * @param {Uint8Array} bytes
   * @returns {{ tuples: FeedbackTuple[], error: BellpushError | undefined }}
   */
  push (bytes) {
    checkBytes(bytes)
    /** @type {FeedbackTuple[]} */
    const tuples = []
    try {
      this.#resident.use(inner => inner.push(bytes, tuples))
    } catch (error) {
      if (error instanceof BellpushError) return { tuples, error }
      throw error
    }
    return { tuples, error: undefined }
  }

  /** The service has closed. Throws `BELLPUSH_FRAME_MALFORMED` where it did so inside a tuple. */
  finish () {
    this.#resident.use(inner => inner.finish())
  }

  free () {
    this.#resident.free()
  }
}
