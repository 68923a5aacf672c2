/**
 * Who still speaks the old protocol: every old client by the app and the certificate that it comes with, what is
 * remembered for it, and what it has done since this process began.
 */
import { Memory } from '../core.js'

/** Notifications that are remembered for one client: 40 bytes each. */
const REMEMBERED = 262_144

/** Clients that are told apart. Certificates are issued to few; beyond these, all are one. */
const MOST_CLIENTS = 1_000

/**
 * @typedef {object} ClientFigures
 * @property {string} app
 * @property {string} client the name in its certificate, or `plain`
 * @property {string} certificate its SHA-256 fingerprint, or nothing
 * @property {number} connections since the process began
 * @property {number} open connections now
 * @property {number} received notifications
 * @property {number} swallowed notifications that had been accepted already, and were sent again
 * @property {number} accepted by Apple, as far as they have settled
 * @property {number} dead tokens that the feedback service tells of
 * @property {number} expired before they could be sent
 * @property {number} inDoubt
 * @property {Record<string, number>} refused by status
 * @property {number} answered connections that ended with an error response
 * @property {number} cut connections of command 0 that were ended without a word
 * @property {number} remembered now
 * @property {number} forgotten for want of room
 * @property {string | null} lastSeen
 */

export class OldClient {
  /** @type {Map<number, number>} */
  #refused = new Map()
  #received = 0
  #swallowed = 0
  #seenAt = 0
  connections = 0
  opened = 0
  dead = 0
  expired = 0
  inDoubt = 0
  answered = 0
  cut = 0
  #memory = new Memory(REMEMBERED)

  /** @param {{ app: string, name: string, certificate: string }} who */
  constructor ({ app, name, certificate }) {
    this.app = app
    this.name = name
    this.certificate = certificate
  }

  /** What is remembered for it; a new one where the core failed with the one before. */
  get memory () {
    if (!this.#memory.isAlive) this.#memory = new Memory(REMEMBERED)
    return this.#memory
  }

  /** @param {number} now */
  seen (now) { this.#seenAt = now }

  /** @param {number} received @param {number} swallowed */
  took (received, swallowed) {
    this.#received += received
    this.#swallowed += swallowed
  }

  free () { this.#memory.free() }

  /** @param {number} status @param {number} count */
  refused (status, count) {
    this.#refused.set(status, (this.#refused.get(status) ?? 0) + count)
  }

  /**
   * @param {number} open notifications whose verdict is to come
   * @returns {ClientFigures}
   */
  figures (open) {
    const refused = Object.fromEntries(this.#refused)
    const others = Object.values(refused).reduce((sum, count) => sum + count, this.dead + this.expired + this.inDoubt)
    return {
      app: this.app,
      client: this.name,
      certificate: this.certificate,
      connections: this.connections,
      open: this.opened,
      received: this.#received,
      swallowed: this.#swallowed,
      accepted: Math.max(0, this.#received - this.#swallowed - others - open),
      dead: this.dead,
      expired: this.expired,
      inDoubt: this.inDoubt,
      refused,
      answered: this.answered,
      cut: this.cut,
      remembered: this.memory.length,
      forgotten: this.memory.overrun,
      lastSeen: this.#seenAt === 0 ? null : new Date(this.#seenAt).toISOString()
    }
  }
}

export class OldClients {
  /** @type {Map<string, OldClient>} */
  #clients = new Map()

  /** @param {{ app: string, name: string, certificate: string }} who */
  of (who) {
    const key = JSON.stringify([who.app, who.certificate])
    const known = this.#clients.get(key)
    if (known !== undefined) return known
    if (this.#clients.size >= MOST_CLIENTS) return this.#add({ app: who.app, name: 'others', certificate: 'others' })
    return this.#add(who)
  }

  /** @param {{ app: string, name: string, certificate: string }} who */
  #add (who) {
    const key = JSON.stringify([who.app, who.certificate])
    const client = this.#clients.get(key) ?? new OldClient(who)
    this.#clients.set(key, client)
    return client
  }

  /** Forgets what was remembered long enough. @param {number} now */
  expire (now) {
    for (const { memory } of this) memory.expire(now)
  }

  free () {
    for (const client of this) client.free()
  }

  [Symbol.iterator] () {
    return this.#clients.values()
  }
}
