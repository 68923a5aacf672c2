/**
 * What a payload says about its own notification.
 */

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
