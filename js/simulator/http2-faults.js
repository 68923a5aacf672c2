/**
 * What the simulated HTTP/2 service does on demand with one request instead of accepting it: every reason that Apple
 * gives, and what streams and connections can do besides.
 *
 * Not here: the grammar of faults (faults.js), and doing it (http2-session.js).
 */

/**
 * @typedef {object} Answer
 * @property {boolean} accepted whether the notification is accepted all the same
 * @property {number} [status] of HTTP, where there is an answer besides 200
 * @property {string} [reason]
 * @property {number} [timestamp] milliseconds since 1970 at which the token died
 * @property {number} [retryAfter] seconds
 * @property {number} [retryUntil] seconds from now, which Retry-After says as a date
 * @property {'refuse' | 'reset' | 'silence' | 'goaway' | 'kill' | 'limit'} [action] what is done in the place of an
 *   answer, or beside it
 * @property {number} [limit] of streams open at once
 */

/**
 * @typedef {object} Http2FaultKind
 * @property {string} name as in `NAME@POSITION`; a final `N` stands for a number
 * @property {string} help one line
 * @property {[least: number, most: number]} [range] of `N`
 * @property {boolean} [once] fires once even if it was asked for by token
 * @property {(n: number) => Answer} answer
 */

/** Apple, "Handling notification responses from APNs": HTTP's status and the reasons that come with it. */
export const reasons = /** @type {[status: number, reasons: string[]][]} */ ([
  [400, ['BadCollapseId', 'BadDeviceToken', 'BadExpirationDate', 'BadMessageId', 'BadPriority', 'BadTopic',
    'DeviceTokenNotForTopic', 'DuplicateHeaders', 'IdleTimeout', 'InvalidPushType', 'MissingDeviceToken',
    'MissingTopic', 'PayloadEmpty', 'TopicDisallowed']],
  [403, ['BadCertificate', 'BadCertificateEnvironment', 'ExpiredProviderToken', 'Forbidden', 'InvalidProviderToken',
    'MissingProviderToken', 'UnrelatedKeyIdInToken', 'BadEnvironmentKeyIdInToken']],
  [404, ['BadPath']],
  [405, ['MethodNotAllowed']],
  [410, ['ExpiredToken', 'Unregistered']],
  [413, ['PayloadTooLarge']],
  [429, ['TooManyProviderTokenUpdates', 'TooManyRequests']],
  [500, ['InternalServerError']],
  [503, ['ServiceUnavailable', 'Shutdown']]
])

const statuses = new Map(reasons.flatMap(([status, names]) => names.map(name => [name, status])))

/**
 * @param {string} reason
 * @param {Partial<Answer>} [more]
 * @returns {Answer}
 */
export function refusal (reason, more) {
  return { accepted: false, status: statuses.get(reason) ?? 400, reason, ...more }
}

/** @type {Http2FaultKind[]} */
export const http2FaultKinds = [
  ...[...statuses].map(([name, status]) =>
    ({ name, help: `HTTP/2: status ${status}, reason ${name}`, answer: () => refusal(name) })),
  ...['TooManyRequests', 'ServiceUnavailable'].flatMap(name => [
    {
      name: `${name}-N`,
      help: `HTTP/2: status ${statuses.get(name)}, with Retry-After of N seconds`,
      range: /** @type {[number, number]} */ ([0, 86_400]),
      answer: (/** @type {number} */ n) => refusal(name, { retryAfter: n })
    },
    {
      name: `${name}-until-N`,
      help: 'HTTP/2: the same, and Retry-After is a date',
      range: /** @type {[number, number]} */ ([0, 86_400]),
      answer: (/** @type {number} */ n) => refusal(name, { retryUntil: n })
    }
  ]),
  { name: 'NewReason', help: 'HTTP/2: status 400, a reason that nobody knows', answer: () => refusal('NewReason') },
  {
    name: 'refused-stream',
    help: 'HTTP/2: the stream is refused (REFUSED_STREAM), once',
    once: true,
    answer: () => ({ accepted: false, action: 'refuse' })
  },
  {
    name: 'reset-stream',
    help: 'HTTP/2: the stream is reset with INTERNAL_ERROR; nothing is accepted',
    answer: () => ({ accepted: false, action: 'reset' })
  },
  {
    name: 'accepted-reset',
    help: 'HTTP/2: accepted, and the stream is reset in the place of the answer',
    answer: () => ({ accepted: true, action: 'reset' })
  },
  {
    name: 'silent',
    help: 'HTTP/2: not accepted, and never answered',
    answer: () => ({ accepted: false, action: 'silence' })
  },
  {
    name: 'accepted-silent',
    help: 'HTTP/2: accepted, and never answered',
    answer: () => ({ accepted: true, action: 'silence' })
  },
  {
    name: 'goaway',
    help: 'HTTP/2: accepted and answered; GOAWAY names it as the last',
    answer: () => ({ accepted: true, action: 'goaway' })
  },
  {
    name: 'kill',
    help: 'HTTP/2: a TCP reset of its connection; this one is not accepted',
    answer: () => ({ accepted: false, action: 'kill' })
  },
  {
    name: 'accepted-kill',
    help: 'HTTP/2: accepted, and a TCP reset in the place of the answer',
    answer: () => ({ accepted: true, action: 'kill' })
  },
  {
    name: 'streams-N',
    help: 'HTTP/2: accepted; from now on its connection allows N streams at once',
    range: [0, 100_000],
    answer: n => ({ accepted: true, action: 'limit', limit: n })
  }
]
