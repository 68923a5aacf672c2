/**
 * What a request for a push says, read from its body: whatever is wrong with it is said before anything is accepted.
 *
 * Not here: its form, which the route's schema checks.
 */
import { checkPayload, payloadBytes } from '../core.js'
import { BellpushError } from '../errors.js'
import { checkClientIds } from '../stores/values.js'
import { Problem } from './problem.js'

/**
 * @typedef {object} PushBody
 * @property {string} [app]
 * @property {(string | number)[]} [clientIds]
 * @property {string[]} [tokens]
 * @property {object} [aps]
 * @property {object} [custom]
 * @property {object} [payload]
 * @property {{ expiration?: number, priority?: 5 | 10, inDoubt?: 'report' | 'resend', [http2: string]: unknown }}
 *   [options]
 */

/**
 * @typedef {object} PushRequest
 * @property {import('./apps.js').App} app
 * @property {string} payload JSON
 * @property {{ expiration?: number, priority?: 5 | 10, inDoubt: 'report' | 'resend' }} options of the client's `send`
 * @property {string[]} clientIds each once
 * @property {string[]} tokens as they were given
 */

/** Options that only HTTP/2 can say. */
const HTTP2 = ['pushType', 'topic', 'collapseId']

/**
 * @param {PushBody} body
 * @param {import('./apps.js').App} app
 * @returns {PushRequest}
 * @throws {Problem | BellpushError}
 */
export function readPush ({ clientIds = [], tokens = [], aps, custom, payload, options = {} }, app) {
  if (clientIds.length === 0 && tokens.length === 0) {
    throw new Problem('BELLPUSH_REQUEST_INVALID', 'body has neither clientIds nor tokens: whom is it for?')
  }
  if ((aps === undefined) === (payload === undefined)) {
    throw new Problem('BELLPUSH_REQUEST_INVALID', 'body must have either aps or payload')
  }
  if (custom !== undefined && (payload !== undefined || Object.hasOwn(custom, 'aps'))) {
    throw new Problem('BELLPUSH_REQUEST_INVALID', 'body/custom goes beside aps, and has no key aps itself')
  }
  const text = JSON.stringify(payload ?? { aps, ...custom })
  checkPayload(payloadBytes(text), app.payloadLimit)
  const unsayable = HTTP2.find(name => options[name] !== undefined)
  if (unsayable) {
    throw new BellpushError('BELLPUSH_OPTION_INVALID',
      `the app '${app.name}' has a gateway of the binary protocol, which cannot say options.${unsayable}`)
  }
  return {
    app,
    payload: text,
    options: {
      expiration: options.expiration,
      priority: options.priority,
      inDoubt: options.inDoubt ?? app.inDoubt
    },
    clientIds: /** @type {string[]} */ (checkClientIds(clientIds)),
    tokens
  }
}
