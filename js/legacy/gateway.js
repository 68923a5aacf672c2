/**
 * The legacy gateway: the old protocol in, HTTP/2 out, the feedback service beside it.
 *
 * Here it is put together, and its connections get their turns. Not here: what one connection says (connection.js), and
 * which app it speaks for (apps.js).
 */
import { isIP } from 'node:net'
import { TLSSocket } from 'node:tls'
import { LONGEST_TIMER, steadyClock } from '../clock.js'
import { BellpushError } from '../errors.js'
import { integer, ofType, oneOf, readOptions } from '../options.js'
import { LegacyApps } from './apps.js'
import { OldClients } from './clients.js'
import { LegacyConnection } from './connection.js'
import { serveFeedback } from './feedback-connection.js'
import { FeedbackStore } from './feedback-store.js'
import { Load } from './load.js'
import { silence } from './log.js'
import { Port } from './port.js'
import { isOld, secureOptions } from './secure.js'

/**
 * @typedef {object} LegacyGatewayOptions
 * @property {import('./apps.js').LegacyApp[]} apps
 * @property {import('./secure.js').SecureOptions} [tls] the gateway's own certificate, and who issues client
 *   certificates; left out: plain text, on a loopback address only
 * @property {string} [host] default 127.0.0.1
 * @property {number} [port] default 2195; 0: a free one
 * @property {number} [feedbackPort] 0: a free one; left out: there is no feedback service
 * @property {string} [feedback] the SQLite file that dead tokens are kept in until the feedback service has told them;
 *   with `feedbackPort`
 * @property {number} [maxConnections] to each port at once (16,384)
 * @property {number} [idleTimeout] milliseconds without a byte (3,600,000)
 * @property {import('./log.js').Log} [log]
 */

const rules = {
  apps: { fits: Array.isArray, wants: 'a list of apps' },
  tls: ofType('object'),
  host: { ...ofType('string'), fallback: '127.0.0.1', isTelling: true },
  port: integer(0, 65_535, 2195),
  feedbackPort: integer(0, 65_535),
  feedback: ofType('string'),
  maxConnections: integer(1, 1_000_000, 16_384),
  idleTimeout: integer(1, 2_147_483_647, 3_600_000),
  log: { ...ofType('object'), fallback: silence }
}

const secureRules = {
  cert: { fits: () => true, wants: 'a certificate' },
  key: { fits: () => true, wants: 'a key' },
  pfx: { fits: () => true, wants: 'PKCS#12' },
  passphrase: ofType('string'),
  ca: { fits: () => true, wants: 'certificates' },
  minVersion: oneOf(['TLSv1', 'TLSv1.1', 'TLSv1.2'])
}

/**
 * Milliseconds for what has come to be carried to its end when the gateway shuts down, and for the clients to close.
 */
const GRACE = 10_000
const LAST_GRACE = 15_000

/** Milliseconds for somebody to go who may not speak here. */
const FAREWELL = 1_000

/** Milliseconds between two looks at what was remembered long enough. */
const SWEEP = 60_000

/**
 * @param {LegacyGatewayOptions} options
 * @returns {Promise<LegacyGateway>} listening
 * @throws {BellpushError} BELLPUSH_OPTION_INVALID, BELLPUSH_CREDENTIALS_INVALID, BELLPUSH_LISTEN_FAILED,
 *   BELLPUSH_STORE_UNAVAILABLE
 */
export async function createLegacyGateway (options) {
  const gateway = new LegacyGateway(options)
  await gateway.listen()
  return gateway
}

export class LegacyGateway {
  #options
  #apps
  #secure
  #clients = new OldClients()
  #load = new Load()
  /** @type {FeedbackStore | undefined} */
  #feedback
  /** @type {Port | undefined} */
  #port
  /** @type {Port | undefined} */
  #feedbackPort
  /** @type {Set<LegacyConnection>} */
  #connections = new Set()
  /** Those that have notifications under way. @type {Set<LegacyConnection>} */
  #busy = new Set()
  /** Those to which something may have happened. @type {Set<LegacyConnection>} */
  #due = new Set()
  #scheduled = false
  /** Held back because there was too much in the gateway. @type {Set<LegacyConnection>} */
  #heldBack = new Set()
  /** @type {NodeJS.Timeout | undefined} */
  #wakeup
  /** @type {NodeJS.Timeout | undefined} */
  #sweep
  #now = steadyClock()
  /** @type {Promise<void> | undefined} */
  #closing

