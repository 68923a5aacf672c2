/**
 * What carries a push over HTTP/2: the connections of its client's pool, which all pushes share.
 */

/** @typedef {import('../push.js').Carried} Carried */

/** A push in the pool; an {@link import('../push.js').Carrier}. */
export class PoolCarrier {
  #pool
  #push
  #user

  /** Each notification has an answer of its own, so none is taken for accepted too soon. */
  remembered = 0
  listening = 0

  /**
   * @param {import('./pool.js').Http2Pool} pool
   * @param {import('../core.js').Http2Request} request
   * @param {Carried} push it goes by the pool's clock
   */
  constructor (pool, request, push) {
    this.#pool = pool
    this.#push = push
    this.#user = { ...push, request }
  }

  join () {
    this.#pool.join(this.#user)
  }

  pump () {
    this.#pool.pump()
  }

  /** @param {import('../core.js').Standing} standing */
  grow ({ hasWork }) {
    if (hasWork) this.#pool.grow()
  }

  abandon () {
    this.#pool.abandon()
  }

  leave () {
    this.#pool.leave(this.#user)
    this.#push.left()
  }

  hush () {}
}
