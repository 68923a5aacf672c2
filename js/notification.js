/**
 * What a payload says about its own notification, and what a request says beside it: checked by the table of push types
 * before anything is sent.
 *
 * Not here: the table (push-types.js), and whether a payload is JSON, which the core checks.
 */

import { BellpushError } from './errors.js'
import { broadcastType, pushTypeNamed, pushTypes } from './push-types.js'

/** What makes a notification visible or audible. */
const NOTICEABLE = ['alert', 'badge', 'sound']

/** Apple: "The value of this key must not exceed 64 bytes." */
const LONGEST_COLLAPSE_ID = 64

/** Bytes of a topic: no bundle id is nearly so long. */
const LONGEST_TOPIC = 255

/**
 * The payload as the phone will read it.
 * @param {object | string | Uint8Array} payload
 * @returns {any} undefined: it is no JSON object, which is said elsewhere
 */
function contentOf (payload) {
  try {
    const isText = typeof payload === 'string'
    const content = JSON.parse(isText
      ? payload
      : payload instanceof Uint8Array ? new TextDecoder().decode(payload) : JSON.stringify(payload))
    return typeof content === 'object' && content !== null ? content : undefined
  } catch {
    return undefined
  }
}

/** `aps`, or an empty object where that is none. @param {any} content */
const apsOf = content => typeof content?.aps === 'object' && content.aps !== null ? content.aps : {}

/**
 * Apple, "Binary Provider API": a push that only says content-available must have priority 5, and 10 is an error.
 * @param {object | string | Uint8Array} payload
 * @returns {5 | undefined} undefined: the gateway's own default
 */
export function priorityOf (payload) {
  return isSilent(apsOf(contentOf(payload))) ? 5 : undefined
}

/** @param {any} aps */
const isSilent = aps => Boolean(aps['content-available']) && !NOTICEABLE.some(key => key in aps)

/**
 * What the headers of a request say.
 * @typedef {object} Headers
 * @property {string} [topic] the bundle id, with or without the suffix of the push type
 * @property {string} [pushType] if left out: `background` for a payload that only says content-available, else `alert`
 * @property {number} [priority]
 * @property {string} [collapseId] 64 bytes at most
 * @property {string} [id] a UUID, `apns-id`
 */

/**
 * Who sends: what the rules of push types and topics need to know of it.
 * @typedef {object} Sender
 * @property {'token' | 'certificate' | 'nobody'} [speaks] `nobody`: a private gateway may know us by something else
 * @property {string} [uid] of the certificate's subject: Apple writes the topic there
 */

/**
 * @param {object | string | Uint8Array} payload
 * @param {Headers} headers
 * @param {Sender} [sender]
 * @returns {{ request: import('./core.js').Http2Request, priority: number | undefined, payloadLimit: number }}
 * @throws {BellpushError} BELLPUSH_NOTIFICATION_INVALID
 */
export function requestOf (payload, { topic, pushType, priority, collapseId, id }, sender = {}) {
  const content = contentOf(payload)
  const name = pushType ?? (isSilent(apsOf(content)) ? 'background' : 'alert')
  const rules = pushTypeNamed(name)
  if (rules === undefined) {
    const shown = /^[\w-]{1,40}$/.test(name) ? `push type '${name}'` : 'such push type'
    throw invalid(`there is no ${shown}: there are ${Object.keys(pushTypes).join(', ')}`)
  }
  const what = `the push type ${name}`
  if (rules.tokenOnly && sender.speaks === 'certificate') {
    throw invalid(`${what} wants a provider token, not a certificate: auth as { key, keyId, teamId }`)
  }
  checkPriority(what, rules, priority)
  checkPayload(what, rules, content)
  if (collapseId !== undefined) checkCollapseId(collapseId)
  if (id !== undefined) checkId(id)
  return {
    request: {
      topic: topicOf(topic, what, rules, sender),
      pushType: name,
      collapseId,
      id: id?.toLowerCase()
    },
    priority: priority ?? rules.priority,
    payloadLimit: rules.payloadLimit
  }
}

/**
 * What is wrong with a broadcast to a channel, before it is sent.
 * @param {object | string | Uint8Array} payload
 * @param {{ priority?: number, id?: string }} headers
 * @returns {{ payloadLimit: number }}
 * @throws {BellpushError} BELLPUSH_NOTIFICATION_INVALID
 */
