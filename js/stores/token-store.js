/**
 * The interface that every token store has, whatever keeps the tokens: which phones belong to which client.
 *
 * It checks what callers give and leaves the keeping to a backend. Not here: deciding that a token is dead.
 */
import { normalizeToken } from '../core.js'
import { BellpushError } from '../errors.js'
import { canonicalOr } from './spellings.js'
import {
  checkClientId, checkClientIds, checkIterable, checkKeptTime, checkTime, checkTokenText, invalid
} from './values.js'

/** How many registrations are written at a time: few enough that others get their turn between two pages. */
const PUT_PAGE = 1_000

/** @typedef {import('./values.js').ClientId} ClientId */

/**
 * A registration. `at` is a Date or milliseconds since 1970; now if it is left out. `keepTime` is for lists that tell
 * who has which token but not since when: a token that this client has already keeps the time that it has, so that
 * putting the same list every night does not make its dead tokens look alive. One that is new, or moves, gets `at`.
 * @typedef {{ clientId: ClientId, token: string, at?: Date | number, keepTime?: boolean }} Registration
 */

/** @typedef {{ clientId: string, token: string, at: number, keepTime: boolean }} Checked a registration, checked */

/**
 * A removal. `unlessSince`, a Date or milliseconds since 1970, is when the token died according to Apple: a token
 * registered after it is alive again and stays. Without it the token goes whenever it was registered.
 * @typedef {{ token: string, unlessSince?: Date | number }} Removal
 */

/**
 * A row of a store. Old tables may lack the client id or the time (milliseconds since 1970).
 * @typedef {{ clientId: string | null, token: string, registeredAt: number | null }} Entry
 */

/**
 * What a backend does. All arguments are checked; tokens to put are canonical; a page holds no token twice.
 * @typedef {object} Backend
 * @property {boolean} dated whether it knows when each token was registered
 * @property {() => Promise<boolean>} removesByTime whether a removal with `unlessSince` can remove anything
 * @property {(page: Checked[]) => Promise<void>} putPage all or nothing
 * @property {(clientIds?: string[]) => AsyncIterable<string>} list
 * @property {(clientIds?: string[]) => AsyncIterable<Entry>} entries
 * @property {(tokens: DeadToken[]) => Promise<DeadToken[]>} remove which of them went
 * @property {(clientId: string) => Promise<number>} removeClient
 * @property {(clientIds?: string[]) => Promise<number>} count
 * @property {() => Promise<void>} close
 */

/**
 * All the removals of one token in a batch. `spelled` holds it as callers wrote it; `unlessSince` is the latest time.
 * @typedef {{ token: string, spelled: Set<string>, unlessSince: number | undefined }} DeadToken
 */

/**
 * A store of device tokens. Get one from `openTokenStore`; close it when done, or declare it with `await using`.
 *
 * Every method throws BellpushError: BELLPUSH_OPTION_INVALID for the caller's mistakes, BELLPUSH_CLOSED after
 * `close()`, BELLPUSH_STORE_… when the database fails.
 */
export class TokenStore {
  #backend
  #closed = false
  /** @type {Set<Promise<unknown>>} what `close` waits for */
  #underWay = new Set()

  /** @param {Backend} backend */
  constructor (backend) {
    this.#backend = backend
  }

  /**
   * Whether the store knows when each token was registered. Where it does not (an old table without such a column), a
   * removal with `unlessSince` removes nothing unless the store was opened with `undated: 'remove'`.
   * @returns {boolean}
   */
  get dated () {
    return this.#backend.dated
  }

  /**
   * Whether a removal with `unlessSince` can remove anything: not where nobody knows of any token when it was
   * registered (the table has no such column, or has it empty in every row), unless the store was opened with
   * `undated: 'remove'`.
   * @returns {Promise<boolean>}
   */
  async removesByTime () {
    return this.#work(backend => backend.removesByTime())
  }

  /**
   * Registers a token. A token that is there already belongs to this client from now on, with the new time unless
   * `keepTime` says otherwise; a row of an old table keeps its spelling.
   * @param {ClientId} clientId
   * @param {string} token hex in any usual spelling; stored in canonical lower case
   * @param {{ at?: Date | number, keepTime?: boolean }} [options] see Registration
   * @returns {Promise<void>}
   * @throws {BellpushError} BELLPUSH_TOKEN_MALFORMED
   */
  async put (clientId, token, { at, keepTime } = {}) {
    await this.#work(backend => backend.putPage([checkRegistration({ clientId, token, at, keepTime })]))
  }

  /**
   * Registers many tokens, quickly, in pages that are written whole or not at all. If it throws, the pages before the
   * error are in; registering again what is in does no harm. Of a token that comes twice the last registration counts.
   * @param {Iterable<Registration> | AsyncIterable<Registration>} registrations
   * @returns {Promise<number>} how many registrations were read and written
   * @throws {BellpushError} BELLPUSH_TOKEN_MALFORMED
   */
  async putMany (registrations) {
    checkIterable(registrations, 'The registrations')
    let total = 0
    /** @type {Map<string, Checked>} */
    const page = new Map()
    const write = async () => {
      if (page.size > 0) await this.#work(backend => backend.putPage([...page.values()]))
      page.clear()
    }
    for await (const registration of registrations) {
      const checked = checkRegistration(registration)
      const earlier = page.get(checked.token)
      if (!checked.keepTime || earlier?.clientId !== checked.clientId) page.set(checked.token, checked)
      total++
      if (page.size === PUT_PAGE) await write()
    }
    await write()
    return total
  }

