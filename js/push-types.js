/**
 * Apple's push types as a table: the topic that each wants, the priorities that it allows, and how large it may be.
 *
 * Source: Apple, "Sending notification requests to APNs" and "Generating a remote notification".
 */

/** Bytes of a payload, if its push type says nothing else. */
const USUAL_SIZE = 4096

/** Bytes of the payload of a call. */
const LARGE_SIZE = 5120

/**
 * @typedef {object} PushType
 * @property {string} suffix of the topic, behind the bundle id
 * @property {number[]} priorities that are allowed; the first is meant where none is given
 * @property {number} payloadLimit bytes
 * @property {boolean} [tokenOnly] a client certificate is not enough: only a provider token will do
 */

/** @param {string} suffix @param {Partial<PushType>} [special] @returns {PushType} */
const type = (suffix, special) => ({ suffix, priorities: [10, 5, 1], payloadLimit: USUAL_SIZE, ...special })

/** @type {Readonly<Record<string, PushType>>} */
export const pushTypes = Object.freeze({
  alert: type(''),
  background: type('', { priorities: [5, 1] }),
  location: type('.location-query', { tokenOnly: true }),
  voip: type('.voip', { payloadLimit: LARGE_SIZE }),
  complication: type('.complication'),
  fileprovider: type('.pushkit.fileprovider'),
  mdm: type(''),
  liveactivity: type('.push-type.liveactivity'),
  pushtotalk: type('.voip-ptt'),
  widgets: type('.push-type.widgets'),
  controls: type('.push-type.controls')
})
