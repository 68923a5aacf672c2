/**
 * Tells another program what happened: jobs that are over, dead tokens that were removed. What is to be told is in the
 * journal until the other one has said 2xx: at least once, perhaps twice, each with an id by which a repeat is known.
 */
import { createHmac, randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'

/** Milliseconds between two looks at what is due; and how often removed tokens are gathered into one call. */
const LOOK_INTERVAL = 1_000

/** Milliseconds that the other program gets to answer; its call is nobody else's for a while longer. */
const ANSWER_TIMEOUT = 10_000
const CLAIM = 30_000

/** Milliseconds before a call is tried again, doubled each time up to the longest; and when it is given up. */
const FIRST_WAIT = 2_000
const LONGEST_WAIT = 3_600_000
const GIVEN_UP = 3 * 86_400_000

/** Calls at once; tokens in one call, and tokens that wait for the database at most. */
const AT_ONCE = 8
const TOKENS_A_CALL = 500
const TOKENS_HELD = 100_000

/** @typedef {{ id: string, event: string, body: string, created_at: number, due_at: number, tries: number }} Call */

export class Webhook {
  #parts
  /** Removed tokens that are not in the journal yet. @type {{ app: string, token: string }[]} */
  #removed = []
  #closing = new AbortController()
  /** @type {Promise<void>} */
  #loop = Promise.resolve()

  /**
   * @param {object} parts
   * @param {string} parts.url
   * @param {string} parts.secret
   * @param {import('./journal/journal.js').Journal} parts.journal
   * @param {import('./metrics.js').Metrics} parts.metrics
   * @param {import('fastify').FastifyBaseLogger} parts.log
   */
  constructor (parts) {
    this.#parts = parts
  }

  /**
   * A call to be written into the journal.
   * @param {string} event
   * @param {object} what
   * @returns {Call}
   */
  call (event, what) {
    const id = randomUUID()
    const now = Date.now()
    const body = JSON.stringify({ id, event, at: new Date(now).toISOString(), ...what })
    return { id, event, body, created_at: now, due_at: now, tries: 0 }
  }

  /**
   * @param {string} app
   * @param {string} token
   */
  removed (app, token) {
    if (this.#removed.length < TOKENS_HELD) this.#removed.push({ app, token })
  }

  start () {
    this.#loop = this.#look()
  }

  /** Waits for calls under way, and writes down what is to be told. */
  async close () {
    this.#closing.abort()
    await this.#loop
    await this.#gather().catch(error => this.#parts.log.error({ err: error }, 'removed tokens will not be told'))
  }

  async #look () {
    const { log } = this.#parts
    const { signal } = this.#closing
    while (!signal.aborted) {
      try {
        await this.#gather()
        while (await this.#tell() === AT_ONCE && !signal.aborted);
      } catch (error) {
        log.warn({ err: error }, 'the webhook waits for the database')
      }
      await setTimeout(LOOK_INTERVAL, undefined, { signal }).catch(() => {})
    }
  }

  /** Removed tokens, by app, into the journal. */
  async #gather () {
    while (this.#removed.length > 0) {
      const [{ app }] = this.#removed
      const some = this.#removed.filter(removed => removed.app === app).slice(0, TOKENS_A_CALL)
      await this.#parts.journal.addCall(this.call('tokens.removed', { app, tokens: some.map(({ token }) => token) }))
      const told = new Set(some)
      this.#removed = this.#removed.filter(removed => !told.has(removed))
    }
  }

  /** @returns {Promise<number>} how many calls were due */
  async #tell () {
    const { journal } = this.#parts
    const due = await journal.dueCalls(Date.now(), AT_ONCE)
    await Promise.all(due.map(async call => {
      if (await journal.claimCall(call, Date.now() + CLAIM)) await this.#send(call)
    }))
    return due.length
  }

  /** @param {Call} call that was claimed */
  async #send (call) {
    const { url, journal, metrics, log } = this.#parts
    const failure = await this.#post(call)
    metrics.webhooks.inc({ outcome: failure === undefined ? 'told' : 'failed' })
    if (failure === undefined) return await journal.removeCall(call.id)
    const host = new URL(url).host
    if (Date.now() - call.created_at > GIVEN_UP) {
      log.error({ call: call.id, event: call.event, host, failure }, 'the webhook is given up for this one')
      return await journal.removeCall(call.id)
    }
    log.warn({ call: call.id, event: call.event, host, failure, tries: call.tries + 1 }, 'the webhook failed')
    const wait = Math.min(FIRST_WAIT * 2 ** Math.min(call.tries, 20), LONGEST_WAIT) * (0.5 + Math.random() / 2)
    await journal.postponeCall(call.id, Date.now() + wait)
  }

  /**
   * @param {Call} call
   * @returns {Promise<string | undefined>} why it failed
   */
  async #post ({ id, event, body }) {
    const { url, secret } = this.#parts
    const time = Math.floor(Date.now() / 1000)
    const signature = createHmac('sha256', secret).update(`${time}.${body}`).digest('hex')
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'user-agent': 'bellpush',
          'bellpush-id': id,
          'bellpush-event': event,
          'bellpush-signature': `t=${time},v1=${signature}`
        },
        body,
        redirect: 'error',
        signal: AbortSignal.timeout(ANSWER_TIMEOUT)
      })
      await answer.body?.cancel()
      return answer.ok ? undefined : `status ${answer.status}`
    } catch (error) {
      const { message, cause } = /** @type {Error} */ (error)
      return cause instanceof Error ? `${message}: ${cause.message}` : message
    }
  }
}
