/**
 * API keys: who may push for which apps.
 */
import { createHash, timingSafeEqual } from 'node:crypto'

/**
 * @typedef {object} Caller
 * @property {string} name for the log
 * @property {(app: string) => boolean} maySee
 */

/** Whoever calls where there are no keys. @type {Caller} */
export const anybody = { name: 'anybody', maySee: () => true }

export class Keys {
  /** @type {{ hash: Buffer, caller: Caller }[]} */
  #keys

  /** @param {{ name: string, key: string, apps?: string[] }[]} keys `apps` undefined: all */
  constructor (keys) {
    this.#keys = keys.map(({ name, key, apps }) =>
      ({ hash: hashOf(key), caller: { name, maySee: app => apps?.includes(app) ?? true } }))
  }

  get isEmpty () {
    return this.#keys.length === 0
  }

  /**
   * Takes the same time whichever key it is, and whether it is one: hashes of one length are compared, with all.
   * @param {string} key
   * @returns {Caller | undefined}
   */
  find (key) {
    const hash = hashOf(key)
    let found
    for (const { hash: known, caller } of this.#keys) {
      if (timingSafeEqual(hash, known)) found = caller
    }
    return found
  }
}

/** @param {string} key */
const hashOf = key => createHash('sha256').update(key).digest()
