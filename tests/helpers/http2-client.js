/** A plain client of node:http2 for one test, and provider tokens that are made by hand. */

import { sign } from 'node:crypto'
import { once } from 'node:events'
import http2 from 'node:http2'

/**
 * @param {import('../../js/simulator/http2-authorization.js').SigningKey} signing
 * @param {{ iat?: number, alg?: string, kid?: string, iss?: string }} [claims]
 */
export function bearer ({ key, keyId, teamId }, claims = {}) {
  const { iat = Math.floor(Date.now() / 1000), alg = 'ES256', kid = keyId, iss = teamId } = claims
  const parts = [{ alg, kid }, { iss, iat }].map(part => Buffer.from(JSON.stringify(part)).toString('base64url'))
  const text = parts.join('.')
  const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' })
  return `bearer ${text}.${signature.toString('base64url')}`
}

/**
 * @param {import('node:test').TestContext} t
 * @param {import('../../js/simulator/simulator.js').Simulator} simulator
 * @param {import('node:tls').ConnectionOptions} [options]
 */
export async function dialHttp2 (t, simulator, options = {}) {
  const session = http2.connect(simulator.http2, { ca: simulator.credentials.ca, ...options })
  session.on('error', () => {})
  t.after(() => session.destroy())
  await once(session, 'remoteSettings')
  const authorization = options.cert === undefined ? { authorization: bearer(simulator.signingKey) } : {}
  return {
    session,
    /**
     * @param {string} token
     * @param {Record<string, string | string[] | undefined>} [headers]
     * @param {string | Buffer} [payload]
     * @returns {Promise<{ status: number, id?: string, reason?: string, timestamp?: number, retryAfter?: string,
     *   code: number }>} `code`: how the stream ended
     */
    post (token, headers = {}, payload = '{"aps":{"alert":"Hi"}}') {
      const all = Object.entries({
        ':method': 'POST',
        ':path': `/3/device/${token}`,
        'apns-topic': 'com.example.doorbell',
        ...authorization,
        ...headers
      }).filter(([, value]) => value !== undefined)
      const stream = session.request(Object.fromEntries(all), { endStream: false })
      return new Promise(resolve => {
        let text = ''
        /** @type {any} */
        let answer = {}
        stream.on('response', got => { answer = got })
        stream.setEncoding('utf8').on('data', chunk => { text += chunk })
        stream.on('error', () => {})
        stream.on('close', () => resolve({
          status: answer[':status'] ?? 0,
          id: answer['apns-id'],
          ...(answer['retry-after'] !== undefined && { retryAfter: answer['retry-after'] }),
          ...(text && JSON.parse(text)),
          code: stream.rstCode ?? 0
        }))
        stream.end(payload)
      })
    }
  }
}
