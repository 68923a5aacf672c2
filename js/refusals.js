/**
 * What HTTP/2's reasons mean that stop a whole push: whose fault it is, and what to do about it.
 *
 * Not here: what the core does about a reason (src/batch/policy.rs). Source of the reasons: Apple, "Handling
 * notification responses from APNs".
 */

import { BellpushError } from './errors.js'

/** Statuses of the binary protocol are smaller, and have reasons of the same names. */
const LEAST_HTTP_STATUS = 300

/** @type {Record<string, string>} */
const advice = {
  BadCertificate: 'the client certificate is no good: is it one for push notifications?',
  BadCertificateEnvironment: 'the client certificate is for the other environment, sandbox or production',
  BadEnvironmentKeyIdInToken: 'the key is for the other environment, sandbox or production',
  ExpiredProviderToken: 'a fresh provider token is called expired: is this machine\'s clock right?',
  Forbidden: 'it is forbidden: has the key been revoked, or is it restricted?',
  InvalidProviderToken: 'the provider token is not valid: do key, keyId and teamId belong together, is the key still ' +
    'in Apple\'s developer portal, and is this machine\'s clock right?',
  MissingProviderToken: 'nobody has said who you are: give auth',
  UnrelatedKeyIdInToken: 'the key is not related to the one that was used before: is it of this team and topic?',
  BadTopic: 'the topic is not one of this push type',
  MissingTopic: 'a topic is needed: the bundle id of the app',
  TopicDisallowed: 'this key or certificate may not send to that topic: is it the bundle id of an app of this team?',
  PayloadTooLarge: 'the payload is too large',
  // Of broadcast channels.
  BadChannelId: 'that is no id of a channel',
  BadExpirationDate: 'a channel that stores no messages wants the expiration 0',
  CannotCreateChannelConfig: 'the app has as many channels as it may: delete those that nobody needs',
  ChannelNotRegistered: 'there is no such channel, or it is one of the other environment, sandbox or production',
  FeatureNotEnabled: 'the app has no broadcast capability yet: turn it on in Apple\'s developer portal',
  TopicMismatch: 'the key or certificate is not for that app'
}

/** @param {import('./core.js').ReasonInWords} refusal */
function wordsOf ({ reason, status }) {
  const known = reason !== null && Number(status) >= LEAST_HTTP_STATUS && Object.hasOwn(advice, reason)
  return `status ${status}${reason === null ? '' : ` (${reason})`}${known ? `: ${advice[reason]}` : ''}`
}

/**
 * The error of a refusal that is the same for every notification.
 * @param {import('./core.js').ReasonInWords} refusal
 * @returns {BellpushError}
 */
export function errorOfRefusal (refusal) {
  const { reason, status } = refusal
  // The core's word for a status without a reason: a web server that knows no notifications.
  if (reason === `Status${status}`) {
    return new BellpushError('BELLPUSH_NOTIFICATION_REFUSED',
      `what answers there, with status ${status} and no reason, is no gateway of Apple's kind: are host and port ` +
      'right? Nothing was sent to the rest', { refusal })
  }
  return refusal.status === 403
    ? new BellpushError('BELLPUSH_CREDENTIALS_REFUSED',
      `the gateway does not let us send, so nothing more was sent: ${wordsOf(refusal)}`, { refusal })
    : new BellpushError('BELLPUSH_NOTIFICATION_REFUSED',
      `the gateway refused the notification itself, so it was not sent to the rest: ${wordsOf(refusal)}`, { refusal })
}

/** A reason is a word; whatever else a gateway may say there is shown to nobody. */
const WORD = /^\w{1,64}$/

/**
 * The error of an answer that is a refusal.
 * @param {string} what the gateway did not do
 * @param {{ status: number, body: any }} answer
 * @returns {BellpushError}
 */
export function errorOfAnswer (what, { status, body }) {
  const reason = typeof body?.reason === 'string' && WORD.test(body.reason) ? body.reason : null
  const refusal = { reason, status }
  return new BellpushError(status === 403 ? 'BELLPUSH_CREDENTIALS_REFUSED' : 'BELLPUSH_CHANNEL_REFUSED',
    `the gateway ${what}: ${wordsOf(refusal)}`, { refusal })
}
