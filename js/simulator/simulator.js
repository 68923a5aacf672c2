/**
 * The simulator: a local APNs for tests. It answers like Apple's HTTP/2 service does, and like the legacy binary
 * gateway and feedback service did, makes faults on demand, and counts every token that it accepted, so that a test can
 * prove that none was lost and none came twice.
 *
 * Not here: a stand-in for production. It keeps every accepted token in memory until `reset()`.
 */

import { EventEmitter } from 'node:events'
import { BellpushError } from '../errors.js'
import { simulatorCredentials } from './credentials.js'
import { serveFeedback } from './feedback-connection.js'
import { GatewayConnection } from './gateway-connection.js'
import { Authorization } from './http2-authorization.js'
import { SimulatedChannels } from './http2-channels.js'
import { Http2Session } from './http2-session.js'
import { Ledger } from './ledger.js'
import { Listener } from './listener.js'

/**
 * @typedef {object} SimulatorOptions
 * @property {number} [binaryPort] default 0: a free one
 * @property {number} [feedbackPort] default 0: a free one
 * @property {number} [http2Port] default 0: a free one; a plain simulator has none
 * @property {import('./http2-session.js').Http2Behaviour} [http2] how the HTTP/2 service behaves to everybody
 * @property {string} [host] default 127.0.0.1
 * @property {string} [dir] where ca.pem, cert.pem and key.pem are written, or found from an earlier run
 * @property {Iterable<string | { token: string, time?: number }>} [dead] tokens that are rejected with status 8 or 410,
 *   and listed by the feedback service with the time of their death (Unix seconds; default now)
 * @property {Iterable<string>} [faults] `NAME@POSITION` or `NAME@token:HEX`; `bellpush simulate --help` lists the names
 * @property {boolean} [plain] no TLS, for captures that can be read
 * @property {import('node:tls').SecureVersion} [minVersion]
 * @property {import('node:tls').SecureVersion} [maxVersion] clients of 2016 lose error responses with TLSv1.3
 * @property {number} [maxConnections] to each port at once; default 1,000, more are cut at once
 * @property {number} [idleTimeout] milliseconds without a byte after which a connection is cut; default two minutes
 */

/**
 * What `rejected` tells.
 *
 * @typedef {object} NotificationEvent
 * @property {number} connection the connection's number, from 1
 * @property {number} position the notification's number since the start or the last `reset()`, from 1
 * @property {string | undefined} token nothing for a malformed frame
 * @property {number | undefined} identifier
 * @property {number | undefined} expiration
 * @property {number | undefined} priority
 * @property {Uint8Array | undefined} payload
 * @property {string | undefined} fault the fault that fired
 * @property {import('./faults.js').ErrorResponse[]} responses the error responses due, if any
 * @property {string} [reason] of HTTP/2, where it is refused
 * @property {ReadonlyMap<string, string>} [headers] of HTTP/2
 */

/**
 * What `accepted` and `dropped` tell: a malformed frame is neither.
 *
 * @typedef {NotificationEvent & { token: string, payload: Uint8Array }} AcceptedEvent
 */

/**
 * @typedef {object} SimulatorEvents
 * @property {[number]} connection its number
 * @property {[number]} disconnect
 * @property {[AcceptedEvent]} accepted
 * @property {[NotificationEvent]} rejected
 * @property {[AcceptedEvent]} dropped lost to a fault without a word
 * @property {[{ time: number, token: string }[]]} feedback the tuples given away
 * @property {[import('./http2-channels.js').Broadcast]} broadcast to a channel, accepted
 * @property {[Error]} refused
 */

/**
 * To wait for a state rather than for an event, use `until()`.
 * @extends {EventEmitter<SimulatorEvents>}
 */
export class Simulator extends EventEmitter {
  #ledger
  #connections = 0
  /** @type {import('./credentials.js').SimulatorCredentials | undefined} */
  #credentials
  /** @type {Listener[]} */
  #listeners = []
  /** @type {Set<{ check: () => void, fail: (reason: unknown) => void }>} */
  #waiting = new Set()
  #binary = ''
  #feedback = ''
  #http2 = ''
  #authorization = new Authorization([])
  #channels = new SimulatedChannels(broadcast => this.emit('broadcast', broadcast))
  #behaviour

  /**
   * @param {SimulatorOptions} [options]
   * @returns {Promise<Simulator>} listening on all ports
   * @throws {BellpushError} BELLPUSH_LISTEN_FAILED, BELLPUSH_OPTION_INVALID, BELLPUSH_TOKEN_MALFORMED
   */
  static async start (options = {}) {
    const simulator = new Simulator(options)
    await simulator.#start(options)
    return simulator
  }