  /** Not to be called: use `createLegacyGateway`. @param {LegacyGatewayOptions} options */
  constructor (options) {
    this.#options = readOptions('legacy gateway option', rules, options)
    const { tls, host, feedbackPort, feedback, log } = this.#options
    this.#apps = new LegacyApps(this.#options.apps)
    if (tls === undefined && !isLoopback(host)) {
      throw invalid('without TLS the legacy gateway listens on a loopback address only, and ' +
        `${host} is none: give it tls`)
    }
    if (feedbackPort !== undefined && feedback === undefined) {
      throw invalid('a feedback service keeps dead tokens until they are fetched: feedback must name a SQLite file')
    }
    if (tls !== undefined) {
      if ((tls.cert === undefined || tls.key === undefined) && tls.pfx === undefined) {
        throw invalid('the tls of the legacy gateway needs its own certificate: cert and key, or pfx')
      }
      const read = readOptions('TLS option of the legacy gateway', secureRules, tls)
      this.#secure = secureOptions(read)
      if (isOld(read.minVersion)) {
        log.warn({ minVersion: read.minVersion }, 'old clients may use a TLS that is broken and that others can read')
      }
    }
  }

  /** @internal */
  async listen () {
    const { host, port, feedbackPort, feedback, maxConnections, idleTimeout, log } = this.#options
    if (feedback !== undefined) this.#feedback = await FeedbackStore.open(feedback, log)
    const options = { host, secure: this.#secure, maxConnections, idleTimeout, refused: this.#refused }
    try {
      this.#port = await Port.open({ ...options, port, connected: socket => this.#connected(socket) })
      if (feedbackPort !== undefined) {
        this.#feedbackPort = await Port.open({
          ...options, port: feedbackPort, connected: socket => this.#askedForFeedback(socket)
        })
      }
    } catch (error) {
      this.destroy()
      throw error
    }
    this.#sweep = setInterval(() => this.#tidy(), SWEEP).unref()
    log.info({ address: this.address, feedback: this.feedbackAddress, tls: this.#secure !== undefined },
      'the legacy gateway listens')
  }

