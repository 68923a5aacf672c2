/** `bellpush/simulator`: a local APNs for tests, and certificates for them. */

export { Simulator } from './simulator.js'
export { createAuthority } from './certificates.js'

/**
 * @typedef {import('./simulator.js').SimulatorOptions} SimulatorOptions
 * @typedef {import('./simulator.js').NotificationEvent} NotificationEvent
 * @typedef {import('./simulator.js').AcceptedEvent} AcceptedEvent
 * @typedef {import('./ledger.js').Counts} Counts
 * @typedef {import('./http2-session.js').Http2Behaviour} Http2Behaviour
 * @typedef {import('./http2-authorization.js').SigningKey} SigningKey
 */
