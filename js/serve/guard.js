/**
 * Who may come in: callers with a key where there are keys; where there are none, whoever is on this host, but no web
 * page that calls this host by another name.
 */
import rateLimit from '@fastify/rate-limit'
import { anybody } from './keys.js'
import { Problem } from './problem.js'

/** @typedef {import('./sidecar.js').Server} Server */

/**
 * Routes with `config: { open: true }` need no key.
 * @param {Server} server
 * @param {import('./config.js').Config} config
 */
export function guard (server, { keys }) {
  let closing = false
  server.decorateRequest('caller', null)
  server.addHook('preClose', async () => { closing = true })
  server.addHook('onRequest', async request => {
    const open = isOpen(request)
    /** @type {import('./keys.js').Caller} */
    let caller = anybody
    if (keys.isEmpty) {
      checkHost(request.hostname)
    } else if (!open) {
      const [, key = ''] = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '') ?? []
      const found = keys.find(key)
      if (!found) {
        throw new Problem('BELLPUSH_KEY_INVALID', key === ''
          ? 'a key is needed: Authorization: Bearer KEY'
          : 'this key is not one of those in the configuration')
      }
      caller = found
    }
    request.setDecorator('caller', caller)
    if (closing && !open) throw new Problem('BELLPUSH_CLOSING', 'this sidecar is shutting down')
  })
}

/**
 * So many requests a minute, of each key, or of each address where there are no keys.
 * @param {Server} server
 * @param {import('./config.js').Config} config
 */
export async function limitRate (server, { limits: { requestsPerMinute }, keys }) {
  if (requestsPerMinute === 0) return
  await server.register(rateLimit, {
    max: requestsPerMinute,
    timeWindow: '1 minute',
    keyGenerator: request => keys.isEmpty ? request.ip : callerOf(request).name,
    allowList: request => isOpen(request),
    errorResponseBuilder: (_request, { max, after }) =>
      new Problem('BELLPUSH_RATE_LIMITED', `${max} requests a minute are allowed: go on in ${after}`)
  })
}

/** @param {import('fastify').FastifyRequest<any, any, any, any>} request */
const isOpen = request => /** @type {{ open?: boolean }} */ (request.routeOptions.config).open === true

/**
 * Who sent a request.
 * @param {import('fastify').FastifyRequest<any, any, any, any>} request
 * @returns {import('./keys.js').Caller}
 */
export function callerOf (request) {
  return request.getDecorator('caller')
}

/**
 * A page of somebody else's, whose name leads to 127.0.0.1 (DNS rebinding), could push in the name of who looks at it.
 * @param {string} host
 */
function checkHost (host) {
  if (/^(localhost|127(\.\d+){3}|\[::1\]|)$/i.test(host)) return
  throw new Problem('BELLPUSH_HOST_UNKNOWN', `without keys only localhost and 127.0.0.1 are answered, not '${host}'`)
}