  /**
   * The text of each token as it is stored, page by page: memory stays bounded whatever the number of tokens. A token
   * comes once, in one of its spellings, although an old table has it in several rows or spellings; a text that is no
   * token comes as it is. Tokens may be put and removed meanwhile; only one that moves between two clients during the
   * listing can come twice.
   * @param {ClientId | Iterable<ClientId>} [clientIds] whose tokens; undefined means everybody, an empty list nobody
   * @returns {AsyncIterable<string>}
   */
  list (clientIds) {
    return this.#open().list(checkClientIds(clientIds))
  }

  /**
   * Every row, in pages as `list` does, duplicates of old tables included.
   * @param {ClientId | Iterable<ClientId>} [clientIds] undefined means everybody
   * @returns {AsyncIterable<Entry>}
   */
  entries (clientIds) {
    return this.#open().entries(checkClientIds(clientIds))
  }

  /**
   * Removes a token, in whatever spelling of `spellings.js` it is stored, besides exactly the given one.
   * @param {string} token
   * @param {{ unlessSince?: Date | number }} [options] see Removal
   * @returns {Promise<boolean>} whether it was there and went
   */
  async remove (token, { unlessSince } = {}) {
    return (await this.removeMany([{ token, unlessSince }])).length > 0
  }

  /**
   * Removes many tokens, all or nothing (callbacks: one after the other). If it throws, try again with the same
   * removals: none is lost.
   * @param {Iterable<Removal>} removals
   * @returns {Promise<string[]>} the tokens that were there and went, as they were given
   */
  async removeMany (removals) {
    const tokens = gatherRemovals(removals)
    const removed = await this.#work(async backend => tokens.length > 0 ? backend.remove(tokens) : [])
    return removed.flatMap(({ spelled }) => [...spelled])
  }

  /**
   * @param {ClientId} clientId
   * @returns {Promise<number>} how many rows went
   */
  async removeClient (clientId) {
    return this.#work(async backend => backend.removeClient(checkClientId(clientId)))
  }

  /**
   * @param {ClientId | Iterable<ClientId>} [clientIds] undefined means everybody
   * @returns {Promise<number>} how many tokens `list` would give
   */
  async count (clientIds) {
    return this.#work(async backend => backend.count(checkClientIds(clientIds)))
  }

  /**
   * Waits for what is under way, except listings and the pages to come of `putMany`, then lets go of the database.
   * Closing twice is harmless.
   * @returns {Promise<void>}
   */
  async close () {
    if (this.#closed) return
    this.#closed = true
    await Promise.allSettled(this.#underWay)
    await this.#backend.close()
  }

  /** @returns {Promise<void>} */
  async [Symbol.asyncDispose] () {
    await this.close()
  }

  /**
   * @template T
   * @param {(backend: Backend) => Promise<T>} work
   * @returns {Promise<T>}
   */
  async #work (work) {
    const done = work(this.#open())
    this.#underWay.add(done)
    try {
      return await done
    } finally {
      this.#underWay.delete(done)
    }
  }

  #open () {
    if (this.#closed) throw new BellpushError('BELLPUSH_CLOSED', 'The token store is closed.')
    return this.#backend
  }
}

/**
 * @param {Registration} registration
 * @returns {Checked}
 */
function checkRegistration (registration) {
  if (typeof registration !== 'object' || registration === null) {
    throw invalid('A registration must be an object with clientId and token.')
  }
  const { clientId, token, at = Date.now(), keepTime = false } = registration
  if (typeof keepTime !== 'boolean') throw invalid('keepTime must be true or false.')
  return { clientId: checkClientId(clientId), token: normalizeToken(token), at: checkKeptTime(at, 'at'), keepTime }
}

/**
 * A token that is named twice dies at the latest of its times: it had not been registered again until then.
 * @param {Iterable<Removal>} removals
 * @returns {DeadToken[]}
 */
function gatherRemovals (removals) {
  /** @type {Map<string, DeadToken>} */
  const tokens = new Map()
  checkIterable(removals, 'The removals')
  for (const removal of removals) {
    if (typeof removal !== 'object' || removal === null) throw invalid('A removal must be an object with token.')
    const text = checkTokenText(removal.token)
    const since = removal.unlessSince === undefined ? undefined : checkTime(removal.unlessSince, 'unlessSince')
    const token = canonicalOr(text)
    const known = tokens.get(token)
    if (known) {
      known.spelled.add(text)
      known.unlessSince = since === undefined || known.unlessSince === undefined
        ? undefined
        : Math.max(since, known.unlessSince)
    } else {
      tokens.set(token, { token, spelled: new Set([text]), unlessSince: since })
    }
  }
  return [...tokens.values()]
}
