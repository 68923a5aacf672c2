/**
 * The core's connection of HTTP/2: it carries any number of batches at once, for as long as the host keeps it.
 *
 * What it is not: it opens no socket, and nothing that a peer sends makes it throw.
 */
import { checkBytes } from './bytes.js'
import { Resident } from './module.js'
import { pkg, push } from './push-module.js'

const blockedBy = /** @type {const} */ ([null, 'streams', 'window', 'authorization', 'other'])
const endings = /** @type {const} */ ([null, 'goaway', 'fault', 'timeout', 'exhausted', 'closed'])

/**
 * @typedef {object} Http2Options
 * @property {number} number its own, from 1 on and never used twice in a process: a token that one connection calls bad
 *   is asked about again only on one with another number
 * @property {string} authority `:authority`: `api.push.apple.com`, `localhost:8443`
 * @property {string} [authorization] the whole value, `bearer` and the token; none: a client certificate speaks for us
 * @property {number} answerTimeout milliseconds from a request to its answer, and from a PING to its own
 * @property {number} pingInterval milliseconds of the peer's silence after which it is asked by a PING
 */

/**
 * What the requests of a batch have in common, beside its payload, its priority and its expiration.
 * @typedef {object} Http2Request
 * @property {string} [path] what comes before the token, `/3/device/` unless said
 * @property {string} [topic] `apns-topic`
 * @property {string} [pushType] `apns-push-type`
 * @property {string} [collapseId] `apns-collapse-id`
 * @property {string} [id] `apns-id`, the same for every token: for a batch of one
 */

/**
 * How a connection stands.
 * @typedef {object} ConnectionStanding
 * @property {boolean} isOpen it claims slots; where it does not, and there is work, another one is needed
 * @property {boolean} isDone every slot that it had has its verdict, and it claims no more: send what `write` still
 *   gives, then end the socket
 * @property {number} streams open now
 * @property {number} maxStreams that may be open now: one until the first authorised answer
 * @property {'streams' | 'window' | 'authorization' | 'other' | null} blocked why the last `write` left work undone;
 *   `other`: what is left this connection has called bad itself, so that another one has to be asked
 * @property {boolean} wantsAuthorization the token has expired, and nothing is claimed before there is a fresh one
 * @property {number | null} deadline when `tick` wants to be called, perhaps for nothing; null: never
 * @property {number | null} idleSince no stream has been open since; null: some are
 * @property {number | null} roundTrip milliseconds of the quickest answer so far
 * @property {boolean} hasWritten a request was written
 * @property {boolean} hasLearnt a request was answered
 */

/**
 * Why a connection claims nothing more.
 * @typedef {object} Ending
 * @property {'goaway' | 'fault' | 'timeout' | 'exhausted' | 'closed'} why `fault`: the peer broke the protocol or a
 *   bound; `timeout`: it is silent; `exhausted`: stream ids ran out; `closed`: we wanted it
 * @property {number} code HTTP/2's error code
 * @property {string} message in words
 */

/** One connection of HTTP/2. Times are milliseconds since 1970. */
export class Http2Connection {
  #resident
  /** @type {Map<import('./batch.js').Batch, number>} */
  #keys = new Map()

  /**
   * @param {Http2Options} options
   * @param {number} now
   */
  constructor ({ number, authority, authorization, answerTimeout, pingInterval }, now) {
    this.#resident = new Resident(push, () =>
      new pkg.Http2Connection(number, authority, authorization, answerTimeout, pingInterval, now))
  }

  /** It can be asked: the core that holds it has not failed since. */
  get isAlive () {
    return this.#resident.isAlive
  }

  /**
   * From now on it carries this batch, too. Its payload, priority, expiration and whether it lists ids are the batch's.
   * @param {import('./batch.js').Batch} batch
   * @param {Http2Request} request
   * @throws {import('../errors.js').BellpushError} `BELLPUSH_OPTION_INVALID` where something can be no header field
   */
  serve (batch, request) {
    if (this.#keys.has(batch)) return
    const { path, topic, pushType, collapseId, id } = request
    const key = this.#resident.use(connection =>
      batch.resident.use(inner => connection.serve(inner, path, topic, pushType, collapseId, id)))
    this.#keys.set(batch, key)
  }

  /**
   * Nothing more is claimed of this batch; what is on its way still gets its verdict.
   * @param {import('./batch.js').Batch} batch
   */
  forget (batch) {
    const key = this.#keys.get(batch)
    if (key === undefined) return
    this.#keys.delete(batch)
    this.#resident.use(connection => connection.forget(key))
  }

  /**
   * A fresh token, used from the next request on.
   * @param {string} authorization the whole value
   */
  authorize (authorization) {
    this.#resident.use(connection => connection.authorize(authorization))
  }

  /**
   * What to send next: a copy, the caller's own. Undefined: nothing now, ask again after the next event.
   * @param {number} maxBytes
   * @param {number} now
   * @returns {Uint8Array | undefined}
   */
  write (maxBytes, now) {
    return this.#resident.use(connection => connection.write(maxBytes, now))
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number} now
   */
  read (bytes, now) {
    checkBytes(bytes)
    this.#resident.use(connection => connection.read(bytes, now))
  }

  /**
   * Time has passed.
   * @param {number} now
   */
  tick (now) {
    this.#resident.use(connection => connection.tick(now))
  }

  /** Claims nothing more, and is done, after a GOAWAY, when every stream was answered. */
  close () {
    this.#resident.use(connection => connection.close())
  }

  /**
   * The socket has ended.
   * @param {{ unsent?: number, abandoned?: boolean }} how `unsent`: the last bytes of what `write` gave that surely
   *   have not left; `abandoned`: we ended it
   * @param {number} now
   */
  closed ({ unsent = 0, abandoned = false }, now) {
    this.#resident.use(connection => connection.closed(unsent, abandoned, now))
  }

  /**
   * The peer refused the connection and has processed nothing that was written on it.
   * @param {number} now
   */
  refused (now) {
    this.#resident.use(connection => connection.refused(now))
  }

  /** @returns {ConnectionStanding} */
  standing () {
    const [isOpen, isDone, streams, maxStreams, blocked, wantsAuthorization, deadline, idleSince, roundTrip, hasWritten,
      hasLearnt] = this.#resident.use(connection => connection.standing())
    return {
      isOpen: isOpen === 1,
      isDone: isDone === 1,
      streams,
      maxStreams,
      blocked: blockedBy[blocked],
      wantsAuthorization: wantsAuthorization === 1,
      deadline: deadline < 0 ? null : deadline,
      idleSince: idleSince < 0 ? null : idleSince,
      roundTrip: roundTrip < 0 ? null : roundTrip,
      hasWritten: hasWritten === 1,
      hasLearnt: hasLearnt === 1
    }
  }

  /**
   * Why it claims nothing more; null while it does.
   * @returns {Ending | null}
   */
  ending () {
    return this.#resident.use(connection => {
      const [why, code] = connection.ending()
      const word = endings[why]
      return word === null ? null : { why: word, code, message: connection.endingMessage() ?? '' }
    })
  }

  free () {
    this.#resident.free()
  }
}
