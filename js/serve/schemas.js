/**
 * The forms of what goes in and out, as JSON Schema: Fastify checks requests by them, writes answers by them, and the
 * OpenAPI document is made of them.
 */

/** @param {Record<string, object>} properties */
const object = properties => ({ type: 'object', additionalProperties: false, properties })

/** @param {object} schema */
const orNull = schema => ({ ...schema, nullable: true })

const count = { type: 'integer', minimum: 0 }
const time = { type: 'string', format: 'date-time' }

const counts = {
  ...object({ accepted: count, rejected: count, exhausted: count, expired: count, inDoubt: count, notSent: count }),
  description: 'Each token has exactly one outcome. Accepted is the word of the gateway, not of a phone.'
}

const stopped = {
  ...orNull(object({ code: { type: 'string' }, detail: { type: 'string' } })),
  description: 'Why the push as a whole ended early; null where it did not.'
}

/** Schemas that others refer to. */
export const shared = [
  {
    $id: 'Problem',
    title: 'A refusal (RFC 9457)',
    ...object({
      type: { type: 'string' },
      title: { type: 'string' },
      status: { type: 'integer' },
      code: { type: 'string', description: 'Stable: branch on this and on nothing else.' },
      detail: { type: 'string', description: 'What was found, where, what to do. For people.' }
    })
  },
  {
    $id: 'Result',
    title: 'What became of one token that was not accepted',
    ...object({
      token: { type: 'string' },
      clientId: orNull({ type: 'string', description: 'Whose it is, where it came from the database.' }),
      outcome: { type: 'string', enum: ['rejected', 'exhausted', 'expired', 'inDoubt', 'notSent'] },
      reason: orNull({ type: 'string' }),
      status: orNull({ type: 'integer', description: 'Of the gateway.' })
    })
  },
  {
    $id: 'Report',
    title: 'What became of every token of a push',
    ...object({
      counts,
      total: count,
      removed: { ...count, description: 'Dead tokens that are no longer in the database.' },
      unknownClients: { type: 'array', items: { type: 'string' }, description: 'Clients without a token.' },
      results: { type: 'array', items: { $ref: 'Result#' } },
      stopped
    })
  },
  {
    $id: 'Job',
    title: 'A push that goes on by itself',
    ...object({
      id: { type: 'string', format: 'uuid' },
      app: { type: 'string' },
      state: { type: 'string', enum: ['queued', 'running', 'finished', 'stopped', 'failed'] },
      createdAt: time,
      startedAt: orNull(time),
      finishedAt: orNull(time),
      total: orNull({ ...count, description: 'null until the clients have been looked up.' }),
      settled: count,
      counts,
      reasons: {
        type: 'object', additionalProperties: count, description: 'Tokens that were not accepted, by "outcome reason".'
      },
      removed: count,
      unknownClients: count,
      stopped
    })
  }
]

/** Text of an answer that is no success. */
const refusal = {
  description: 'A refusal', content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } }
}

/**
 * The answers of a route: those of success, and a problem for all else.
 * @param {Record<number, object>} successes
 */
export const answers = successes => ({ ...successes, default: refusal })

/**
 * @param {string} description
 * @param {object} schema
 */
export const json = (description, schema) => ({ description, content: { 'application/json': { schema } } })

/** @param {string} description */
export const nothing = description => ({ type: 'null', description })

export const push = {
  ...object({
    app: { type: 'string', description: 'May be left out where there is only one.' },
    clientIds: {
      type: 'array',
      items: { anyOf: [{ type: 'string', minLength: 1, maxLength: 255 }, { type: 'integer' }] },
      description: 'Whose tokens, looked up in the database.'
    },
    tokens: {
      type: 'array',
      items: { type: 'string' },
      description: 'Device tokens in hexadecimal; each is pushed to once, however often it comes.'
    },
    aps: { type: 'object', additionalProperties: true, description: "The dictionary that is Apple's." },
    custom: { type: 'object', additionalProperties: true, description: 'What stands beside aps.' },
    payload: { type: 'object', additionalProperties: true, description: 'The whole, in the place of aps and custom.' },
    options: object({
      expiration: {
        type: 'integer', minimum: 0, maximum: 4_294_967_295, description: 'Unix seconds; 0: try once, store nothing.'
      },
      priority: { type: 'integer', enum: [1, 5, 10], description: '1: HTTP/2 only.' },
      inDoubt: {
        type: 'string',
        enum: ['report', 'resend'],
        description: 'What becomes of tokens of which nobody can know: report never rings twice.'
      },
      pushType: { type: 'string', description: 'HTTP/2 only.' },
      topic: { type: 'string', description: 'HTTP/2 only.' },
      collapseId: { type: 'string', description: 'HTTP/2 only.' }
    })
  }),
  examples: [{ app: 'doorbell', clientIds: ['7'], aps: { alert: 'Ding dong', sound: 'default' } }]
}

export const pushHeaders = {
  type: 'object',
  properties: {
    'idempotency-key': {
      type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$', description: 'A repeat with this key is answered as the first.'
    },
    prefer: { type: 'string', description: 'respond-async: answer with a job, however small it is.' }
  }
}

export const clientId = {
  type: 'string', minLength: 1, maxLength: 255, description: '1 to 255 characters, percent-encoded'
}
export const token = { type: 'string', minLength: 1, maxLength: 1000, description: 'A device token in hexadecimal' }

/** @param {Record<string, object>} properties */
export const params = properties => ({ type: 'object', properties, required: Object.keys(properties) })

/** Numbers in a query are text. */
export const page = {
  limit: { type: 'string', pattern: '^[1-9][0-9]{0,3}$', description: 'How many at most, 1 to 9999' },
  after: { type: 'string', maxLength: 100, description: 'What `next` of the page before was' }
}

/** @param {Record<string, object>} properties */
export const query = properties => object(properties)
