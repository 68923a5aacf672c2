/**
 * Every fault of the simulated HTTP/2 service at the fifth of twenty, over real TLS: none is lost, none comes twice,
 * and the report says what is known and not more.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Client } from '../js/client.js'
import { Simulator } from '../js/simulator/index.js'
import { reasons } from '../js/simulator/http2-faults.js'
import { simulatorDir } from './helpers/kept.js'
import { ring, tokens } from './helpers/ring.js'

/** What the report counts where only some of the counts are not 0. */
const counts = (/** @type {Record<string, number>} */ some) =>
  ({ accepted: 0, rejected: 0, exhausted: 0, expired: 0, inDoubt: 0, notSent: 0, ...some })

const accepted = counts({ accepted: 20 })
const rejected = counts({ accepted: 19, rejected: 1 })
const oneInDoubt = counts({ accepted: 19, inDoubt: 1 })

/** What is said of one notification, and passes or not. Every other reason stops the push. */
const ofOne = /** @type {Record<string, object>} */ ({
  BadDeviceToken: accepted, // another connection does not say so
  DeviceTokenNotForTopic: rejected,
  MissingDeviceToken: rejected,
  ExpiredToken: rejected,
  Unregistered: rejected,
  TooManyRequests: accepted,
  TooManyProviderTokenUpdates: accepted,
  IdleTimeout: accepted,
  InternalServerError: accepted,
  ServiceUnavailable: accepted,
  Shutdown: accepted,
  ExpiredProviderToken: accepted
})

/** @type {[fault: string, counts: object][]} */
const cases = [
  ['NewReason', rejected],
  ['TooManyRequests-0', accepted],
  ['ServiceUnavailable-0', accepted],
  ['refused-stream', accepted],
  ['reset-stream', oneInDoubt],
  ['accepted-reset', oneInDoubt],
  ['silent', oneInDoubt],
  ['accepted-silent', oneInDoubt],
  ['goaway', accepted],
  ['streams-0', accepted],
  ['streams-1', accepted],
  ['streams-3', accepted]
]

/**
 * One stream at a time, so that what is open beside the fifth is not left to chance; or as many as there are.
 * @param {import('node:test').TestContext} t
 * @param {string} fault
 * @param {number} maxStreams
 */
async function ringWith (t, fault, maxStreams) {
  const simulator = await Simulator.start({ dir: simulatorDir, faults: [`${fault}@5`], http2: { maxStreams } })
  t.after(() => simulator.stop())
  const { signingKey: auth, credentials: { ca } } = simulator
  const topic = 'com.example.doorbell'
  const client = new Client({ gateway: simulator.http2, auth, ca, topic, answerTimeout: 300, maxConnections: 1 })
  t.after(() => client.destroy())
  return await ring({ simulator, client }, tokens(20))
}

for (const maxStreams of [1, 1000]) {
  describe(`a fault at the fifth of twenty, of at most ${maxStreams} streams`, () => {
    for (const [fault, expected] of [...cases, ...Object.entries(ofOne)]) {
      test(fault, async t => {
        const { report, error } = await ringWith(t, fault, maxStreams)
        assert.equal(error, undefined)
        assert.deepEqual(report.counts, expected)
      })
    }

    for (const fault of ['kill', 'accepted-kill']) {
      test(fault, async t => {
        const { report, error } = await ringWith(t, fault, maxStreams)
        assert.equal(error, undefined)
        assert.ok(report.counts.inDoubt >= 1 && report.counts.inDoubt <= Math.min(maxStreams, 19))
        assert.equal(report.accepted + report.counts.inDoubt, 20)
      })
    }
  })
}

describe('a reason that is about every notification', () => {
  for (const reason of reasons.flatMap(([, names]) => names).filter(name => !Object.hasOwn(ofOne, name))) {
    test(`${reason} stops the push`, async t => {
      const { report, error } = await ringWith(t, reason, 1)
      assert.match(error.code, /^BELLPUSH_(NOTIFICATION|CREDENTIALS)_REFUSED$/)
      assert.match(error.message, new RegExp(reason))
      assert.deepEqual(report.counts, counts({ accepted: 4, rejected: 1, notSent: 15 }))
    })
  }
})
