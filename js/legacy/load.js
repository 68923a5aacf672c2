/**
 * What all connections of the legacy gateway hold together, and whether that is too much. It is kept at every step and
 * not counted once a turn: in one turn, each of very many connections may bring much.
 */

/** Notifications whose verdict is to come, and runs, in the whole gateway: beyond them connections wait. */
const MOST_OPEN = 262_144
const MOST_RUNS = 1_024

export class Load {
  #open = 0
  #runs = 0

  get isTooMuch () { return this.#open > MOST_OPEN || this.#runs > MOST_RUNS }

  /** @param {number} open how many more than before @param {number} runs likewise */
  add (open, runs) {
    this.#open += open
    this.#runs += runs
  }
}
