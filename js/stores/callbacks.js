/**
 * Tokens wherever the caller keeps them: his own functions do the keeping.
 *
 * What they throw arrives as BELLPUSH_STORE_FAILED with the original in `cause`. Not here: pages and transactions;
 * whoever has a large table streams from `list` and makes `remove` safe to repeat.
 */
import { BellpushError } from '../errors.js'
import { countOf, invalid } from './values.js'

/**
 * `list` and `remove` are enough to push and to clean up. Client ids come as strings, tokens to put in canonical
 * lower case, times in milliseconds since 1970.
 *
 * - `list(clientIds)`: the tokens of these clients, of everybody if undefined: a list, an (async) iterable, or a
 *   promise of one. Each token once.
 * - `remove(token, { unlessSince })`: removes the token, given in the spelling that `list` gave or in lower case,
 *   unless it was registered after `unlessSince` (undefined: in any case). Says whether it went, as a boolean or a
 *   number of rows; nothing said counts as gone. It may be called again for a token that is gone.
 * - `put(clientId, token, { at, keepTime })`: the token belongs to this client from now on and to no other, and was
 *   registered at that time; with `keepTime`, a token that this client has already keeps the time that it has.
 * - `removeClient(clientId)`: how many tokens went.
 * - `entries(clientIds)`: like `list`, but of { clientId, token, registeredAt }.
 * - `count(clientIds)`: left out, `list` is counted.
 * - `close()`.
 * @typedef {object} Callbacks
 * @property {(clientIds?: string[]) => Listing<string>} list
 * @property {(token: string, options: { unlessSince: number | undefined }) => Promised<boolean | number | void>} remove
 * @property {(clientId: string, token: string, options: { at: number, keepTime: boolean }) =>
 *   Promised<unknown>} [put]
 * @property {(clientId: string) => Promised<number>} [removeClient]
 * @property {(clientIds?: string[]) => Listing<import('./token-store.js').Entry>} [entries]
 * @property {(clientIds?: string[]) => Promised<number>} [count]
 * @property {() => Promised<unknown>} [close]
 */

/**
 * @template T
 * @typedef {T | Promise<T>} Promised
 */

/**
 * @template T
 * @typedef {Promised<Iterable<T> | AsyncIterable<T>>} Listing
 */

const NAMES = /** @type {const} */ (['list', 'remove', 'put', 'removeClient', 'entries', 'count', 'close'])

/** @implements {Pick<import('./token-store.js').Backend, keyof import('./token-store.js').Backend>} */
export class CallbackBackend {
  #callbacks

  /** Whether registrations have times is the callbacks' affair: they are handed `unlessSince`. */
  dated = true

  /** @param {Callbacks} callbacks */
  constructor (callbacks) {
    for (const name of NAMES) {
      const found = typeof callbacks[name]
      const needed = name === 'list' || name === 'remove'
      if (found !== 'function' && (needed || found !== 'undefined')) {
        throw invalid(`The token store's ${name} must be a function, not ${found}.`)
      }
    }
    this.#callbacks = callbacks
  }

  async removesByTime () {
    return true
  }

  /** @param {import('./token-store.js').Checked[]} page */
  async putPage (page) {
    for (const { clientId, token, at, keepTime } of page) await this.#call('put', clientId, token, { at, keepTime })
  }

  /** @param {string[]} [clientIds] */
  async * list (clientIds) {
    for await (const token of this.#each('list', clientIds)) {
      if (typeof token !== 'string') {
        throw new BellpushError('BELLPUSH_STORE_FAILED', `list gave ${typeof token} where a token's text was wanted.`)
      }
      yield token
    }
  }

  /**
   * @param {string[]} [clientIds]
   * @returns {AsyncIterable<import('./token-store.js').Entry>}
   */
  entries (clientIds) {
    return this.#each('entries', clientIds)
  }

  /** @param {import('./token-store.js').DeadToken[]} tokens */
  async remove (tokens) {
    const removed = []
    for (const dead of tokens) {
      let gone = false
      for (const text of dead.spelled) {
        const answer = await this.#call('remove', text, { unlessSince: dead.unlessSince })
        gone ||= answer === undefined || Boolean(answer)
      }
      if (gone) removed.push(dead)
    }
    return removed
  }

  /** @param {string} clientId */
  async removeClient (clientId) {
    return Number(await this.#call('removeClient', clientId))
  }

  /** @param {string[]} [clientIds] */
  async count (clientIds) {
    return this.#callbacks.count ? Number(await this.#call('count', clientIds)) : countOf(this.list(clientIds))
  }

  async close () {
    if (this.#callbacks.close) await this.#call('close')
  }

  /**
   * @param {'list' | 'entries'} name
   * @param {string[] | undefined} clientIds
   * @returns {AsyncGenerator<any>}
   */
  async * #each (name, clientIds) {
    const listing = await this.#call(name, clientIds)
    try {
      yield * listing
    } catch (error) {
      throw failed(name, error)
    }
  }

  /**
   * @param {typeof NAMES[number]} name
   * @param {...unknown} values
   * @returns {Promise<any>}
   */
  async #call (name, ...values) {
    const callback = /** @type {Function | undefined} */ (this.#callbacks[name])
    if (!callback) throw invalid(`This token store was opened without a ${name} callback.`)
    try {
      return await callback.apply(this.#callbacks, values)
    } catch (error) {
      throw failed(name, error)
    }
  }
}

/**
 * @param {string} name
 * @param {unknown} error
 */
function failed (name, error) {
  if (error instanceof BellpushError) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new BellpushError('BELLPUSH_STORE_FAILED', `The token store's ${name} callback failed: ${reason}`, {
    cause: error
  })
}
