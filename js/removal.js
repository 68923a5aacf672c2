/**
 * Removing dead tokens from the token store, carefully.
 *
 * The core calls a token dead when two connections did. That is still no proof: with the wrong environment or the wrong
 * application every token is "invalid". So a token is removed only once this client has seen more tokens accepted than
 * called dead, and never from a push that was stopped because most were refused.
 */

import { unlessAborted } from './abort.js'

/** Tokens removed at once. */
const BATCH = 500

export class Removal {
  #store
  #removed
  #signal
  #accepted = 0
  #dead = 0

  /**
   * @param {Pick<import('./stores/token-store.js').TokenStore, 'removeMany' | 'dated'>} store
   * @param {(token: string) => void} removed called for each token that is gone; must not throw
   * @param {AbortSignal} signal once it is aborted, the store is not waited for any more
   */
  constructor (store, removed, signal) {
    this.#store = store
    this.#removed = removed
    this.#signal = signal
  }

  /**
   * @param {import('./report.js').ReportBuilder} builder
   * @param {number} [startedAt] milliseconds since 1970: when the push began, if that was not now
   */
  begin (builder, startedAt) {
    return new PushRemoval(this, builder, startedAt)
  }

  /** Whether a removal spares what was registered since. */
  get isDated () {
    return this.#store.dated
  }

  /**
   * @param {number} accepted
   * @param {number} dead
   */
  learn (accepted, dead) {
    this.#accepted += accepted
    this.#dead += dead
  }

  get isTrusted () {
    return this.#accepted > this.#dead
  }

  /**
   * @param {{ token: string, foundAt: number }[]} dead `foundAt`: milliseconds since 1970; one that was registered
   *   after that is another matter
   * @param {import('./report.js').ReportBuilder} builder
   */
  async remove (dead, builder) {
    // A table that does not know when tokens were registered loses them all the same: they were dead a moment ago.
    const dated = this.#store.dated
    /** @type {Set<string>} */
    let gone = new Set()
    try {
      gone = new Set(await unlessAborted(this.#signal, async () =>
        this.#store.removeMany(dead.map(({ token, foundAt }) =>
          ({ token, unlessSince: dated ? foundAt : undefined })))))
    } catch (error) {
      builder.removalFailed(/** @type {Error} */ (error))
    }
    for (const { token } of dead) {
      if (gone.has(token)) {
        builder.addRemoved(token)
        this.#removed(token)
      } else {
        builder.addKept(token)
      }
    }
  }
}

/** The dead tokens of one push. */
export class PushRemoval {
  #removal
  #builder
  /** When its tokens were read, or earlier. */
  #startedAt
  /** @type {{ token: string, foundAt: number, isSure: boolean }[]} */
  #dead = []

  /**
   * @param {Removal} removal
   * @param {import('./report.js').ReportBuilder} builder
   * @param {number} [startedAt]
   */
  constructor (removal, builder, startedAt = Date.now()) {
    this.#removal = removal
    this.#builder = builder
    this.#startedAt = startedAt
  }

  /**
   * @param {string} token
   * @param {Date | null} diedAt where the gateway said so: then it was a token of this application
   */
  add (token, diedAt) {
    this.#dead.push({ token, foundAt: diedAt?.getTime() ?? this.#startedAt, isSure: diedAt !== null })
  }

  /**
   * @param {{ accepted: number }} counts
   * @param {boolean} mostlyRefused
   */
  async finish (counts, mostlyRefused) {
    this.#removal.learn(counts.accepted, this.#dead.filter(({ isSure }) => !isSure).length)
    const isTrusted = !mostlyRefused && this.#removal.isTrusted
    for (const { token, isSure } of this.#dead) if (!isSure && !isTrusted) this.#builder.addKept(token)
    const gone = this.#dead.filter(({ isSure }) => isSure || isTrusted)
    for (let at = 0; at < gone.length; at += BATCH) {
      await this.#removal.remove(gone.slice(at, at + BATCH), this.#builder)
    }
  }
}
