/**
 * The core as the host sees it, and the only file that touches `pkg/`.
 *
 * It loads the WebAssembly module, turns what crosses the boundary into plain JavaScript values, and keeps every view of
 * the module's memory to itself: memory that grows takes its views with it.
 *
 * What it is not: it opens nothing and waits for nothing.
 */
import init, * as pkg from '../pkg/bellpush.js'
import { BellpushError } from './errors.js'

/** In Node the module is there at once; a browser calls and awaits {@link load} first. */
const fs = globalThis.process?.getBuiltinModule?.('node:fs')
const loaded = fs && pkg.initSync({ module: fs.readFileSync(new URL('../pkg/bellpush_bg.wasm', import.meta.url)) })

/**
 * Loads the module where that cannot be done at once (a browser). Harmless where it has been done.
 * @param {URL | string | BufferSource | WebAssembly.Module} [source] where it is, if not beside `pkg/bellpush.js`
 * @returns {Promise<void>}
 */
export async function load (source) {
  if (!loaded) await init(source === undefined ? undefined : { module_or_path: source })
}

/** Goes up each time an instance of the module has failed and was replaced; what belonged to it is lost. */
let generation = 0

/**
 * Runs something of `pkg/` and makes its errors ours.
 * @template T
 * @param {() => T} run
 * @returns {T}
 */
function guarded (run) {
  try {
    return run()
  } catch (error) {
    throw translated(error)
  }
}

/** @param {unknown} error */
function translated (error) {
  if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
    // The instance may have been left in the middle of anything: nothing of it is used again.
    generation++
    pkg.__wbg_reset_state()
    return coreFailed(error)
  }
  const code = /** @type {{ code?: unknown }} */ (error).code
  if (error instanceof Error && typeof code === 'string' && code.startsWith('BELLPUSH_')) {
    return new BellpushError(/** @type {import('./errors.js').ErrorCode} */ (code), error.message)
  }
  return error
}

/** @param {unknown} [cause] */
function coreFailed (cause) {
  return new BellpushError('BELLPUSH_CORE_FAILED',
    'the WebAssembly core stopped, which is a bug in Bellpush: please report it; what was in flight is in doubt', { cause })
}

/**
 * Something that lives in an instance of the module, and dies with it.
 * @template {{ free(): void }} T
 */
class Resident {
  #inner
  #generation = generation

  /** @param {() => T} make */
  constructor (make) {
    this.#inner = /** @type {T | undefined} */ (guarded(make))
  }

