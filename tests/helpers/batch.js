/** A batch for tests that drive a link by themselves, as a client's push has one. */
import { Batch, payloadBytes } from '../../js/core.js'

/**
 * @param {string[]} tokens all of them fit
 * @param {Partial<import('../../js/core.js').BatchOptions> & { payload?: object }} [options]
 */
export function batchOf (tokens, { payload = { aps: {} }, ...options } = {}) {
  const batch = new Batch(payloadBytes(payload), {
    payloadLimit: 2048,
    expiration: undefined,
    priority: undefined,
    maxInFlight: tokens.length,
    maxAttempts: 1,
    breaker: 20,
    resendInDoubt: false,
    listAccepted: false,
    ...options
  }, 0)
  batch.push(tokens, 0)
  return batch
}
