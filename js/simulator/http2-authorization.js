/**
 * Who may send over HTTP/2: provider tokens (JWT, signed with ES256) and client certificates.
 *
 * Not here: which topics they may send to. That is http2-request.js.
 */

import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'

/** Seconds for which Apple takes a provider token. */
const LIFETIME = 3600

/** Seconds that a client's clock may be ahead. */
const AHEAD = 60

/**
 * @typedef {object} SigningKey what a client signs its provider tokens with
 * @property {string} key PEM, as Apple's `.p8` files
 * @property {string} keyId
 * @property {string} teamId
 */

/** @returns {SigningKey} */
export function createSigningKey () {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = /** @type {string} */ (privateKey.export({ format: 'pem', type: 'pkcs8' }))
  return signingKey(key)
}

/** @param {string} key PEM @returns {SigningKey} */
export const signingKey = key => ({ key, keyId: 'SIMULATOR1', teamId: 'BELLPUSH01' })

export class Authorization {
  /** @type {Map<string, { publicKey: import('node:crypto').KeyObject, teamId: string }>} */
  #keys = new Map()
  /** Provider tokens that were found good → when they were issued, Unix seconds. @type {Map<string, number>} */
  #good = new Map()
  /** @type {Set<string>} */
  #expired = new Set()

  /** @param {SigningKey[]} keys */
  constructor (keys) {
    for (const { key, keyId, teamId } of keys) this.#keys.set(keyId, { publicKey: createPublicKey(key), teamId })
  }

  /** From now on every provider token that was taken before is expired. */
  expire () {
    for (const token of this.#good.keys()) this.#expired.add(token)
    this.#good.clear()
  }

  /**
   * Provider tokens that were taken, so that a test can see how many there were.
   */
  get taken () { return this.#good.size + this.#expired.size }

  /**
   * @param {string | undefined} header the value of `authorization`
   * @returns {string | undefined} the reason why it is refused; nothing: it is good
   */
  refuse (header) {
    if (header === undefined) return 'MissingProviderToken'
    const [, token] = /^bearer +(\S+)$/i.exec(header) ?? []
    if (token === undefined) return 'InvalidProviderToken'
    if (this.#expired.has(token)) return 'ExpiredProviderToken'
    const now = Math.floor(Date.now() / 1000)
    const issued = this.#good.get(token) ?? this.#read(token)
    if (issued === undefined || issued > now + AHEAD) return 'InvalidProviderToken'
    if (issued < now - LIFETIME) return 'ExpiredProviderToken'
    this.#good.set(token, issued)
  }

  /**
   * @param {string} token
   * @returns {number | undefined} when it was issued; nothing: it is not good
   */
  #read (token) {
    const parts = token.split('.')
    if (parts.length !== 3) return undefined
    try {
      const [header, claims] = parts.slice(0, 2).map(part => JSON.parse(Buffer.from(part, 'base64url').toString()))
      const known = this.#keys.get(header.kid)
      if (header.alg !== 'ES256' || known === undefined || claims.iss !== known.teamId) return undefined
      const signed = Buffer.from(`${parts[0]}.${parts[1]}`)
      const signature = Buffer.from(parts[2], 'base64url')
      const isGood = verify('sha256', signed, { key: known.publicKey, dsaEncoding: 'ieee-p1363' }, signature)
      return isGood && Number.isInteger(claims.iat) ? claims.iat : undefined
    } catch {
      return undefined // whatever else it is, it is no provider token
    }
  }
}

/**
 * The client certificate of a connection.
 * @param {import('node:tls').TLSSocket} socket
 * @returns {{ uid: string | undefined, isTrusted: boolean } | undefined} nothing: it has none
 */
export function certificateOf (socket) {
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return undefined
  const uid = /^UID=(.+)$/m.exec(certificate.subject ?? '')?.[1]
  return { uid, isTrusted: socket.authorized }
}