  /**
   * @template R
   * @param {(inner: T) => R} run
   * @returns {R}
   */
  use (run) {
    const inner = this.#inner
    if (inner === undefined || this.#generation !== generation) throw coreFailed()
    return guarded(() => run(inner))
  }

  /** Gives the memory back at once and not when the garbage collector finds it. */
  free () {
    if (this.#generation === generation) this.#inner?.free()
    this.#inner = undefined
  }
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** What a slot can end as, by the core's number. */
export const outcomes = Object.freeze(
  /** @type {const} */ (['accepted', 'rejected', 'exhausted', 'expired', 'inDoubt', 'notSent']))

/** @typedef {typeof outcomes[number]} Outcome */

/** @type {Map<number, string> | undefined} */
let names

/**
 * The word for a reason, and the binary protocol's status where it is one.
 * @param {number} reason the core's number
 * @returns {{ reason: string | null, status: number | null }}
 */
export function describeReason (reason) {
  names ??= new Map(guarded(() => pkg.reasonNames()))
  const status = reason < 256 ? reason : null
  return { reason: names.get(reason) ?? (status === null ? null : `Status${status}`), status }
}

/**
 * @typedef {object} BatchOptions
 * @property {number} payloadLimit bytes
 * @property {number | undefined} expiration Unix seconds; 0: try once, store nothing
 * @property {number | undefined} priority 10 or 5
 * @property {number} maxInFlight slots held at once
 * @property {number} maxAttempts times that one notification is tried when the gateway fails
 * @property {number} breaker refused tokens that stop the batch if they outnumber the accepted ones
 * @property {boolean} resendInDoubt
 * @property {boolean} listAccepted whether `settled` lists accepted slots
 */

/**
 * How a batch stands.
 * @typedef {object} Standing
 * @property {Record<Outcome, number>} counts
 * @property {number} firstUnsettled all slots below have settled
 * @property {number} room tokens that it takes now
 * @property {boolean} hasWork a link would find something to send
 * @property {boolean} finished
 * @property {'caller' | 'mostlyRefused' | 'refused' | null} stopped
 * @property {number} refusal the reason, where `stopped` is 'refused'
 * @property {number | null} wakeup milliseconds since 1970 at which there may be work again
 */

/**
 * @typedef {object} SettledSlot
 * @property {number} slot
 * @property {Outcome} outcome
 * @property {boolean} dead the policy holds the token for dead
 * @property {number} reason see {@link describeReason}
 * @property {number} elapsed milliseconds since the batch was made
 */

/** One notification on its way to many tokens: the retry state machine. Times are milliseconds since 1970. */
export class Batch {
  /** @internal */
  resident

  /**
   * @param {Uint8Array} payload
   * @param {BatchOptions} options
   * @param {number} now
   */
  constructor (payload, options, now) {
    this.resident = new Resident(() => new pkg.Batch(payload, options, now))
  }

  /**
   * Adds tokens, as people store them; each gets the next slot, malformed ones too.
   * @param {string[]} tokens
   * @param {number} now
   */
  push (tokens, now) {
    if (tokens.length === 0 || this.#pushText(tokens.join('\n'), tokens.length, now)) return
    // A line break inside of a token would move all slots behind it: it is as good as a space.
    this.#pushText(tokens.map(token => token.replaceAll('\n', ' ')).join('\n'), tokens.length, now)
  }

  /**
   * @param {string} text
   * @param {number} count
   * @param {number} now
   * @returns {boolean} false: there are not `count` lines, and nothing was pushed
   */
  #pushText (text, count, now) {
    return this.resident.use(inner => {
      // The core takes no lines in no bytes for no tokens, so an empty token on its own is written as a space.
      const lines = text || ' '
      // One byte a character is right but for malformed tokens: they show in what was not read.
      let { read, written } = encoder.encodeInto(lines, view(inner.reserve(lines.length), lines.length))
      if (read < lines.length) {
        const room = 3 * lines.length // the most that UTF-8 needs for a UTF-16 code unit
        written = encoder.encodeInto(lines, view(inner.reserve(room), room)).written
      }
      return inner.push(written, count, now)
    })
  }

  closeInput () {
    this.resident.use(inner => inner.closeInput())
  }

  /**
   * Nothing more is sent; what has been sent still gets its verdict.
   * @param {number} now
   */
  stop (now) {
    this.resident.use(inner => inner.stop(now))
  }

  /**
   * What settled since the last call.
   * @returns {SettledSlot[]}
   */
  settled () {
    const records = this.resident.use(inner => inner.settled())
    const settled = new Array(records.length / 3)
    for (let i = 0, at = 0; at < records.length; i++, at += 3) {
      const packed = records[at + 1]
      settled[i] = {
        slot: records[at],
        outcome: outcomes[packed & 0xff],
        dead: (packed >>> 8 & 0xff) !== 0,
        reason: packed >>> 16,
        elapsed: records[at + 2]
      }
    }
    return settled
  }

  /**
   * @param {number} now
   * @returns {Standing}
   */
  standing (now) {
    const [accepted, rejected, exhausted, expired, inDoubt, notSent, firstUnsettled, room, hasWork, finished, stopped,
      refusal, wakeup] = this.resident.use(inner => inner.standing(now))
    return {
      counts: { accepted, rejected, exhausted, expired, inDoubt, notSent },
      firstUnsettled,
      room,
      hasWork: hasWork === 1,
      finished: finished === 1,
      stopped: (/** @type {const} */ ([null, 'caller', 'mostlyRefused', 'refused']))[stopped],
      refusal,
      wakeup: wakeup < 0 ? null : wakeup
    }
  }

  free () {
    this.resident.free()
  }
}

/** The exports of the instance that is in use; loading a module that is loaded gives just that. */
const instance = /** @type {() => pkg.InitOutput} */ (pkg.initSync)

/**
 * A view of the module's memory, good until the next call of anything in it.
 * @param {number} address
 * @param {number} length
 */
function view (address, length) {
  return new Uint8Array(instance().memory.buffer, address, length)
}

/** One connection of the binary protocol, serving one batch. Times are milliseconds since 1970. */
export class BinaryLink {
  #batch
  #resident

  /**
   * @param {Batch} batch
   * @param {{ linger: number, answerTimeout: number }} timing milliseconds
   * @param {number} now
   */
  constructor (batch, { linger, answerTimeout }, now) {
    this.#batch = batch.resident
    this.#resident = new Resident(() => batch.resident.use(inner => new pkg.BinaryLink(inner, linger, answerTimeout, now)))
  }

  /**
   * What to send next: a copy, the caller's own. Undefined: nothing now.
   * @param {number} maxBytes
   * @param {number} now
   * @returns {Uint8Array | undefined}
   */
  write (maxBytes, now) {
    return this.#both((link, batch) => link.write(batch, maxBytes, now))
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number} now
   */
  read (bytes, now) {
    this.#both((link, batch) => link.read(batch, bytes, now))
  }

  /**
   * The connection has ended.
   * @param {{ unsent: number, abandoned?: boolean }} how `unsent`: the last bytes of what `write` gave that surely did
   *   not leave; `abandoned`: we ended it
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
   * @param {number} unsent as for `closed`
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
    this.#resident = new Resident(() => new pkg.FrameDecoder(maxFrame, payloadLimit))
  }

  /**
   * The frames that these bytes complete, and the fault that ended the stream, if one did: nothing is read after it.
   * @param {Uint8Array} bytes
   * @returns {{ frames: Frame[], fault: FrameFault | undefined }}
   */
  push (bytes) {
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
  #resident = new Resident(() => new pkg.FeedbackDecoder())

  /**
   * The tuples that these bytes complete, and the error that ended the stream, if one did.
   * @param {Uint8Array} bytes
   * @returns {{ tuples: FeedbackTuple[], error: BellpushError | undefined }}
   */
  push (bytes) {
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

/**
 * A device token's canonical text: lower-case hexadecimal, without the spaces and brackets that people store.
 * @param {string} text
 * @returns {string}
 * @throws {BellpushError} `BELLPUSH_TOKEN_MALFORMED`
 */
export function normalizeToken (text) {
  if (typeof text !== 'string') {
    throw new BellpushError('BELLPUSH_TOKEN_MALFORMED', `a device token must be a string, found ${typeof text}`)
  }
  return guarded(() => pkg.normalizeToken(text))
}

/**
 * Throws where a payload is no JSON object in UTF-8 of at most `limit` bytes.
 * @param {Uint8Array} payload
 * @param {number} limit
 */
export function checkPayload (payload, limit) {
  guarded(() => pkg.checkPayload(payload, limit))
}

/**
 * The bytes of a payload: text and bytes as they are, anything else as JSON.
 * @param {string | Uint8Array | object} payload
 * @returns {Uint8Array}
 */
export function payloadBytes (payload) {
  if (payload instanceof Uint8Array) return payload
  return encoder.encode(typeof payload === 'string' ? payload : json(payload))
}

/** @param {unknown} value */
function json (value) {
  try {
    return JSON.stringify(value)
  } catch (error) {
    throw new BellpushError('BELLPUSH_PAYLOAD_INVALID',
      `the payload cannot be written as JSON: ${/** @type {Error} */ (error).message}`, { cause: error })
  }
}

/**
 * One notification as bytes: in the place of hand-written `pack()` code.
 * @param {object} notification
 * @param {0 | 1 | 2} [notification.command]
 * @param {string} notification.token
 * @param {string | Uint8Array | object} notification.payload
 * @param {number} [notification.identifier]
 * @param {number} [notification.expiration] Unix seconds
 * @param {number} [notification.priority]
 * @returns {Uint8Array}
 */
export function encodeNotification ({ command = 2, token, payload, identifier, expiration, priority }) {
  if (![0, 1, 2].includes(command)) {
    throw new BellpushError('BELLPUSH_OPTION_INVALID', `command must be 0, 1 or 2, found ${String(command)}`)
  }
  checkInteger('identifier', identifier, 0xffff_ffff)
  checkInteger('expiration', expiration, 0xffff_ffff)
  checkInteger('priority', priority, 0xff)
  const bytes = payloadBytes(payload)
  const canonical = normalizeToken(token)
  return guarded(() => pkg.encodeFrame(command, canonical, bytes, identifier, expiration, priority))
}

/**
 * @param {{ status: number, identifier: number }} response
 * @returns {Uint8Array} six bytes
 */
export function encodeErrorResponse ({ status, identifier }) {
  checkInteger('status', status, 0xff)
  checkInteger('identifier', identifier, 0xffff_ffff)
  return guarded(() => pkg.encodeErrorResponse(status, identifier))
}

/**
 * The six bytes that a gateway sends, in the place of `unpack()`.
 * @param {Uint8Array} bytes
 * @returns {{ status: number, reason: string | null, identifier: number }}
 * @throws {BellpushError} `BELLPUSH_FRAME_MALFORMED`
 */
export function decodeErrorResponse (bytes) {
  if (bytes.length !== 6 || bytes[0] !== 8) {
    throw new BellpushError('BELLPUSH_FRAME_MALFORMED',
      `an error response has 6 bytes and begins with 08, found ${bytes.length} bytes: ${hex(bytes.subarray(0, 8)) || 'none'}`)
  }
  const identifier = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(2)
  return { status: bytes[1], reason: describeReason(bytes[1]).reason, identifier }
}

/**
 * @param {FeedbackTuple[]} tuples
 * @returns {Uint8Array}
 */
export function encodeFeedback (tuples) {
  const parts = tuples.map(({ time, token }) => {
    checkInteger('time', time, 0xffff_ffff)
    return guarded(() => pkg.encodeFeedbackTuple(time, token))
  })
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/**
 * Everything that a feedback service sent.
 * @param {Uint8Array} bytes
 * @returns {FeedbackTuple[]}
 * @throws {BellpushError} `BELLPUSH_FRAME_MALFORMED`
 */
export function decodeFeedback (bytes) {
  const feedback = new FeedbackDecoder()
  try {
    const { tuples, error } = feedback.push(bytes)
    if (error) throw error
    feedback.finish()
    return tuples
  } finally {
    feedback.free()
  }
}

/**
 * A field of a frame, an error response or a tuple.
 * @typedef {object} Field
 * @property {string} name
 * @property {number} offset
 * @property {number} length bytes
 * @property {string} value in words and numbers
 */

/**
 * @typedef {object} Explanation
 * @property {'frames' | 'error-responses' | 'feedback'} kind
 * @property {{ offset: number, length: number, summary: string, fields: Field[] }[]} parts
 * @property {{ offset: number, message: string } | null} problem what could not be read
 */

/**
 * Bytes of the binary protocol, explained field by field.
 * @param {Uint8Array} bytes
 * @param {Explanation['kind']} [kind] what they are; if left out, what they look like
 * @returns {Explanation}
 */
export function explain (bytes, kind) {
  return guarded(() => pkg.explain(bytes, kind))
}

/**
 * @param {string} name
 * @param {number | undefined} value
 * @param {number} max
 */
function checkInteger (name, value, max) {
  if (value === undefined || (Number.isInteger(value) && value >= 0 && value <= max)) return
  throw new BellpushError('BELLPUSH_OPTION_INVALID', `${name} must be an integer from 0 to ${max}, found ${String(value)}`)
}

/**
 * @param {Uint8Array} bytes
 * @returns {string}
 */
function hex (bytes) {
  let text = ''
  for (const byte of bytes) text += HEX[byte]
  return text
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/**
 * Bytes as text, with U+FFFD for what is not UTF-8.
 * @param {Uint8Array} bytes
 */
export function text (bytes) {
  return decoder.decode(bytes)
}
