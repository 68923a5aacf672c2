/**
 * Broadcast channels: making, reading, listing and deleting them, and sending to all devices that listen to one. A
 * broadcast is one request, whatever its audience: Apple says that it took it, and of single devices nothing is known.
 *
 * Sources: Apple, "Sending channel management requests to APNs", "Sending broadcast push notification requests to
 * APNs", "Handling error responses from Apple Push Notification service".
 *
 * Not here: the requests themselves (http2/requests.js), and what a payload has to say (push-types.js).
 */
import { checkPayload, payloadBytes } from './core.js'
import { BellpushError } from './errors.js'
import { checkBroadcast, checkTopic } from './notification.js'
import { abortSignal, oneOf, ofType, readOptions, seconds, unixTime } from './options.js'
import { errorOfAnswer } from './refusals.js'

/** "Don't make assumptions on the channel ID size": this one is of a header field. */
const LONGEST_ID = 1024

/**
 * @typedef {object} Channel
 * @property {string} id as Apple made it, base64: what the devices subscribe to
 * @property {0 | 1} messageStoragePolicy 0: nothing is stored for devices that are offline; 1: the latest message is,
 *   for eight hours at most
 * @property {string} pushType `LiveActivity`
 */

/**
 * @typedef {object} ChannelOptions
 * @property {string} [topic] the bundle id, where it is not the client's
 * @property {AbortSignal} [signal]
 */

/**
 * @typedef {object} BroadcastOptions
 * @property {string} [topic] the bundle id, where it is not the client's
 * @property {AbortSignal} [signal]
 * @property {number | Date} [expiration] Unix seconds or a date; 0, which channels that store nothing demand (0)
 * @property {1 | 5 | 10} [priority] (10)
 * @property {string} [id] a UUID, `apns-request-id`
 */

/**
 * @typedef {object} ChannelsParts
 * @property {import('./http2/requests.js').PlainRequests} management
 * @property {import('./http2/requests.js').PlainRequests} sending
 * @property {string | undefined} topic the client's
 */

const common = { topic: { ...ofType('string'), isTelling: true }, signal: abortSignal() }
const createRules = { ...common, messageStoragePolicy: oneOf([0, 1], 0) }
const broadcastRules = { ...common, expiration: unixTime(0), priority: oneOf([10, 5, 1], 10), id: ofType('string') }

export class Channels {
  #parts

  /** @param {ChannelsParts} parts */
  constructor (parts) {
    this.#parts = parts
  }

  /**
   * Makes a channel. An app may have 10,000 in each environment.
   * @param {ChannelOptions & { messageStoragePolicy?: 0 | 1 }} [options]
   * @returns {Promise<Channel>}
   * @throws {BellpushError} `BELLPUSH_CHANNEL_REFUSED` with a `refusal`, and what connecting can throw
   */
  async create (options = {}) {
    const { messageStoragePolicy, ...rest } = readOptions('channel option', createRules, options)
    const asked = { 'message-storage-policy': messageStoragePolicy, 'push-type': 'LiveActivity' }
    const { headers } = await this.#manage('POST', 'channels', 201, rest, { body: Buffer.from(JSON.stringify(asked)) })
    const id = headers['apns-channel-id']
    if (typeof id !== 'string' || id === '') throw unreadable('no id of the channel that it has made')
    return { id, messageStoragePolicy, pushType: 'LiveActivity' }
  }

  /**
   * The ids of all channels of the app.
   * @param {ChannelOptions} [options]
   * @returns {Promise<string[]>}
   */
  async list (options = {}) {
    const { body } = await this.#manage('GET', 'all-channels', 200, readOptions('channel option', common, options))
    const ids = body?.channels
    if (!Array.isArray(ids) || !ids.every(id => typeof id === 'string')) throw unreadable('no list of channels')
    return ids
  }

  /**
   * @param {string} id
   * @param {ChannelOptions} [options]
   * @returns {Promise<Channel>}
   */
  async get (id, options = {}) {
    const read = readOptions('channel option', common, options)
    const { body } = await this.#manage('GET', 'channels', 200, read, { id: checkId(id) })
    const { 'message-storage-policy': messageStoragePolicy, 'push-type': pushType } = body ?? {}
    if (messageStoragePolicy !== 0 && messageStoragePolicy !== 1) throw unreadable('no storage policy of the channel')
    return { id, messageStoragePolicy, pushType: String(pushType) }
  }

  /**
   * Deletes a channel, for good: no other one will ever have its id.
   * @param {string} id
   * @param {ChannelOptions} [options]
   * @returns {Promise<void>}
   */
  async delete (id, options = {}) {
    const read = readOptions('channel option', common, options)
    await this.#manage('DELETE', 'channels', 204, read, { id: checkId(id) })
  }

  /**
   * Sends to all devices that listen to a channel.
   * @param {object | string | Uint8Array} payload a live activity's, that updates or ends it
   * @param {string} channelId
   * @param {BroadcastOptions} [options]
   * @returns {Promise<{ id: string | null }>} Apple took it; `id`: the `apns-request-id`
   */
  async broadcast (payload, channelId, options = {}) {
    const { topic, signal, expiration, priority, id } = readOptions('broadcast option', broadcastRules, options)
    const channel = checkId(channelId)
    const { payloadLimit } = checkBroadcast(payload, { priority, id })
    const body = payloadBytes(payload)
    checkPayload(body, payloadLimit)
    const answer = await this.#parts.sending.send({
      method: 'POST',
      path: `/4/broadcasts/apps/${this.#app(topic)}`,
      headers: {
        'apns-channel-id': channel,
        'apns-push-type': 'liveactivity',
        'apns-expiration': String(seconds(expiration)),
        'apns-priority': String(priority),
        'apns-request-id': id?.toLowerCase()
      },
      body,
      signal
    })
    if (answer.status !== 200) throw errorOfAnswer('did not take the broadcast', answer)
    const named = answer.headers['apns-request-id']
    return { id: typeof named === 'string' ? named : null }
  }

  /**
   * @param {string} method
   * @param {'channels' | 'all-channels'} what
   * @param {number} good the status of success
   * @param {ChannelOptions} options
   * @param {{ id?: string, body?: Uint8Array }} [request]
   */
  async #manage (method, what, good, { topic, signal }, { id, body } = {}) {
    const path = `/1/apps/${this.#app(topic)}/${what}`
    const answer = await this.#parts.management.send({ method, path, headers: { 'apns-channel-id': id }, body, signal })
    if (answer.status !== good) throw errorOfAnswer(`did not do what was asked (${method} ${what})`, answer)
    return answer
  }

  /** @param {string | undefined} topic */
  #app (topic = this.#parts.topic) {
    if (topic === undefined) {
      throw new BellpushError('BELLPUSH_OPTION_INVALID', 'channels belong to an app: give its bundle id as topic')
    }
    checkTopic(topic)
    return topic
  }
}

/** @param {unknown} id */
function checkId (id) {
  if (typeof id === 'string' && id.length <= LONGEST_ID && /^[A-Za-z0-9+/_=-]+$/.test(id)) return id
  throw new BellpushError('BELLPUSH_OPTION_INVALID',
    `a channel's id is base64, as Apple gave it, found ${typeof id === 'string' ? 'another text' : typeof id}`)
}

/** @param {string} what */
function unreadable (what) {
  return new BellpushError('BELLPUSH_CHANNEL_REFUSED',
    `the gateway's answer says ${what}: is it one that knows channels?`)
}
