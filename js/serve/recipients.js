/**
 * Whom a push is for: tokens that were given and those of clients, each once, and whose they are.
 */
import { canonicalOr } from '../stores/spellings.js'

/**
 * Tokens in the order in which they are pushed to.
 * @typedef {object} Recipients
 * @property {string[]} tokens
 * @property {(string | null)[]} clients by the tokens' places; null: the token was given
 */

/** What a line of the journal or a database cannot hold, or nobody wants to: no token is like that. */
const UNKEPT = /[\n\0]|\p{Surrogate}|^.{1001}/su
const NO_TOKEN = '(no token)'

const CANONICAL = /^(?:[0-9a-f]{2}){1,100}$/

/** Collects tokens, each once whatever its spelling. */
export class RecipientList {
  /** @type {Recipients} */
  recipients = { tokens: [], clients: [] }
  #seen = new Set()
  #clients = new Set()

  /** @param {string[]} tokens as they were given */
  addTokens (tokens) {
    for (const token of tokens) this.#add(token, null)
  }

  /** @param {import('../stores/token-store.js').Entry} entry */
  addEntry ({ token, clientId }) {
    this.#clients.add(clientId)
    this.#add(token, clientId)
  }

  get size () {
    return this.#seen.size
  }

  /** Takes what was collected since; what has been seen stays seen. */
  take () {
    const { recipients } = this
    this.recipients = { tokens: [], clients: [] }
    return recipients
  }

  /**
   * @param {string[]} clientIds
   * @returns {string[]} those that have no token
   */
  unknown (clientIds) {
    return clientIds.filter(id => !this.#clients.has(id))
  }

  /**
   * @param {string} token
   * @param {string | null} client
   */
  #add (token, client) {
    // Nearly every token is canonical, and then nothing else needs to be asked.
    const isCanonical = CANONICAL.test(token)
    const text = !isCanonical && UNKEPT.test(token) ? NO_TOKEN : token
    const key = isCanonical ? text : canonicalOr(text)
    if (this.#seen.has(key)) return
    this.#seen.add(key)
    this.recipients.tokens.push(text)
    this.recipients.clients.push(client)
  }
}

/**
 * @param {import('./look-up.js').LookUp} lookUp
 * @param {{ clientIds: string[], tokens: string[] }} audience
 * @param {number} most
 * @returns {Promise<{ recipients: Recipients, unknown: string[] } | undefined>} undefined: there are more than that
 */
export async function gather (lookUp, { clientIds, tokens }, most) {
  if (tokens.length > most) return undefined
  const list = new RecipientList()
  list.addTokens(tokens)
  if (clientIds.length > 0) {
    for await (const entry of await lookUp.entriesOf(clientIds)) {
      list.addEntry(entry)
      if (list.size > most) return undefined
    }
  }
  return { recipients: list.recipients, unknown: list.unknown(clientIds) }
}
