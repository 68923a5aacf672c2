/**
 * What is wrong with one request to the simulated HTTP/2 service, by the reason that Apple gives: a table of rules, the
 * first that is broken says it.
 *
 * Not here: dead tokens and faults (ledger.js), and who may send at all (http2-authorization.js).
 */

import { pushTypeNamed } from '../push-types.js'

/** Bytes of a token that anybody has seen, and more. */
const LONGEST_TOKEN = 100

/**
 * @typedef {object} Request
 * @property {string} method
 * @property {string} path
 * @property {string} token what the path ends with
 * @property {Map<string, string>} headers
 * @property {boolean} hasDuplicates a header came twice
 * @property {Buffer} payload
 * @property {string | undefined} certificateTopic the topic of the client certificate
 * @property {ReadonlySet<string>} topics bundle ids
 * @property {string | undefined} unauthorized the reason why its sender is refused
 */

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** @param {Request} request */
const topicOf = ({ headers, certificateTopic }) => headers.get('apns-topic') ?? certificateTopic
/** @param {Request} request */
const namedType = ({ headers }) => pushTypeNamed(headers.get('apns-push-type') ?? 'alert')
/** Once it is known that there is one. @param {Request} request */
const typeOf = request => /** @type {import('../push-types.js').PushType} */ (namedType(request))

/** @type {[reason: string, isBroken: (request: Request) => boolean][]} */
const rules = [
  ['BadPath', ({ path }) => !path.startsWith('/3/device/')],
  ['MethodNotAllowed', ({ method }) => method !== 'POST'],
  ['DuplicateHeaders', ({ hasDuplicates }) => hasDuplicates],
  ['MissingDeviceToken', ({ token }) => token === ''],
  ['BadDeviceToken', ({ token }) => !/^([0-9a-f]{2})+$/i.test(token) || token.length > 2 * LONGEST_TOKEN],
  ['BadMessageId', ({ headers }) => !UUID.test(headers.get('apns-id') ?? '00000000-0000-0000-0000-000000000000')],
  ['BadExpirationDate', ({ headers }) => !/^\d{1,10}$/.test(headers.get('apns-expiration') ?? '0')],
  ['BadCollapseId', ({ headers }) => Buffer.byteLength(headers.get('apns-collapse-id') ?? '') > 64],
  ['InvalidPushType', request => namedType(request) === undefined],
  ['BadPriority', request => {
    const priority = request.headers.get('apns-priority')
    return priority !== undefined && !typeOf(request).priorities.map(String).includes(priority)
  }],
  ['MissingTopic', request => topicOf(request) === undefined],
  ['BadTopic', request => !(topicOf(request) ?? '').endsWith(typeOf(request).suffix)],
  ['TopicDisallowed', request => {
    const topic = topicOf(request) ?? ''
    return !request.topics.has(topic.slice(0, topic.length - typeOf(request).suffix.length))
  }],
  ['PayloadEmpty', ({ payload }) => payload.length === 0],
  ['PayloadTooLarge', request => request.payload.length > typeOf(request).payloadLimit]
]

/**
 * @param {Request} request
 * @returns {string | undefined} the reason; nothing: it is in order
 */
export function faultOf (request) {
  return request.unauthorized ?? rules.find(([, isBroken]) => isBroken(request))?.[0]
}

/** Names that come twice in a flat list of names and values. @param {string[]} raw */
export function hasDuplicates (raw) {
  const names = raw.filter((_, index) => index % 2 === 0)
  return new Set(names).size < names.length
}
