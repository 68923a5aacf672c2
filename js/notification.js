/**
 * What a payload says about its own notification.
 */

import { BellpushError } from './errors.js'
import { pushTypes } from './push-types.js'

/** What makes a notification visible or audible. */
const NOTICEABLE = ['alert', 'badge', 'sound']

/**
 * @param {object | string | Uint8Array} payload
 * @returns {any} an empty object for what is none: that it is none is said elsewhere
 */
function objectOf (payload) {
  if (typeof payload !== 'string' && !(payload instanceof Uint8Array)) return payload ?? {}
  try {
    return JSON.parse(typeof payload === 'string' ? payload : new TextDecoder().decode(payload)) ?? {}
  } catch {
    return {}
  }
}

/**
 * Apple, "Binary Provider API": a push that only says content-available must have priority 5, and 10 is an error.
 * @param {object | string | Uint8Array} payload
 * @returns {5 | undefined} undefined: the gateway's own default
 */
export function priorityOf (payload) {
  const { aps } = objectOf(payload)
  if (typeof aps !== 'object' || aps === null || !aps['content-available']) return undefined
  return NOTICEABLE.some(key => key in aps) ? undefined : 5
}

/**
 * What the headers of a request say, checked by the table of push types before anything is sent.
 * @typedef {object} Headers
 * @property {string} [topic] the bundle id, with or without the suffix of the push type
 * @property {string} [pushType] if left out: `background` for a payload that only says content-available, else `alert`
 * @property {number} [priority]
 * @property {string} [collapseId] 64 bytes at most
 * @property {string} [id] a UUID, `apns-id`
 */

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * @param {object | string | Uint8Array} payload
 * @param {Headers} headers
 * @returns {{ request: import('./core.js').Http2Request, priority: number | undefined, payloadLimit: number }}
 * @throws {BellpushError} BELLPUSH_NOTIFICATION_INVALID
 */
export function requestOf (payload, { topic, pushType, priority, collapseId, id }) {
  const type = pushType ?? (priorityOf(payload) === undefined ? 'alert' : 'background')
  const rules = Object.hasOwn(pushTypes, type) ? pushTypes[type] : undefined
  if (rules === undefined) {
    throw invalid(`there is no push type '${type}': there are ${Object.keys(pushTypes).join(', ')}`)
  }
  if (priority !== undefined && !rules.priorities.includes(priority)) {
    throw invalid(`the push type ${type} wants the priority ${rules.priorities.join(' or ')}, found ${priority}`)
  }
  if (collapseId !== undefined && Buffer.byteLength(collapseId) > 64) {
    throw invalid(`collapseId may have 64 bytes, found ${Buffer.byteLength(collapseId)}`)
  }
  if (id !== undefined && !UUID.test(id)) throw invalid('id must be a UUID, like 123e4567-e89b-12d3-a456-42665544000a')
  return {
    request: {
      topic: topic === undefined || topic.endsWith(rules.suffix) ? topic : topic + rules.suffix,
      pushType: type,
      collapseId,
      id: id?.toLowerCase()
    },
    priority: priority ?? (type === 'background' ? 5 : undefined),
    payloadLimit: rules.payloadLimit
  }
}

/** @param {string} message */
const invalid = message => new BellpushError('BELLPUSH_NOTIFICATION_INVALID', message)
