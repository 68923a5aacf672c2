/**
 * Who a push is for, as the command line says it: clients of the database, all of it, or a file of tokens. The tokens
 * are read as they are needed.
 */
import { normalizeToken } from '../core.js'
import { LineSource, tokenOf } from './token-lines.js'

/** Malformed tokens whose lines are remembered. */
const LINES_KEPT = 1000

/** What nearly every token looks like: asking the core about the others only is much quicker. */
const USUAL = /^(?:[0-9a-f]{2}){1,100}$/i

/**
 * @typedef {object} CommandAudience
 * @property {() => Promise<number | undefined>} count how many tokens there are, where that can be known
 * @property {() => AsyncIterable<string>} tokens
 * @property {(token: string) => number | undefined} lineOf the line of a malformed token; where it stands in several,
 *   the next one each time
 * @property {() => void} close
 */

/**
 * @param {{ client?: string[], all?: boolean, tokens?: string }} options one of these
 * @param {import('../stores/token-store.js').TokenStore | undefined} store
 * @returns {Promise<CommandAudience>}
 */
export async function openAudience ({ client, tokens }, store) {
  return tokens === undefined
    ? new StoreAudience(/** @type {import('../stores/token-store.js').TokenStore} */ (store), client)
    : new FileAudience(tokens, await LineSource.open(tokens))
}

/** @implements {CommandAudience} */
class StoreAudience {
  #store
  #clients

  /**
   * @param {import('../stores/token-store.js').TokenStore} store
   * @param {string[] | undefined} clients undefined: all
   */
  constructor (store, clients) {
    this.#store = store
    this.#clients = clients
  }

  count () {
    return this.#store.count(this.#clients)
  }

  tokens () {
    return this.#store.list(this.#clients)
  }

  lineOf () {
    return undefined
  }

  close () {}
}

/** @implements {CommandAudience} */
class FileAudience {
  #path
  #source
  /** The lines of each, in their order. @type {Map<string, number[]>} */
  #malformed = new Map()
  #linesKept = 0

  /**
   * @param {string} path
   * @param {LineSource} source
   */
  constructor (path, source) {
    this.#path = path
    this.#source = source
  }

  async count () {
    if (this.#source.size === undefined) return undefined
    const source = await LineSource.open(this.#path)
    let count = 0
    for await (const line of source.lines()) count += line ? 1 : 0
    return count
  }

  async * tokens () {
    for await (const { number, text, problem } of this.#source.lines()) {
      const token = problem === undefined ? tokenOf(text) : `(${problem})`
      if (!USUAL.test(token) && this.#linesKept < LINES_KEPT && isMalformed(token)) {
        this.#malformed.set(token, [...this.#malformed.get(token) ?? [], number])
        this.#linesKept++
      }
      yield token
    }
  }

  /** @param {string} token */
  lineOf (token) {
    return this.#malformed.get(token)?.shift()
  }

  close () {
    this.#source.close()
  }
}

/** @param {string} token */
function isMalformed (token) {
  try {
    normalizeToken(token)
    return false
  } catch {
    return true
  }
}
