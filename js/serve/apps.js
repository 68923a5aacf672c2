/**
 * The apps that the sidecar pushes for, each with one client for as long as it lives: what a client has learnt (whether
 * dead tokens can be believed) is of use to the next push.
 */
import { Client } from '../client.js'
import { BellpushError } from '../errors.js'
import { Problem } from './problem.js'

/** Results that a report lists of each kind: those of the largest push that is answered with one, and more. */
const MAX_LISTED = 10_000

/** @typedef {import('./config.js').AppConfig} AppConfig */

export class App {
  /** What became of the latest attempt to reach the gateway: 'untried', 'ok' or the code of an error. */
  gateway = 'untried'

  /**
   * @param {AppConfig} config
   * @param {import('../stores/token-store.js').TokenStore} tokens
   */
  constructor ({ name, from, client }, tokens) {
    this.name = name
    this.inDoubt = client.inDoubt ?? 'report'
    try {
      this.client = new Client({ ...client, tokens, maxListed: MAX_LISTED })
    } catch (error) {
      if (!(error instanceof BellpushError)) throw error
      throw new BellpushError(error.code, `${from}: ${error.message}`, { cause: error })
    }
    this.client.setMaxListeners(0) // each job listens
    this.client.on('connect', () => { this.gateway = 'ok' })
  }

  /** @param {any} error that ended a push */
  failed (error) {
    if (UNREACHABLE.has(error?.code)) this.gateway = error.code
  }
}

const UNREACHABLE = new Set(['BELLPUSH_CREDENTIALS_REFUSED', 'BELLPUSH_SERVER_UNTRUSTED', 'BELLPUSH_NOT_TLS',
  'BELLPUSH_CONNECT_FAILED', 'BELLPUSH_CONNECT_TIMEOUT', 'BELLPUSH_CONNECTION_LOST', 'BELLPUSH_GATEWAY_FAILING'])

export class Apps {
  /** @type {Map<string, App>} */
  #apps

  /**
   * @param {AppConfig[]} configs
   * @param {import('../stores/token-store.js').TokenStore} tokens
   */
  constructor (configs, tokens) {
    this.#apps = new Map(configs.map(config => [config.name, new App(config, tokens)]))
  }

  [Symbol.iterator] () {
    return this.#apps.values()
  }

  /** @param {string} name */
  get (name) {
    return this.#apps.get(name)
  }

  /**
   * The app of a request.
   * @param {string | undefined} name may be left out where there is only one
   * @param {import('./keys.js').Caller} caller
   * @returns {App}
   * @throws {Problem} BELLPUSH_APP_UNKNOWN, BELLPUSH_APP_FORBIDDEN
   */
  of (name, caller) {
    if (name === undefined && this.#apps.size > 1) {
      const mine = [...this.#apps.keys()].filter(caller.maySee)
      throw new Problem('BELLPUSH_REQUEST_INVALID', `body/app is missing: there are ${mine.join(', ') || 'several'}`)
    }
    const app = name === undefined ? [...this][0] : this.#apps.get(name)
    // Whether an app exists is nothing for somebody who may not use it.
    if (app === undefined && caller.maySee(name ?? '')) {
      throw new Problem('BELLPUSH_APP_UNKNOWN', `there is no app '${name}'; there are ` +
        [...this.#apps.keys()].filter(caller.maySee).join(', '))
    }
    if (app === undefined || !caller.maySee(app.name)) {
      throw new Problem('BELLPUSH_APP_FORBIDDEN', `this key is not for the app '${app?.name ?? name}'`)
    }
    return app
  }

  async close () {
    await Promise.all([...this].map(app => app.client.close()))
  }

  destroy () {
    for (const app of this) app.client.destroy()
  }
}
