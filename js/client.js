/**
 * The client: what a backend holds on to. It pushes notifications to audiences and says what became of every token.
 */
import { EventEmitter, setMaxListeners } from 'node:events'
import { TLSSocket } from 'node:tls'
import { onAbort } from './abort.js'
import { readAuth } from './auth.js'
import { connectWithRetry } from './backoff.js'
import { Links } from './binary/links.js'
import { readClientOptions, readSendOptions } from './client-options.js'
import { steadyClock } from './clock.js'
import { classify } from './connection-errors.js'
import { checkPayload, describeReason, payloadBytes, ready } from './core.js'
import { AbortError, BellpushError, withReport } from './errors.js'
import { readAudience } from './audience.js'
import { Channels } from './channels.js'
import { authorityOf, managementOf, readClientGateway } from './gateway.js'
import { PoolCarrier } from './http2/carrier.js'
import { Http2Pool } from './http2/pool.js'
import { PlainRequests } from './http2/requests.js'
import { priorityOf, requestOf } from './notification.js'
import { seconds } from './options.js'
import { readProxy } from './proxy.js'
import { Push } from './push.js'
import { Removal } from './removal.js'
import { errorOfStop, noFigures, ReportBuilder, resultOf } from './report.js'
import { ResultQueue } from './result-queue.js'

/** @typedef {import('./report.js').Report} Report */
/** @typedef {import('./report.js').Result} Result */
/** @typedef {import('./audience.js').Audience} Audience */
/** @typedef {import('./stores/token-store.js').TokenStore} TokenStore */
/** @typedef {import('./client-options.js').ClientOptions} ClientOptions */
/** @typedef {import('./client-options.js').SendOptions} SendOptions */
/** @typedef {import('./client-options.js').Progress} Progress */

/**
 * @typedef {object} ClientEvents
 * @property {[{ host: string, port: number, reused: boolean }]} connect
 * @property {[string]} tokenRemoved
 * @property {[{ token: string, reason: string | null, status: number | null }]} lateRejection
 */

/** Connections on which a client listens for late refusals when their pushes are over: beyond them the oldest go. */
const MOST_LISTENING = 64

/** Milliseconds for which a gateway whose silence was taken for success is listened to afterwards. */
const LISTEN_ON = 60_000

/** Milliseconds between two calls of `onProgress`. */
const PROGRESS_INTERVAL = 100

/**
 * Pushes notifications to one gateway with one certificate.
 *
 * Events: `connect` ({ host, port, reused }), `tokenRemoved` (token), `lateRejection` ({ token, reason, status }): with
 * `confirm: { quiet }`, a token was reported accepted and was not.
 * @extends {EventEmitter<ClientEvents>}
 */
export class Client extends EventEmitter {
  #options
  #gateway
  #credentials
  #sender
  #token
  /** @type {{ channels: Channels, requests: PlainRequests[] } | undefined} */
  #channels
  #removal
  /** @type {Http2Pool | undefined} */
  #pool
  /** @type {import('./proxy.js').Proxy | undefined} */
  #proxy
  /** Pushes under way, each with the end of all that belongs to it. @type {Map<Push, Promise<void>>} */
  #pushes = new Map()
  /** Pushes that are over, in whose silence something may still be refused. @type {Set<Push>} */
  #listening = new Set()
  #closed = false
  #destroyed = new AbortController()

