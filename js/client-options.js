/**
 * What can be told to a client, and to one of its pushes: the options, their fallbacks, and what fits.
 */
import { BellpushError } from './errors.js'
import { abortSignal, integer, ofType, oneOf, readOptions, unixTime } from './options.js'

/** @typedef {import('./stores/token-store.js').TokenStore} TokenStore */
/** @typedef {import('./auth.js').CertificateAuth | import('./auth.js').TokenAuth} Auth */

/**
 * @typedef {object} ClientOptions
 * @property {string} gateway `production`, `sandbox` or `https://host:port` (HTTP/2), or `apns://host:port` (the binary
 *   protocol over TLS)
 * @property {Auth} [auth] who you are: for HTTP/2 a provider token's `{ key, keyId, teamId }` (the `.p8` file), or a
 *   client certificate: `{ cert, key, passphrase }` (PEM) or `{ pfx, passphrase }` (PKCS#12); contents or paths
 * @property {string} [topic] HTTP/2: the bundle id
 * @property {string} [proxy] HTTP/2: `http://user:password@host:port`, a proxy that knows CONNECT
 * @property {number} [maxConnections] HTTP/2: at once (8)
 * @property {number} [pingInterval] HTTP/2: milliseconds of silence after which the gateway is asked by a PING (60,000)
 * @property {import('./credentials.js').CredentialOptions['ca']} [ca] authorities to trust with the gateway's
 *   certificate, in the place of the ones that Node knows
 * @property {TokenStore} [tokens] where audiences are looked up and dead tokens removed
 * @property {number} [connections] at work at once in one push (1 while no token is refused, then up to
 *   16, or 32 where the gateway is far away)
 * @property {number} [connectTimeout] milliseconds for a connection and its handshake (10,000)
 * @property {number} [connectTries] connections in a row that fail, or end and have taught nothing, before a gateway is
 *   given up (8)
 * @property {number} [idleTimeout] milliseconds after which an idle connection is closed (30,000 for one that was made
 *   ahead of need; HTTP/2: 600,000)
 * @property {number} [answerTimeout] milliseconds without any progress after which a connection is dead (30,000); each
 *   token in flight adds two, because what waits in buffers shows no progress
 * @property {number} [linger] milliseconds that a connection waits for more tokens before it asks for proof of what it
 *   has sent (250)
 * @property {number} [maxInFlight] tokens held at once (131,072)
 * @property {number} [maxAttempts] times that one notification is tried when Apple fails to process it (3)
 * @property {{ first: number, longest: number }} [retryDelay] milliseconds before it is tried again, doubled each time,
 *   and the most; the most between two connections that fail, too ({ first: 500, longest: 30,000 })
 * @property {number} [breaker] so many refused tokens, and more refused than accepted, stop a push (20)
 * @property {'sentinel' | { quiet: number, listen?: number }} [confirm] how acceptance is known: by a sentinel, a
 *   knowingly bad notification whose refusal proves that all before it were accepted ('sentinel'); or it is presumed
 *   after so many milliseconds of silence, and what is refused later is a `lateRejection` event: `listen` says for how
 *   many milliseconds the connection is listened to (60,000)
 * @property {'report' | 'resend'} [inDoubt] what becomes of notifications of which nobody can know whether they were
 *   accepted: 'report' never rings twice, 'resend' rather rings twice than never ('report')
 * @property {number} [payloadLimit] bytes (2,048; HTTP/2: what the push type allows)
 * @property {number} [maxListed] results that a report lists of each kind; it counts all (10,000)
 */

/**
 * @typedef {object} Progress
 * @property {number | undefined} total tokens, where their number is known beforehand
 * @property {number} settled
 * @property {import('./report.js').Report['counts']} counts
 */

