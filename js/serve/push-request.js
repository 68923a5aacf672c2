/**
 * What a request for a push says, read from its body: whatever is wrong with it is said before anything is accepted.
 *
 * Not here: its form, which the route's schema checks.
 */
import { checkClientIds } from '../stores/values.js'
import { Problem } from './problem.js'

/** @typedef {Omit<import('../client.js').SendOptions, 'signal' | 'onProgress'>} Options */

/**
 * @typedef {object} PushBody
 * @property {string} [app]
 * @property {(string | number)[]} [clientIds]
 * @property {string[]} [tokens]
 * @property {object} [aps]
 * @property {object} [custom]
 * @property {object} [payload]
 * @property {Options} [options]
 */

/**
 * @typedef {object} PushRequest
 * @property {import('./apps.js').App} app
 * @property {string} payload JSON
 * @property {Options & { inDoubt: 'report' | 'resend' }} options
 * @property {string[]} clientIds each once
 * @property {string[]} tokens as they were given
 */

/**
 * @param {PushBody} body
 * @param {import('./apps.js').App} app
 * @returns {PushRequest}
 * @throws {Problem | import('../errors.js').BellpushError}
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
  app.client.check(text, options)
  return {
    app,
    payload: text,
    options: { ...options, inDoubt: options.inDoubt ?? app.inDoubt },
    clientIds: /** @type {string[]} */ (checkClientIds(clientIds)),
    tokens
  }
}

/**
 * @param {string} text a body that was found good
 * @returns {Pick<PushRequest, 'clientIds' | 'tokens'>}
 */
export function audienceOf (text) {
  const { clientIds = [], tokens = [] } = JSON.parse(text.replace(/^\uFEFF/, ''))
  return { clientIds: /** @type {string[]} */ (checkClientIds(clientIds)), tokens }
}
