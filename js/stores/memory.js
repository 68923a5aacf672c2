/**
 * Tokens in the memory of this process, for tests, for small installations that load them at start, and as the
 * reference that the other stores must agree with. Nothing survives the process.
 */

/** @implements {Pick<import('./token-store.js').Backend, keyof import('./token-store.js').Backend>} */
export class MemoryBackend {
  /** @type {Map<string, { clientId: string, registeredAt: number }>} */
  #tokens = new Map()
  /** @type {Map<string, Set<string>>} */
  #clients = new Map()

  dated = true

  async removesByTime () {
    return true
  }

  /** @param {import('./token-store.js').Checked[]} page */
  async putPage (page) {
    for (const { clientId, token, at, keepTime } of page) {
      const known = this.#tokens.get(token)
      if (keepTime && known?.clientId === clientId) continue
      if (known && known.clientId !== clientId) this.#leave(known.clientId, token)
      this.#tokens.set(token, { clientId, registeredAt: at })
      const tokens = this.#clients.get(clientId)
      if (tokens) tokens.add(token)
      else this.#clients.set(clientId, new Set([token]))
    }
  }

  /** @param {string[]} [clientIds] */
  async * list (clientIds) {
    // A copy, because whoever lists may remove a token and put it back: the live set would show it again.
    yield * clientIds?.flatMap(clientId => [...this.#clients.get(clientId) ?? []]) ?? [...this.#tokens.keys()]
  }

  /** @param {string[]} [clientIds] */
  async * entries (clientIds) {
    for await (const token of this.list(clientIds)) {
      const known = this.#tokens.get(token)
      if (known) yield { token, ...known }
    }
  }

  /** @param {import('./token-store.js').DeadToken[]} tokens */
  async remove (tokens) {
    return tokens.filter(({ token, unlessSince = Infinity }) => {
      const known = this.#tokens.get(token)
      if (!known || known.registeredAt > unlessSince) return false
      this.#leave(known.clientId, token)
      return this.#tokens.delete(token)
    })
  }

  /** @param {string} clientId */
  async removeClient (clientId) {
    const tokens = this.#clients.get(clientId) ?? []
    let removed = 0
    for (const token of tokens) removed += Number(this.#tokens.delete(token))
    this.#clients.delete(clientId)
    return removed
  }

  /** @param {string[]} [clientIds] */
  async count (clientIds) {
    if (clientIds === undefined) return this.#tokens.size
    return clientIds.reduce((sum, clientId) => sum + (this.#clients.get(clientId)?.size ?? 0), 0)
  }

  async close () {
    this.#tokens.clear()
    this.#clients.clear()
  }

  /**
   * @param {string} clientId
   * @param {string} token
   */
  #leave (clientId, token) {
    const tokens = this.#clients.get(clientId)
    tokens?.delete(token)
    if (tokens?.size === 0) this.#clients.delete(clientId)
  }
}
