/**
 * What the old protocol leaves unsaid, and HTTP/2 wants to hear: push type and priority.
 */
import { priorityOf, requestOf } from '../notification.js'
import { pushTypes } from '../push-types.js'

/** Suffixes of topics and their push types; the longest first, since one may end in another. */
const SUFFIXES = Object.entries(pushTypes)
  .filter(([, { suffix }]) => suffix !== '')
  .map(([type, { suffix }]) => ({ type, suffix }))
  .sort((a, b) => b.suffix.length - a.suffix.length)

/** How the topic of a certificate begins that is for the management of devices. */
const MANAGEMENT = 'com.apple.mgmt.'

/**
 * The push type that a topic is for, where it is for one only: Apple's certificates for calls say `….voip`.
 * @param {string | undefined} topic
 * @returns {string | undefined}
 */
export function pushTypeOfTopic (topic = '') {
  if (topic.startsWith(MANAGEMENT)) return 'mdm'
  return SUFFIXES.find(({ suffix }) => topic.endsWith(suffix))?.type
}

/**
 * Bytes of the largest payload that may go to a topic.
 * @param {string | undefined} topic
 */
export function payloadLimitOfTopic (topic) {
  return pushTypes[pushTypeOfTopic(topic) ?? 'alert'].payloadLimit
}

/**
 * The push type follows from the topic; where that is for several, it is `background` for a payload that only says
 * content-available, else `alert`. A priority that the push type does not allow is left out: commands 0 and 1 always
 * mean 10, and Apple refuses that for `background`.
 * @param {Uint8Array} payload
 * @param {number | undefined} priority
 * @param {string | undefined} topic
 */
export function requestOfFrame (payload, priority, topic) {
  const pushType = pushTypeOfTopic(topic) ?? (priorityOf(payload) === undefined ? 'alert' : 'background')
  const allowed = priority !== undefined && pushTypes[pushType].priorities.includes(priority)
  return requestOf(payload, { topic, pushType, priority: allowed ? priority : undefined })
}