  /** Not to be called: use `Simulator.start()`. @param {SimulatorOptions} options */
  constructor (options) {
    super()
    this.#ledger = new Ledger(options)
    const { http2 = {} } = options
    this.#behaviour = { ...http2, topicSet: new Set(http2.topics ?? ['com.example.doorbell']) }
  }

  /** `apns://HOST:PORT` of the binary gateway. */
  get binary () { return this.#binary }

  /** `apns://HOST:PORT` of the feedback service. */
  get feedback () { return this.#feedback }

  /** `https://HOST:PORT` of the HTTP/2 service; empty where there is none. */
  get http2 () { return this.#http2 }

  /** What a client signs its provider tokens with: `{ key, keyId, teamId }`. */
  get signingKey () { return { ...this.#secure().signing } }

  /** The same with the path of the key, where there is a directory: for other programs. */
  get signing () {
    const { signing: { keyId, teamId }, p8 } = this.#secure()
    return { p8, keyId, teamId }
  }

  /** Different provider tokens that were taken so far. */
  get providerTokens () { return this.#authorization.taken }

  /** From now on every provider token that was taken before is expired. */
  expireProviderTokens () { this.#authorization.expire() }

  /** What a client needs to connect. @returns {import('./credentials.js').ClientCredentials} */
  get credentials () { return this.#secure().client }

  /** Issues more client certificates that this simulator trusts. @returns {import('./certificates.js').Authority} */
  get authority () { return this.#secure().authority }

  /** Token → times accepted, since the start or the last `reset()`. @returns {ReadonlyMap<string, number>} */
  get accepted () { return this.#ledger.accepted }

  /** @returns {import('./ledger.js').Counts} a copy */
  counts () { return { ...this.#ledger.counts } }

  /**
   * Begins a new count, for the next ring: the same tokens may be accepted again and are no duplicates. Positions start
   * at 1 again; dead tokens, feedback and faults that have not fired stay.
   *
   * @returns {import('./ledger.js').Counts} the old count
   */
  reset () {
    const counts = this.counts()
    this.#ledger.reset()
    this.#changed()
    return counts
  }

  /** From now on the token is rejected. @param {string} token @param {number} [time] of its death, Unix seconds */
  addDead (token, time) { this.#ledger.addDead(token, time) }

  /** @param {{ token: string, time?: number }} tuple time in Unix seconds; default now */
  addFeedback (tuple) { this.#ledger.addFeedback(tuple) }

  /** @param {string} fault `NAME@POSITION` or `NAME@token:HEX` */
  addFault (fault) { this.#ledger.addFault(fault) }

  /**
   * Waits until the counts are as wished.
   *
   * @param {(counts: import('./ledger.js').Counts) => boolean} wish
   * @param {{ signal?: AbortSignal }} [options]
   * @returns {Promise<import('./ledger.js').Counts>} rejects on abort, and when the simulator is stopped before
   */
  until (wish, { signal } = {}) {
    return new Promise((resolve, reject) => {
      const abort = () => waiter.fail(signal?.reason)
      const done = () => {
        this.#waiting.delete(waiter)
        signal?.removeEventListener('abort', abort)
      }
      const waiter = {
        check: () => {
          try {
            const counts = this.counts()
            if (!wish(counts)) return
            done()
            resolve(counts)
          } catch (error) {
            waiter.fail(error)
          }
        },
        fail: (/** @type {unknown} */ reason) => {
          done()
          reject(reason)
        }
      }
      this.#waiting.add(waiter)
      signal?.addEventListener('abort', abort)
      if (signal?.aborted) abort()
      else waiter.check()
    })
  }

  /** Stops listening and destroys every connection. Done when nothing is left; may be called twice. */
  async stop () {
    await Promise.all(this.#listeners.splice(0).map((listener) => listener.close()))
    for (const waiter of [...this.#waiting]) {
      waiter.fail(new BellpushError('BELLPUSH_CLOSED', 'the simulator was stopped before the counts were as wished'))
    }
  }

  async [Symbol.asyncDispose] () {
    await this.stop()
  }

  /** @param {SimulatorOptions} options */
  async #start (options) {
    const {
      binaryPort = 0, feedbackPort = 0, http2Port = 0, host = '127.0.0.1', plain = false, dir, minVersion, maxVersion,
      maxConnections = 1000, idleTimeout = 120_000
    } = options
    checkPort('binaryPort', binaryPort)
    checkPort('feedbackPort', feedbackPort)
    checkPort('http2Port', http2Port)
    if (!plain) this.#credentials = await simulatorCredentials(dir)
    const server = this.#credentials?.server
    if (this.#credentials) {
      this.#authorization = new Authorization([this.#credentials.signing, ...options.http2?.keys ?? []])
    }
    const common = {
      host,
      maxConnections,
      idleTimeout,
      tls: server && { key: server.keyPem, cert: server.certPem, ca: this.authority.certPem, minVersion, maxVersion },
      onRefused: (/** @type {Error} */ reason) => this.#refuse(reason)
    }
    try {
      this.#binary = await this.#listen({
        ...common, port: binaryPort, onConnection: (connection) => this.#serveBinary(connection)
      })
      this.#feedback = await this.#listen({
        ...common, port: feedbackPort, onConnection: (connection) => this.#serveFeedback(connection)
      })
      if (common.tls !== undefined) {
        this.#http2 = await this.#listen({
          ...common,
          port: http2Port,
          scheme: 'https',
          // A provider token does without a certificate.
          tls: { ...common.tls, ALPNProtocols: ['h2'], rejectUnauthorized: false, allowHalfOpen: false },
          onConnection: (connection) => this.#serveHttp2(connection, idleTimeout)
        })
      }
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /** @param {import('./listener.js').ListenerOptions} options */
  async #listen (options) {
    const listener = await Listener.start(options)
    this.#listeners.push(listener)
    return listener.url
  }

  /** @param {import('./listener.js').Connection} connection */
  #serveBinary (connection) {
    const number = ++this.#connections
    this.#ledger.counts.connections++
    new GatewayConnection(connection, {
      judge: (frame) => this.#tell(this.#ledger.judge(frame.token), number, frame),
      judgeMalformed: (fault) => this.#tell(this.#ledger.judgeMalformed(fault.status), number, fault),
      changed: () => this.#changed()
    })
    connection.socket.once('close', () => this.emit('disconnect', number))
    this.emit('connection', number)
    this.#changed()
  }

  /**
   * @param {import('./listener.js').Connection} connection
   * @param {number} idleTimeout
   */
  #serveHttp2 (connection, idleTimeout) {
    if (/** @type {import('node:tls').TLSSocket} */ (connection.socket).alpnProtocol !== 'h2') {
      connection.socket.destroy()
      this.#refuse(new Error('a connection without ALPN h2'))
      return
    }
    const number = ++this.#connections
    this.#ledger.counts.connections++
    new Http2Session(connection, {
      behaviour: this.#behaviour,
      authorization: this.#authorization,
      channels: this.#channels,
      idleTimeout,
      judge: ({ token, payload, headers }, reason) => {
        const { verdict, answer, fault, position } = this.#ledger.judgeRequest(token, reason)
        if (this.listenerCount(verdict) > 0) {
          const [expiration, priority] = ['apns-expiration', 'apns-priority'].map(name =>
            headers.has(name) ? Number(headers.get(name)) : undefined)
          this.emit(verdict, {
            connection: number, position, token, identifier: undefined, expiration, priority, payload, fault,
            responses: [], reason: answer?.reason, headers
          })
        }
        return answer
      },
      changed: () => this.#changed()
    })
    connection.socket.once('close', () => this.emit('disconnect', number))
    this.emit('connection', number)
    this.#changed()
  }

  /** @param {import('./listener.js').Connection} connection */
  #serveFeedback ({ socket }) {
    const tuples = this.#ledger.takeFeedback()
    serveFeedback(socket, tuples).catch(() => socket.destroy())
    this.emit('feedback', tuples)
    this.#changed()
  }

  /** @param {Error} reason */
  #refuse (reason) {
    this.#ledger.counts.refused++
    this.emit('refused', reason)
    this.#changed()
  }

  /**
   * @param {import('./ledger.js').Judgement} judgement
   * @param {number} connection
   * @param {Partial<import('./gateway-connection.js').Frame>} frame
   * @returns {import('./faults.js').Plan | undefined}
   */
  #tell ({ verdict, plan, fault, position }, connection, frame) {
    if (this.listenerCount(verdict) > 0) {
      const { token, command, identifier, expiration, priority, payload } = frame
      const responses = command === 0 || plan === undefined ? [] : plan.packets(identifier ?? 0)
      const event = { connection, position, token, identifier, expiration, priority, payload, fault, responses }
      this.emit(verdict, /** @type {AcceptedEvent} */ (event))
    }
    return plan
  }

  #changed () {
    for (const waiter of [...this.#waiting]) waiter.check()
  }

  #secure () {
    if (this.#credentials !== undefined) return this.#credentials
    throw new BellpushError('BELLPUSH_OPTION_INVALID', 'a plain simulator has no certificates: clients need none')
  }
}

/**
 * @param {string} name
 * @param {number} port
 */
function checkPort (name, port) {
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return
  throw new BellpushError('BELLPUSH_OPTION_INVALID', `${name} is ${port}: a number from 0 to 65535 is needed`)
}
