/**
 * Reads the feedback service: one connection, its list of dead tokens, and what can be wrong with it.
 *
 * Not here: what becomes of the tokens. The service forgets its list as it is read, so that matters (feedback.js).
 */
import { abortError, throwIfAborted } from './abort.js'
import { connectWithRetry } from './backoff.js'
import { classify, nameOf } from './connection-errors.js'
import { FeedbackDecoder } from './core.js'
import { loadCredentials } from './credentials.js'
import { BellpushError } from './errors.js'
import { readGateway } from './gateway.js'
import { abortSignal, integer, ofType, readOptions } from './options.js'

/** @typedef {import('./core.js').FeedbackTuple} FeedbackTuple */

/**
 * @typedef {object} ServiceOptions
 * @property {string} gateway `apns://host:port`, the feedback service (port 2196 if left out)
 * @property {Omit<import('./credentials.js').CredentialOptions, 'ca'>} [auth] the client certificate: it decides whose
 *   list comes
 * @property {import('./credentials.js').CredentialOptions['ca']} [ca] authorities to trust instead of the public ones
 * @property {number} [connectTimeout] milliseconds for a connection and its handshake (10,000)
 * @property {number} [connectTries] before the service is given up (8)
 * @property {number} [idleTimeout] milliseconds without a byte after which the service is given up (30,000)
 * @property {AbortSignal} [signal]
 */

export const serviceRules = {
  gateway: ofType('string'),
  auth: ofType('object'),
  ca: { fits: () => true, wants: 'certificates' },
  connectTimeout: integer(1, 3_600_000, 10_000),
  connectTries: integer(1, 1000, 8),
  idleTimeout: integer(1, 300_000, 30_000),
  signal: abortSignal()
}

/** A service that sends more than this is none, or would fill the disk. */
const MAX_TUPLES = 10_000_000

/**
 * The list of dead tokens, for callers that remove them themselves. The service forgets the list as it is read: keep
 * each tuple before asking for the next. Leaving the loop closes the connection.
 * @param {ServiceOptions} options
 * @returns {AsyncGenerator<FeedbackTuple, void, undefined>}
 * @throws {BellpushError} as `readFeedback`, after all that could be read
 */
export async function * feedbackTuples (options) {
  for await (const tuples of chunks(readService(readOptions('feedback option', serviceRules, options)))) yield * tuples
}

/**
 * @typedef {import('./connection.js').ConnectionOptions & { tries: number, idleTimeout: number }} Service
 */

/**
 * @param {Record<keyof typeof serviceRules, any>} options
 * @returns {Service}
 */
export function readService ({ gateway, auth, ca, connectTries, ...rest }) {
  const { host, port } = readGateway(gateway, 2196)
  const credentials = loadCredentials({ ...auth, ca }, { gatewayHost: host })
  return { ...rest, host, port, credentials, tries: connectTries }
}

/**
 * The tuples of each piece of the stream.
 * @param {Service} service
 * @returns {AsyncGenerator<FeedbackTuple[], void, undefined>}
 */
export async function * chunks (service) {
  const { signal, idleTimeout } = service
  const decoder = new FeedbackDecoder()
  let total = 0
  let isReadable = true
  try {
    const socket = await connectWithRetry(service)
    const abort = () => socket.destroy(abortError(/** @type {AbortSignal} */ (signal)))
    signal?.addEventListener('abort', abort, { once: true })
    socket.setTimeout(idleTimeout, () => socket.destroy(silent(service, idleTimeout)))
    try {
      throwIfAborted(signal)
      for await (const bytes of socket) {
        // Only the service is hurried: what is done with the tuples may take its time.
        socket.setTimeout(0)
        const { tuples, error } = decoder.push(bytes)
        yield tuples
        if (error) {
          isReadable = false
          throw error
        }
        total += tuples.length
        if (total > MAX_TUPLES) throw tooMany(service)
        socket.setTimeout(idleTimeout)
      }
      decoder.finish()
    } catch (error) {
      // What had come before the connection broke is still there.
      const rest = isReadable ? socket.read() : null
      if (rest !== null) yield decoder.push(rest).tuples
      throw classify(error, service, { established: true })
    } finally {
      signal?.removeEventListener('abort', abort)
      socket.destroy()
    }
  } finally {
    decoder.free()
  }
}

/**
 * @param {Service} service
 * @param {number} milliseconds
 */
const silent = (service, milliseconds) => new BellpushError('BELLPUSH_CONNECTION_LOST',
  `the feedback service ${nameOf(service)} sent nothing for ${milliseconds} ms and did not close`)

/** @param {Service} service */
const tooMany = service => new BellpushError('BELLPUSH_CONNECTION_LOST',
  `the feedback service ${nameOf(service)} sent more than ${MAX_TUPLES} tuples and was given up`)
