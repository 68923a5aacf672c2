/**
 * Looks up the tokens of clients for many small pushes at once: whoever asks while a look-up is under way shares the
 * next one, so that a rush costs the database one statement a turn and not one a push.
 */
import { setImmediate as turn } from 'node:timers/promises'

/** Clients in one look-up that is shared; who asks for more goes alone. */
const CLIENTS = 256

/** Tokens that a shared look-up reads at most: one page. Whoever has as many goes alone. */
const TOKENS = 999

/** @typedef {import('../stores/token-store.js').Entry} Entry */

/**
 * @typedef {object} Asked
 * @property {string[]} clientIds
 * @property {(entries: Iterable<Entry> | AsyncIterable<Entry>) => void} resolve
 * @property {(error: unknown) => void} reject
 */

export class LookUp {
  #store
  /** @type {Asked[]} */
  #waiting = []
  #isRunning = false

  /** @param {Pick<import('../stores/token-store.js').TokenStore, 'entries'>} store */
  constructor (store) {
    this.#store = store
  }

  /**
   * @param {string[]} clientIds
   * @returns {Promise<Iterable<Entry> | AsyncIterable<Entry>>} in the store's order; who has enough may leave the rest
   */
  async entriesOf (clientIds) {
    if (clientIds.length > CLIENTS) return this.#store.entries(clientIds)
    return await new Promise((resolve, reject) => {
      this.#waiting.push({ clientIds, resolve, reject })
      if (!this.#isRunning) this.#run()
    })
  }

  /** Never rejects. */
  async #run () {
    this.#isRunning = true
    // A turn first: what comes with one round of reading sockets goes together.
    for (await turn(); this.#waiting.length > 0; await turn()) await this.#together(this.#take())
    this.#isRunning = false
  }

  /** Who goes next: as many as together ask for few enough clients. */
  #take () {
    let clients = 0
    const end = this.#waiting.findIndex(({ clientIds }) => (clients += clientIds.length) > CLIENTS)
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : end)
  }

  /** @param {Asked[]} all */
  async #together (all) {
    /** @type {Map<string, Entry[][]>} by client, for each who asks for him */
    const wanted = new Map()
    const found = all.map(({ clientIds }) => {
      /** @type {Entry[]} */
      const entries = []
      for (const id of new Set(clientIds)) wanted.set(id, [...wanted.get(id) ?? [], entries])
      return entries
    })
    try {
      let read = 0
      for await (const entry of this.#store.entries([...wanted.keys()])) {
        if (++read > TOKENS) return this.#apart(all)
        for (const entries of wanted.get(String(entry.clientId)) ?? []) entries.push(entry)
      }
      for (const [i, { resolve }] of all.entries()) resolve(found[i])
    } catch (error) {
      for (const { reject } of all) reject(error)
    }
  }

  /**
   * Somebody has many tokens: each for himself, so that nobody else waits for them.
   * @param {Asked[]} all
   */
  #apart (all) {
    for (const { clientIds, resolve } of all) resolve(this.#store.entries(clientIds))
  }
}
