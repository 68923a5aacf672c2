/**
 * Frames of the binary protocol as hex or base64, for those who keep their own socket.
 */
import { encodeNotification, explain } from '../../core.js'
import { BellpushError } from '../../errors.js'
import { Problem } from '../problem.js'
import { answers, json } from '../schemas.js'

const tags = ['frames']
const as = { type: 'string', enum: ['hex', 'base64'], default: 'hex' }

/** Bytes that are decoded at most. */
const MOST_BYTES = 1_048_576

/** @param {import('../sidecar.js').Server} server */
export async function frameRoutes (server) {
  server.post('/v1/encode', {
    schema: {
      operationId: 'encode',
      summary: 'One notification as bytes',
      tags,
      body: {
        type: 'object',
        additionalProperties: false,
        required: ['token'],
        properties: {
          token: { type: 'string', maxLength: 1000 },
          aps: { type: 'object', additionalProperties: true },
          payload: { type: 'object', additionalProperties: true },
          command: { type: 'integer', enum: [0, 1, 2], default: 2 },
          identifier: { type: 'integer', minimum: 0, maximum: 4_294_967_295 },
          expiration: { type: 'integer', minimum: 0, maximum: 4_294_967_295 },
          priority: { type: 'integer', minimum: 0, maximum: 255 },
          as
        },
        examples: [{ token: '0a1b2c3d', aps: { alert: 'Ding dong' } }]
      },
      response: answers({
        200: json('The frame', { type: 'object', properties: { frame: { type: 'string' } } })
      })
    }
  }, async request => {
    const { as, aps, payload, ...notification } = /** @type {any} */ (request.body)
    if ((aps === undefined) === (payload === undefined)) {
      throw new Problem('BELLPUSH_REQUEST_INVALID', 'body must have either aps or payload')
    }
    const frame = encodeNotification({ ...notification, payload: payload ?? { aps } })
    return { frame: Buffer.from(frame).toString(as) }
  })

  server.post('/v1/decode', {
    schema: {
      operationId: 'decode',
      summary: 'Bytes, explained field by field',
      tags,
      body: {
        type: 'object',
        additionalProperties: false,
        required: ['bytes'],
        properties: {
          bytes: { type: 'string' },
          as,
          kind: { type: 'string', enum: ['frames', 'error-responses', 'feedback'] }
        },
        examples: [{ bytes: '080800000007' }]
      },
      response: answers({ 200: json('What they say', explanation) })
    }
  }, async request => {
    const { bytes, as, kind } = /** @type {any} */ (request.body)
    return explain(bytesOf(bytes, as), kind)
  })
}

const number = { type: 'integer' }
const text = { type: 'string' }
const explanation = {
  type: 'object',
  properties: {
    kind: text,
    parts: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          offset: number,
          length: number,
          summary: text,
          fields: {
            type: 'array',
            items: { type: 'object', properties: { name: text, offset: number, length: number, value: text } }
          }
        }
      }
    },
    problem: { type: 'object', nullable: true, properties: { offset: number, message: text } }
  }
}

/**
 * @param {string} written
 * @param {'hex' | 'base64'} as
 */
function bytesOf (written, as) {
  const plain = written.replace(/\s+/g, '')
  const fits = as === 'hex' ? /^([0-9a-f]{2})*$/i : /^[A-Za-z0-9+/]*={0,2}$/
  const bytes = Buffer.from(plain, as)
  if (!fits.test(plain)) throw new BellpushError('BELLPUSH_FRAME_MALFORMED', `bytes are not written as ${as}`)
  if (bytes.length === 0) throw new BellpushError('BELLPUSH_FRAME_MALFORMED', 'there are no bytes')
  if (bytes.length > MOST_BYTES) throw new BellpushError('BELLPUSH_FRAME_MALFORMED', 'there is more than 1 MiB')
  return bytes
}