  /** `HOST:PORT` */
  get address () { return this.#port?.address ?? '' }

  /** `HOST:PORT`; nothing where there is no feedback service */
  get feedbackAddress () { return this.#feedbackPort?.address }

  /** What each old client has done since the process began. @returns {import('./clients.js').ClientFigures[]} */
  figures () {
    return [...this.#clients].map(client => client.figures(this.#openOf(client)))
  }

  /**
   * Takes no more connections and reads no more; what has come is carried to its end; then each client is told, by
   * status 10, the last of its notifications that was accepted.
   */
  close () {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** Ends all at once. */
  destroy () {
    clearInterval(this.#sweep)
    clearTimeout(this.#wakeup)
    for (const port of [this.#port, this.#feedbackPort]) {
      port?.stop()
      port?.destroy()
    }
    for (const connection of [...this.#connections]) connection.destroy()
    this.#clients.free()
    this.#feedback?.close()
    this.#feedback = undefined
  }

  async #close () {
    const stopped = Promise.all([this.#port?.stop(), this.#feedbackPort?.stop()])
    for (const connection of this.#connections) connection.leave()
    const grace = setTimeout(() => { for (const connection of this.#connections) connection.stop() }, GRACE)
    const last = setTimeout(() => {
      this.#port?.destroy()
      this.#feedbackPort?.destroy()
    }, LAST_GRACE)
    await stopped
    clearTimeout(grace)
    clearTimeout(last)
    this.destroy()
  }

  /** @param {import('node:net').Socket} socket */
  #connected (socket) {
    try {
      this.#welcome(socket)
    } catch (error) {
      socket.destroy()
      this.#options.log.error({ err: /** @type {Error} */ (error).message }, 'a connection could not be served')
    }
  }

  /** @param {import('node:net').Socket} socket */
  #welcome (socket) {
    const { log } = this.#options
    const found = this.#identify(socket)
    if (found.app === undefined) return turnAway(socket)
    const { app, name, certificate } = found
    const client = this.#clients.of({ app: app.name, name, certificate })
    client.connections++
    client.opened++
    client.seen(this.#now())
    log.info({ app: app.name, client: name }, 'connected')
    this.#connections.add(new LegacyConnection({
      socket,
      client,
      pool: app.pool,
      topic: app.topic,
      load: this.#load,
      now: this.#now,
      schedule: connection => this.#schedule(connection),
      closed: connection => {
        client.opened--
        this.#connections.delete(connection)
        this.#busy.delete(connection)
        this.#due.delete(connection)
        this.#heldBack.delete(connection)
      },
      dead: (token, diedAt) => this.#feedback?.add(app.topic ?? app.name, {
        token, time: Math.min(Math.floor((diedAt ?? Date.now()) / 1000), 0xffff_ffff)
      }),
      log
    }))
  }

  /** @param {import('node:net').Socket} socket */
  async #askedForFeedback (socket) {
    const { log } = this.#options
    try {
      const { app, name } = this.#identify(socket)
      const store = this.#feedback
      if (app === undefined || store === undefined) return turnAway(socket)
      const topic = app.topic ?? app.name
      const { told, last } = await serveFeedback(socket, store.pages(topic))
      if (last !== undefined && this.#feedback !== undefined) store.clear(topic, last)
      log.info({ app: app.name, client: name, told, cleared: last !== undefined }, 'feedback fetched')
    } catch (error) {
      socket.destroy()
      log.error({ err: /** @type {Error} */ (error).message }, 'the feedback service failed')
    }
  }

  /** @param {import('node:net').Socket} socket */
  #identify (socket) {
    const found = socket instanceof TLSSocket
      ? this.#apps.of(socket.getPeerX509Certificate(), socket.authorized)
      : { app: this.#apps.only, name: 'plain', certificate: '', why: 'no certificate says which app it is' }
    if (found.app === undefined) this.#options.log.warn({ client: found.name }, `refused: ${found.why}`)
    return found
  }

  /** @param {Error} reason */
  #refused = reason => {
    this.#options.log.warn({ err: reason.message }, 'a connection was refused')
  }

  /** @param {LegacyConnection} connection */
  #schedule (connection) {
    this.#due.add(connection)
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => this.#turn())
  }

  /** Everything that happened since the last turn, at once: the connections of HTTP/2 are asked to write only once. */
  #turn () {
    this.#scheduled = false
    const due = [...this.#due]
    this.#due.clear()
    for (const connection of due) {
      if (this.#load.isTooMuch) this.#heldBack.add(connection)
      connection.advance()
      if (connection.runs > 0) this.#busy.add(connection)
      else this.#busy.delete(connection)
    }
    // All may have settled in this very turn, and then no event calls for another one.
    if (this.#heldBack.size > 0 && !this.#load.isTooMuch) {
      for (const connection of [...this.#heldBack]) this.#schedule(connection)
      this.#heldBack.clear()
    }
    for (const { pool } of this.#apps) {
      pool.pump()
      if ([...this.#busy].some(connection => connection.pool === pool && connection.hasWork())) pool.grow()
    }
    this.#wakeLater()
  }

  /** What waits for its time is looked at then. */
  #wakeLater () {
    clearTimeout(this.#wakeup)
    let first = Infinity
    for (const connection of this.#busy) first = Math.min(first, connection.wait)
    if (first === Infinity) return
    const wait = Math.min(first + 1, LONGEST_TIMER)
    this.#wakeup = setTimeout(() => {
      for (const connection of this.#busy) this.#schedule(connection)
    }, wait)
  }

  #tidy () {
    try {
      this.#clients.expire(this.#now())
      this.#feedback?.prune([...this.#apps].map(({ topic, name }) => topic ?? name))
    } catch (error) {
      this.#options.log.error({ err: /** @type {Error} */ (error).message }, 'what is kept could not be tidied up')
    }
  }

  /** @param {import('./clients.js').OldClient} client */
  #openOf (client) {
    let open = 0
    for (const connection of this.#connections) if (connection.client === client) open += connection.open
    return open
  }
}

/** In order, so that it does not look like a network that breaks. @param {import('node:net').Socket} socket */
function turnAway (socket) {
  socket.resume()
  socket.end()
  const timer = setTimeout(() => socket.destroy(), FAREWELL)
  socket.once('close', () => clearTimeout(timer))
}

/** @param {string} host */
function isLoopback (host) {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

/** @param {string} message */
const invalid = message => new BellpushError('BELLPUSH_OPTION_INVALID', message)
