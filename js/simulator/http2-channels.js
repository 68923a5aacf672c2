/**
 * Broadcast channels of the simulated HTTP/2 service: made, read, listed, deleted, and sent to. At Apple's their
 * management has a host of its own; here it has the same port as everything else.
 *
 * Not here: who may send at all (http2-authorization.js).
 */

import { randomBytes } from 'node:crypto'
import { broadcastType } from '../push-types.js'

/** Apple: "you can maintain up to 10,000 channels for your app". */
const MOST_CHANNELS = 10_000

/**
 * @typedef {object} ChannelRequest
 * @property {string} method
 * @property {string} path
 * @property {Map<string, string>} headers
 * @property {Buffer} payload
 * @property {ReadonlySet<string>} topics
 * @property {string} [unauthorized] the reason why its sender is refused
 */

/**
 * @typedef {object} ChannelAnswer
 * @property {number} status
 * @property {string} [reason]
 * @property {object} [body] in the place of a reason
 * @property {string} [channelId]
 */

/** @typedef {{ channelId: string, topic: string, payload: Buffer, headers: ReadonlyMap<string, string> }} Broadcast */

const PATH = /^\/(1|4\/broadcasts)\/apps\/([^/]+)(?:\/(channels|all-channels))?$/

/** @param {string} reason @param {number} [status] @returns {ChannelAnswer} */
const refuse = (reason, status = 400) => ({ status, reason })

export class SimulatedChannels {
  /** Bundle id → channel id → storage policy. @type {Map<string, Map<string, number>>} */
  #channels = new Map()
  #onBroadcast

  /** @param {(broadcast: Broadcast) => void} onBroadcast hears what is accepted */
  constructor (onBroadcast) {
    this.#onBroadcast = onBroadcast
  }

  /**
   * @param {ChannelRequest} request
   * @returns {ChannelAnswer | undefined} nothing: it is not about channels
   */
  answer (request) {
    const [, prefix, topic, what] = PATH.exec(request.path) ?? []
    if (prefix === undefined || (prefix === '1') !== (what !== undefined)) return undefined
    if (request.unauthorized !== undefined) return refuse(request.unauthorized, 403)
    if (!request.topics.has(topic)) return refuse('TopicDisallowed')
    const channels = this.#channels.get(topic) ?? new Map()
    this.#channels.set(topic, channels)
    if (prefix !== '1') return this.#send(request, channels, topic)
    if (what === 'all-channels') return this.#list(request, channels)
    switch (request.method) {
      case 'POST': return this.#create(request, channels)
      case 'GET': return this.#with(request, channels, id =>
        ({ status: 200, body: { 'message-storage-policy': channels.get(id), 'push-type': 'LiveActivity' } }))
      case 'DELETE': return this.#with(request, channels, id => {
        channels.delete(id)
        return { status: 204 }
      })
      default: return refuse('MethodNotAllowed', 405)
    }
  }

  /** @param {ChannelRequest} request @param {Map<string, number>} channels @returns {ChannelAnswer} */
  #list ({ method }, channels) {
    if (method !== 'GET') return refuse('MethodNotAllowed', 405)
    return { status: 200, body: { channels: [...channels.keys()] } }
  }

  /** @param {ChannelRequest} request @param {Map<string, number>} channels @returns {ChannelAnswer} */
  #create ({ payload }, channels) {
    let asked
    try {
      asked = JSON.parse(payload.toString())
    } catch {
      return refuse('BadRequestPayload')
    }
    if (![0, 1].includes(asked?.['message-storage-policy'])) return refuse('BadRequestParams')
    if (asked['push-type'] !== 'LiveActivity') return refuse('InvalidPushType')
    if (channels.size >= MOST_CHANNELS) return refuse('CannotCreateChannelConfig')
    const channelId = randomBytes(16).toString('base64')
    channels.set(channelId, asked['message-storage-policy'])
    return { status: 201, channelId }
  }

  /**
   * @param {ChannelRequest} request @param {Map<string, number>} channels
   * @param {(id: string) => ChannelAnswer} act
   * @returns {ChannelAnswer}
   */
  #with ({ headers }, channels, act) {
    const id = headers.get('apns-channel-id')
    if (id === undefined) return refuse('MissingChannelId')
    if (!/^[A-Za-z0-9+/]+=*$/.test(id)) return refuse('BadChannelId')
    return channels.has(id) ? act(id) : refuse('ChannelNotRegistered')
  }

  /**
   * @param {ChannelRequest} request
   * @param {Map<string, number>} channels
   * @param {string} topic
   * @returns {ChannelAnswer}
   */
  #send (request, channels, topic) {
    const { method, headers, payload } = request
    if (method !== 'POST') return refuse('MethodNotAllowed', 405)
    if (!headers.has('apns-push-type')) return refuse('MissingPushType')
    if (headers.get('apns-push-type')?.toLowerCase() !== 'liveactivity') return refuse('InvalidPushType')
    return this.#with(request, channels, channelId => {
      const expiration = headers.get('apns-expiration') ?? ''
      const mayExpire = channels.get(channelId) === 1
      if (!/^\d{1,10}$/.test(expiration) || (expiration !== '0' && !mayExpire)) return refuse('BadExpirationDate')
      const priority = Number(headers.get('apns-priority') ?? 10)
      if (!broadcastType.priorities.includes(priority)) return refuse('BadPriority')
      if (payload.length === 0) return refuse('PayloadEmpty')
      if (payload.length > broadcastType.payloadLimit) return refuse('PayloadTooLarge', 413)
      this.#onBroadcast({ channelId, topic, payload, headers })
      return { status: 200 }
    })
  }
}
