/**
 * A part of a job's tokens, small enough to be written whole: which of them have settled, and what became of those that
 * were not accepted. It is the unit of what goes on after a crash: a chunk is called in flight, durably, before its
 * first token is sent.
 *
 *     waiting ──▶ in flight ──▶ settled
 *        ▲            │
 *        └────────────┘ what was surely not sent
 */

/** Tokens in a chunk. */
export const CHUNK = 512

export const states = Object.freeze({ waiting: 0, inFlight: 1, settled: 2 })

/**
 * What became of the token at a place of the chunk; accepted ones are not listed. `died`, of one that is dead:
 * milliseconds since 1970, 0 where the gateway did not say when.
 * @typedef {[index: number, outcome: string, reason: string | null, status: number | null, died?: number]} Other
 */

export class Chunk {
  /** @type {Other[]} */
  #others
  #settled
  #open

  /**
   * @param {object} row
   * @param {number} row.n its place in the job
   * @param {string[]} row.tokens
   * @param {(string | null)[]} [row.clients] whose they are; left out: they were given
   * @param {Buffer} [row.settled] a bit a token
   * @param {Other[]} [row.others]
   */
  constructor ({ n, tokens, clients, settled, others = [] }) {
    this.n = n
    this.tokens = tokens
    this.clients = clients
    this.#others = others
    this.#settled = settled ?? Buffer.alloc(Math.ceil(tokens.length / 8))
    this.#open = tokens.reduce((open, _, index) => open + (this.#has(index) ? 0 : 1), 0)
  }

  get isSettled () {
    return this.#open === 0
  }

  /** The places of the tokens that have not settled. */
  * open () {
    for (let index = 0; index < this.tokens.length; index++) if (!this.#has(index)) yield index
  }

  /**
   * @param {number} index
   * @param {string} outcome
   * @param {string | null} reason
   * @param {number | null} status
   * @param {number} [died]
   */
  settle (index, outcome, reason, status, died) {
    if (this.#has(index)) return
    this.#settled[index >> 3] |= 1 << (index & 7)
    this.#open--
    if (outcome === 'accepted') return
    this.#others.push(died === undefined ? [index, outcome, reason, status] : [index, outcome, reason, status, died])
  }

  /** Those that were found dead. @returns {{ token: string, diedAt: Date | null }[]} */
  dead () {
    return this.#others.flatMap(([index, , , , died]) => died === undefined
      ? []
      : [{ token: this.tokens[index], diedAt: died === 0 ? null : new Date(died) }])
  }

  /** What was not accepted, in the order of the tokens. */
  results () {
    return this.#others.toSorted(([a], [b]) => a - b).map(([index, outcome, reason, status]) => ({
      index, token: this.tokens[index], clientId: this.clients?.[index] ?? null, outcome, reason, status
    }))
  }

  /** What of its row changes as it goes. */
  progress () {
    return {
      settled: this.#settled.toString('base64'),
      others: this.#others.length > 0 ? JSON.stringify(this.#others) : null
    }
  }

  /** @param {number} index */
  #has (index) {
    return (this.#settled[index >> 3] & 1 << (index & 7)) !== 0
  }
}

/**
 * The rows of a job's new chunks.
 * @param {string} job
 * @param {number} n the first one's place
 * @param {import('../recipients.js').Recipients} recipients
 * @param {number} [state]
 */
export function chunkRows (job, n, { tokens, clients }, state = states.waiting) {
  const rows = []
  for (let at = 0; at < tokens.length; at += CHUNK) {
    const whose = clients.slice(at, at + CHUNK)
    rows.push({
      job,
      n: n + rows.length,
      state,
      tokens: tokens.slice(at, at + CHUNK).join('\n'),
      clients: whose.some(client => client !== null) ? JSON.stringify(whose) : null,
      settled: null,
      others: null
    })
  }
  return rows
}

/** @param {Record<string, any>} row */
export function chunkOf ({ n, tokens, clients, settled, others }) {
  return new Chunk({
    n: Number(n),
    tokens: tokens.split('\n'),
    clients: clients === null ? undefined : JSON.parse(clients),
    settled: settled === null ? undefined : Buffer.from(settled, 'base64'),
    others: others === null ? undefined : JSON.parse(others)
  })
}