export function checkBroadcast (payload, { priority, id }) {
  checkPriority('a broadcast', broadcastType, priority)
  checkPayload('a broadcast', broadcastType, contentOf(payload))
  if (id !== undefined) checkId(id)
  return { payloadLimit: broadcastType.payloadLimit }
}

/**
 * @param {string} what
 * @param {import('./push-types.js').PushType} rules
 * @param {number | undefined} priority
 */
function checkPriority (what, { priorities }, priority) {
  if (priority === undefined || priorities.includes(priority)) return
  throw invalid(`${what} wants the priority ${priorities.join(' or ')}, found ${priority}`)
}

/**
 * @param {string} what
 * @param {import('./push-types.js').PushType} rules
 * @param {any} content
 */
function checkPayload (what, { payload }, content) {
  if (content === undefined) return
  const aps = apsOf(content)
  for (const { key, fits, wants } of payload) {
    const isOwn = key.startsWith('/')
    const value = isOwn ? content[key.slice(1)] : aps[key]
    if (fits(value, aps, content)) continue
    throw invalid(`${what} wants a payload in which ${isOwn ? key.slice(1) : `aps.${key}`} is ${wants}; ` +
      (value === undefined ? 'it is not there' : `it is ${kindOf(value)}`))
  }
}

/** @param {unknown} value */
function kindOf (value) {
  if (value === null || typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `another ${typeof value}`
}

/**
 * @param {string | undefined} topic
 * @param {string} what
 * @param {import('./push-types.js').PushType} rules
 * @param {Sender} sender
 * @returns {string | undefined} with the suffix; undefined: Apple takes it from the certificate
 */
function topicOf (topic, what, { suffix, topicPrefix }, { speaks, uid }) {
  // "APNs uses the app's bundle ID as the default topic", of certificates.
  const given = topic ?? (suffix === '' ? undefined : uid)
  if (given === undefined) {
    if (speaks === 'token' || suffix !== '') {
      throw invalid(`${what} wants a topic${speaks === 'token' ? ' where a provider token speaks for you' : ''}: ` +
        `${topicPrefix === undefined ? 'the bundle id of the app' : "the UID of the certificate's subject"}`)
    }
    return undefined
  }
  checkTopic(given)
  if (topicPrefix !== undefined && !given.startsWith(topicPrefix)) {
    throw invalid(`${what} wants a topic that begins with ${topicPrefix}: the UID of its certificate's subject`)
  }
  if (topicPrefix !== undefined && uid !== undefined && given !== uid) {
    throw invalid(`${what} wants the topic of its certificate, ${uid}, found '${given}'`)
  }
  return given.endsWith(suffix) ? given : given + suffix
}

/**
 * That it can be a header field, and the end of a path.
 * @param {string} topic
 * @throws {BellpushError} BELLPUSH_NOTIFICATION_INVALID
 */
export function checkTopic (topic) {
  if (/^[\w.-]+$/.test(topic) && topic.length <= LONGEST_TOPIC) return
  const fault = topic.length > LONGEST_TOPIC ? `${topic.length} characters` : 'something else'
  throw invalid(`a topic is a bundle id, of up to ${LONGEST_TOPIC} letters, digits, dots and hyphens: found ${fault}`)
}

/** @param {string} collapseId */
function checkCollapseId (collapseId) {
  const bytes = Buffer.byteLength(collapseId)
  if (bytes > LONGEST_COLLAPSE_ID) throw invalid(`collapseId may have ${LONGEST_COLLAPSE_ID} bytes, found ${bytes}`)
  // eslint-disable-next-line no-control-regex
  if (collapseId.trim() === collapseId && !/^$|[\0-\x1f\x7f]/.test(collapseId)) return
  throw invalid('collapseId must be a text without line breaks, and without spaces at its ends')
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** @param {string} id */
function checkId (id) {
  if (!UUID.test(id)) throw invalid('id must be a UUID, like 123e4567-e89b-12d3-a456-42665544000a')
}

/** @param {string} message */
const invalid = message => new BellpushError('BELLPUSH_NOTIFICATION_INVALID', message)
