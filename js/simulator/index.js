/** `bellpush/simulator`: a local APNs for tests, and certificates for them. */

export { Simulator } from './simulator.js'
export { createAuthority } from './certificates.js'
