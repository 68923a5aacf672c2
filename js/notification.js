/**
 * What a payload says about its own notification.
 */

/** What makes a notification visible or audible. */
const NOTICEABLE = ['alert', 'badge', 'sound']

/**
 * Apple, "Binary Provider API": a push that only says content-available must have priority 5, and 10 is an error.
 * @param {object | string | Uint8Array} payload
 * @returns {5 | undefined} undefined: the gateway's own default
 */
export function priorityOf (payload) {
  const aps = /** @type {any} */ (payload)?.aps
  if (typeof aps !== 'object' || aps === null || !aps['content-available']) return undefined
  return NOTICEABLE.some(key => key in aps) ? undefined : 5
}
