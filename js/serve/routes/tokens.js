/**
 * The tokens of clients: registering, listing, removing.
 */
import { answers, clientId, json, nothing, params, token } from '../schemas.js'
import { normalizeToken } from '../../core.js'

const tags = ['tokens']
const removed = json('How many went', { type: 'object', properties: { removed: { type: 'integer' } } })

/**
 * @param {import('../sidecar.js').Server} server
 * @param {{ store: import('../../stores/token-store.js').TokenStore }} parts
 */
export async function tokenRoutes (server, { store }) {
  server.put('/v1/clients/:clientId/tokens/:token', {
    schema: {
      operationId: 'registerToken',
      summary: 'Register a token, now',
      tags,
      params: params({ clientId, token }),
      response: answers({ 204: nothing('It belongs to this client from now on') })
    }
  }, async (request, reply) => {
    const { clientId, token } = /** @type {{ clientId: string, token: string }} */ (request.params)
    await store.put(clientId, token)
    return reply.code(204).send()
  })

  server.delete('/v1/clients/:clientId/tokens/:token', {
    schema: {
      operationId: 'unregisterToken',
      summary: "Remove a client's token",
      tags,
      params: params({ clientId, token }),
      response: answers({ 204: nothing('It does not belong to this client, or not any more') })
    }
  }, async (request, reply) => {
    const { clientId, token } = /** @type {{ clientId: string, token: string }} */ (request.params)
    const wanted = normalizeToken(token)
    for await (const text of store.list(clientId)) {
      if (sameToken(text, wanted)) {
        await store.remove(text)
        break
      }
    }
    return reply.code(204).send()
  })

  server.get('/v1/clients/:clientId/tokens', {
    schema: {
      operationId: 'listTokens',
      summary: "A client's tokens",
      tags,
      params: params({ clientId }),
      response: answers({
        200: json('Empty where there is none', {
          type: 'object', properties: { tokens: { type: 'array', items: { type: 'string' } } }
        })
      })
    }
  }, async request => {
    const { clientId } = /** @type {{ clientId: string }} */ (request.params)
    const tokens = []
    for await (const text of store.list(clientId)) tokens.push(text)
    return { tokens }
  })

  server.delete('/v1/clients/:clientId/tokens', {
    schema: {
      operationId: 'removeClient',
      summary: "Remove all of a client's tokens",
      tags,
      params: params({ clientId }),
      response: answers({ 200: removed })
    }
  }, async request => {
    const { clientId } = /** @type {{ clientId: string }} */ (request.params)
    return { removed: await store.removeClient(clientId) }
  })

  server.delete('/v1/tokens/:token', {
    schema: {
      operationId: 'removeToken',
      summary: 'Remove a token, whosever it is',
      tags,
      params: params({ token }),
      response: answers({ 200: removed })
    }
  }, async request => {
    const { token } = /** @type {{ token: string }} */ (request.params)
    return { removed: await store.remove(normalizeToken(token)) ? 1 : 0 }
  })
}

/**
 * @param {string} text as it is stored
 * @param {string} wanted canonical
 */
function sameToken (text, wanted) {
  try {
    return normalizeToken(text) === wanted
  } catch {
    return false
  }
}