/**
 * @typedef {object} SendOptions
 * @property {AbortSignal} [signal] stops the push: what has been sent still gets its verdict
 * @property {(progress: Progress) => void} [onProgress] called now and then, and at the end
 * @property {number | Date} [expiration] when the notification is worth nothing any more (Unix seconds, or a date);
 *   0: try once, store nothing
 * @property {1 | 5 | 10} [priority] 10: at once, 5: when it suits the battery; if left out, what the payload asks for
 * @property {string} [topic] HTTP/2: another bundle id than the client's
 * @property {string} [pushType] HTTP/2: Apple's push type (`alert`, or `background` where the payload only says
 *   content-available); the suffix of the topic follows from it
 * @property {string} [collapseId] HTTP/2: 64 bytes at most
 * @property {string} [id] HTTP/2: the notification's `apns-id`, a UUID, for a single token
 * @property {'report' | 'resend'} [inDoubt] in the place of the client's own
 */

const wait = integer(1, 3_600_000)

const clientRules = {
  gateway: ofType('string'),
  auth: ofType('object'),
  ca: { fits: () => true, wants: 'certificates' },
  tokens: {
    fits: (/** @type {any} */ store) => typeof store?.list === 'function' && typeof store?.removeMany === 'function',
    wants: 'a token store (openTokenStore makes one)'
  },
  connections: integer(1, 100),
  connectTimeout: integer(1, 3_600_000, 10_000),
  connectTries: integer(1, 1000, 8),
  idleTimeout: integer(1, 86_400_000),
  answerTimeout: integer(1, 3_600_000, 30_000),
  linger: integer(0, 3_600_000, 250),
  maxInFlight: integer(1, 16_777_216, 131_072),
  maxAttempts: integer(1, 255, 3),
  retryDelay: {
    fits: (/** @type {any} */ delay) => wait.fits(delay?.first) && wait.fits(delay?.longest),
    wants: `{ first, longest }, each ${wait.wants}`,
    fallback: { first: 500, longest: 30_000 }
  },
  breaker: integer(1, 0xffff_ffff, 20),
  confirm: {
    fits: (/** @type {any} */ confirm) => confirm === 'sentinel' ||
      (wait.fits(confirm?.quiet) && (confirm.listen === undefined || wait.fits(confirm.listen))),
    wants: "'sentinel' or { quiet: milliseconds, listen: milliseconds }",
    fallback: 'sentinel'
  },
  inDoubt: oneOf(['report', 'resend'], 'report'),
  payloadLimit: integer(2, 65_535),
  topic: { ...ofType('string'), isTelling: true },
  proxy: ofType('string'),
  maxConnections: integer(1, 100, 8),
  pingInterval: integer(1, 3_600_000, 60_000),
  maxListed: integer(0, 16_777_216, 10_000)
}

const sendRules = {
  signal: abortSignal(),
  onProgress: ofType('function'),
  expiration: unixTime(),
  priority: { fits: (/** @type {any} */ priority) => [1, 5, 10].includes(priority), wants: '10, 5 or 1' },
  topic: { ...ofType('string'), isTelling: true },
  pushType: { ...ofType('string'), isTelling: true },
  collapseId: ofType('string'),
  id: ofType('string'),
  inDoubt: oneOf(['report', 'resend'])
}

/**
 * @param {ClientOptions} options
 * @throws {BellpushError} `BELLPUSH_OPTION_INVALID`
 */
export function readClientOptions (options) {
  return readOptions('client option', clientRules, options)
}

/**
 * @param {SendOptions} options
 * @param {import('./gateway.js').Gateway} gateway
 * @throws {BellpushError} `BELLPUSH_OPTION_INVALID`
 */
export function readSendOptions (options, { http2 }) {
  const read = readOptions('send option', sendRules, options)
  if (!http2) checkBinary(read)
  return read
}

/** What only HTTP/2 knows. @param {Record<string, any>} options */
function checkBinary ({ priority, ...options }) {
  const name = priority === 1
    ? 'priority 1'
    : ['topic', 'pushType', 'collapseId', 'id'].find(name => options[name] !== undefined)
  if (name === undefined) return
  throw new BellpushError('BELLPUSH_OPTION_INVALID', `the binary protocol has no ${name}: only HTTP/2 knows it`)
}