  /**
   * Reads and checks the credentials at once; connects when there is something to send.
   * @param {ClientOptions} options
   * @throws {BellpushError} `BELLPUSH_OPTION_INVALID`, and every code of credentials
   */
  constructor (options) {
    super()
    ready()
    this.#options = readClientOptions(options)
    this.#gateway = readClientGateway(this.#options.gateway)
    const { auth, ca, proxy } = this.#options
    const { credentials, token, sender } = readAuth(auth, { gateway: this.#gateway, ca })
    this.#credentials = credentials
    this.#sender = sender
    this.#proxy = proxy === undefined ? undefined : readProxy(proxy)
    // By the clock as it is now: one that was wrong when this process began may have been set right since.
    this.#token = token && {
      authorization: () => token.authorization(Date.now()),
      replace: (/** @type {string} */ expired) => token.replace(expired, Date.now())
    }
    if (this.#gateway.http2) this.#pool = this.#newPool()
    setMaxListeners(0, this.#destroyed.signal) // each push listens
    const removed = (/** @type {string} */ token) => outside(() => this.emit('tokenRemoved', token))
    this.#removal = this.#options.tokens && new Removal(this.#options.tokens, removed, this.#destroyed.signal)
  }

  /**
   * Pushes one notification to an audience and says what became of every token.
   * @param {object | string | Uint8Array} payload the JSON object that the application receives: `{ aps: { … }, … }`
   * @param {Audience} audience tokens, or `{ clientId }` for those of the token store
   * @param {SendOptions} [options]
   * @returns {Promise<Report>}
   * @throws {BellpushError | AbortError} where the push as a whole ended early; its `report` says what became of each
   */
  async send (payload, audience, options = {}) {
    return await this.#begin(payload, audience, options, new ReportBuilder(this.#options.maxListed)).finished
  }

  /**
   * As {@link send}, and yields the result of every token as it settles. Leaving the loop stops the push.
   * @param {object | string | Uint8Array} payload
   * @param {Audience} audience
   * @param {SendOptions} [options]
   * @returns {AsyncGenerator<Result, Report, undefined>} returns the report, without lists
   */
  async * stream (payload, audience, options = {}) {
    const queue = new ResultQueue()
    const { push, finished } = this.#begin(payload, audience, options, new ReportBuilder(0), queue)
    const ended = finished.finally(() => queue.end())
    ended.catch(() => {}) // it is awaited below
    try {
      for await (const results of queue) {
        push.resume()
        // Not yield *, which would make an iterator's result of each once more.
        for (const result of results) yield result
      }
      return await ended
    } finally {
      queue.end()
      push.stop()
      await ended.catch(() => {})
    }
  }

  /**
   * Throws what {@link send} would throw of this notification and these options, and sends nothing.
   * @param {object | string | Uint8Array} payload
   * @param {SendOptions} [options]
   * @throws {BellpushError} BELLPUSH_OPTION_INVALID, BELLPUSH_NOTIFICATION_INVALID, BELLPUSH_PAYLOAD_…
   */
  check (payload, options = {}) {
    checkPayload(payloadBytes(payload), this.#read(payload, options).payloadLimit)
  }

  /**
   * Broadcast channels of HTTP/2: `create`, `list`, `get`, `delete`.
   * @throws {BellpushError} `BELLPUSH_OPTION_INVALID`: the binary protocol has none
   */
  get channels () {
    if (this.#closed) throw new BellpushError('BELLPUSH_CLOSED', 'the client is closed and takes no more work')
    if (!this.#gateway.http2) {
      throw new BellpushError('BELLPUSH_OPTION_INVALID', 'the binary protocol has no channels: only HTTP/2 knows them')
    }
    this.#channels ??= this.#newChannels()
    return this.#channels.channels
  }

  /**
   * Sends to all devices that listen to a channel, with one request. That Apple took it is all that can be known.
   * @param {object | string | Uint8Array} payload a live activity's, that updates or ends it
   * @param {string} channelId
   * @param {import('./channels.js').BroadcastOptions} [options]
   * @returns {Promise<{ id: string | null }>} `apns-request-id`
   * @throws {BellpushError | AbortError} `BELLPUSH_CHANNEL_REFUSED` with a `refusal`, and what connecting can throw
   */
  async broadcast (payload, channelId, options) {
    return await this.channels.broadcast(payload, channelId, options)
  }

  /** Takes no more work, and waits until what was begun has its verdicts and dead tokens are gone from the store. */
  async close () {
    this.#closed = true
    await Promise.all([...this.#pushes.values(), ...this.#channels?.requests.map(one => one.close()) ?? []])
    this.#pool?.close()
    this.#hush()
  }

  /** Ends everything at once: what is unsent is not sent, and what was sent and not confirmed is in doubt. */
  destroy () {
    this.#closed = true
    for (const push of this.#pushes.keys()) {
      push.abandon(new BellpushError('BELLPUSH_DESTROYED',
        'the client was destroyed; what had been sent and not confirmed is in doubt'))
    }
    this.#pool?.abandon()
    for (const requests of this.#channels?.requests ?? []) {
      requests.destroy(new BellpushError('BELLPUSH_DESTROYED',
        'the client was destroyed; whether the gateway did what it had been asked nobody can know'))
    }
    this.#hush()
    this.#destroyed.abort(new BellpushError('BELLPUSH_DESTROYED',
      'the client was destroyed before all dead tokens had been removed from the token store'))
  }

  async [Symbol.asyncDispose] () {
    await this.close()
  }

  /**
   * For whoever makes batches of its own: what carries them, and the topic. Undefined: it speaks the binary protocol.
   * @internal
   */
  get carrier () {
    return this.#pool && { pool: this.#pool, topic: /** @type {string | undefined} */ (this.#options.topic) }
  }

  /**
   * Removes tokens that a push found dead and did not live to remove, by the rules of a push. Where the table does not
   * know when tokens were registered they stay: this was a while ago.
   * @internal
   * @param {{ token: string, diedAt: Date | null }[]} dead
   * @param {{ accepted: number, since: number }} push how many it saw accepted, and when it began, milliseconds
   *   since 1970
   */
  async removeDead (dead, { accepted, since }) {
    if (!this.#removal?.isDated) return
    const removal = this.#removal.begin(new ReportBuilder(0), since)
    for (const { token, diedAt } of dead) removal.add(token, diedAt)
    await removal.finish({ accepted }, false)
  }

  /** Of the pushes that are over, listens to the latest ones. @param {Push} push */
  #listenTo (push) {
    this.#listening.add(push)
    let connections = 0
    for (const one of [...this.#listening].reverse()) {
      connections += one.listening
      if (connections > MOST_LISTENING) one.hush()
      if (one.listening === 0) this.#listening.delete(one)
    }
  }

  /** Listens no more for refusals that come late. */
  #hush () {
    for (const push of this.#listening) push.hush()
    this.#listening.clear()
  }

  /**
   * @param {object | string | Uint8Array} payload
   * @param {SendOptions} options
   */
  #read (payload, options) {
    const read = readSendOptions(options, this.#gateway)
    const http2 = this.#pool && requestOf(payload, { ...read, topic: read.topic ?? this.#options.topic }, this.#sender)
    return { read, http2, payloadLimit: this.#options.payloadLimit ?? http2?.payloadLimit ?? 2048 }
  }

  /**
   * @param {object | string | Uint8Array} payload
   * @param {Audience} audience
   * @param {SendOptions} options
   * @param {ReportBuilder} builder
   * @param {ResultQueue} [queue] for the results of single tokens
   * @returns {{ push: Push, finished: Promise<Report> }}
   */
  #begin (payload, audience, options, builder, queue) {
    if (this.#closed) throw new BellpushError('BELLPUSH_CLOSED', 'the client is closed and takes no more work')
    const { read, http2, payloadLimit } = this.#read(payload, options)
    const { signal, onProgress, expiration } = read
    if (signal?.aborted) throw withReport(new AbortError(signal.reason), builder.finish(noFigures()))
    const { total, chunks, isHeld } = readAudience(audience, this.#options.tokens)
    const removal = this.#removal?.begin(builder)
    const pool = this.#pool
    pool?.setClock()
    let progressAt = 0
    /** @type {import('./push.js').Sink} */
    const sink = {
      take: (settled, tokenOf, describe) => {
        for (const slot of settled) {
          const result = resultOf(slot, tokenOf(slot.slot), push.startedAt, describe)
          builder.add(result)
          queue?.add(result)
          if (result.dead) removal?.add(result.token, result.diedAt)
        }
      },
      get isFull () { return queue?.isFull ?? false },
      progress: (counts, isLast) => {
        if (!onProgress || (!isLast && performance.now() - progressAt < PROGRESS_INTERVAL)) return
        progressAt = performance.now()
        const settled = Object.values(counts).reduce((sum, count) => sum + count, 0)
        outside(() => onProgress({ total, settled, counts: { ...counts } }))
      },
      late: (token, reason) => outside(() => this.emit('lateRejection', { token, ...describeReason(reason) }))
    }
    const push = new Push({
      payload: payloadBytes(payload),
      options: {
        payloadLimit,
        expiration: seconds(expiration),
        priority: http2 ? http2.priority : read.priority ?? priorityOf(payload),
        maxInFlight: this.#options.maxInFlight,
        maxAttempts: this.#options.maxAttempts,
        retryFirst: this.#options.retryDelay.first,
        retryLongest: this.#options.retryDelay.longest,
        breaker: this.#options.breaker,
        resendInDoubt: (read.inDoubt ?? this.#options.inDoubt) === 'resend',
        listAccepted: queue !== undefined,
        listIds: http2 !== undefined
      },
      chunks: read.id === undefined ? chunks : single(chunks),
      ownsTexts: !isHeld,
      sink,
      now: pool ? () => pool.now() : steadyClock(),
      carry: push => pool && http2 ? new PoolCarrier(pool, http2.request, push) : this.#newLinks(push)
    })
    const finished = this.#finish(push, builder, removal, signal)
    const ended = () => { this.#pushes.delete(push) }
    this.#pushes.set(push, finished.then(ended, ended))
    push.start()
    return { push, finished }
  }

  /**
   * @param {Push} push
   * @param {ReportBuilder} builder
   * @param {import('./removal.js').PushRemoval | undefined} removal
   * @param {AbortSignal | undefined} signal
   */
  async #finish (push, builder, removal, signal) {
    const undo = onAbort(signal, () => push.stop(new AbortError(signal?.reason)))
    await push.done
    this.#listenTo(push)
    if (this.#destroyed.signal.aborted) this.#hush()
    undo()
    await removal?.finish(push.figures.counts, push.stopped.why === 'mostlyRefused')
    const report = builder.finish(push.figures)
    const error = push.error ?? errorOfStop(push.stopped, report)
    if (error !== undefined) throw withReport(error, report)
    return report
  }

  /** @param {import('./push.js').Carried} push */
  #newLinks (push) {
    const { connections, connectTries, linger, answerTimeout, confirm, idleTimeout } = this.#options
    return new Links({
      connect: signal => this.#connect(signal),
      classify: error => classify(error, this.#gateway, { established: true }),
      connections,
      connectTries,
      timing: { linger, answerTimeout, quiet: confirm.quiet, listen: confirm.listen ?? LISTEN_ON, idle: idleTimeout }
    }, push)
  }

  #newPool () {
    return new Http2Pool({
      connect: signal => this.#connect(signal),
      authority: authorityOf(this.#gateway),
      token: this.#token,
      maxConnections: this.#options.maxConnections,
      idleTimeout: this.#options.idleTimeout,
      connectTries: this.#options.connectTries,
      timing: { answerTimeout: this.#options.answerTimeout, pingInterval: this.#options.pingInterval },
      classify: error => classify(error, this.#gateway, { established: true })
    })
  }

  #newChannels () {
    const gateways = [managementOf(this.#gateway), this.#gateway]
    const requests = gateways.map(gateway => new PlainRequests({
      connect: signal => this.#connect(signal, gateway),
      authority: authorityOf(gateway),
      token: this.#token,
      timeout: this.#options.answerTimeout,
      classify: error => classify(error, gateway, { established: true })
    }))
    const [management, sending] = requests
    const topic = this.#options.topic ?? this.#sender.uid
    return { channels: new Channels({ management, sending, topic }), requests }
  }

  /**
   * @param {AbortSignal} signal
   * @param {import('./gateway.js').Gateway} [gateway]
   */
  async #connect (signal, gateway = this.#gateway) {
    const { host, port, http2 } = gateway
    const socket = await connectWithRetry({
      host,
      port,
      http2,
      proxy: this.#proxy,
      credentials: this.#credentials,
      connectTimeout: this.#options.connectTimeout,
      tries: this.#options.connectTries,
      maxWait: this.#options.retryDelay.longest,
      signal
    })
    outside(() => this.emit('connect', { host, port, reused: socket instanceof TLSSocket && socket.isSessionReused() }))
    return socket
  }
}

/**
 * An `apns-id` names one notification to one device: nothing is given out before it is known that there are no more.
 * @param {AsyncGenerator<string[], void, undefined>} chunks
 */
async function * single (chunks) {
  /** @type {string[]} */
  const tokens = []
  try {
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
      tokens.push(...next.value)
      if (tokens.length <= 1) continue
      throw new BellpushError('BELLPUSH_OPTION_INVALID', 'id names one notification to one device, and there are ' +
        'several tokens: leave it out, and each result has its own')
    }
    yield tokens
  } finally {
    chunks.return().catch(() => {}) // not awaited: a source may take its time, or hang
  }
}

/**
 * Runs the caller's code. What it throws is the caller's to see, as an uncaught exception, and not ours to trip over.
 * @param {() => void} run
 */
function outside (run) {
  try {
    run()
  } catch (error) {
    process.nextTick(() => { throw error })
  }
}
