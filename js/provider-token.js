/**
 * Provider tokens: what a client shows to Apple in the place of a certificate. A JWT, signed with ES256 by a key from
 * Apple's developer portal (`.p8`).
 *
 * All connections of a process that use the same key show the same token: Apple wants no more than one in 20 minutes,
 * and takes none that is older than 60.
 *
 * Not here: sending it. Secrets are in no message.
 */
import { createHash, createPublicKey, sign } from 'node:crypto'
import { readKeys } from './credentials.js'
import { BellpushError } from './errors.js'
import { readMaterial } from './material.js'

/** Milliseconds after which another token is made. */
const REFRESH_AFTER = 50 * 60_000

/** Milliseconds that a clock may go back without anybody noticing. */
const SLACK = 60_000

/** Milliseconds within which no other one is made, whatever Apple says of the last: it refuses those who do. */
const LEAST_AGE = 20 * 60_000

/**
 * @typedef {object} TokenAuth
 * @property {import('./material.js').Source} key the `.p8` file: PEM text, bytes or a path
 * @property {string} keyId ten characters, as the portal shows it beside the key
 * @property {string} teamId ten characters
 * @property {string} [passphrase] where somebody has locked the file: Apple's are not
 */

/** One for each team and key. @type {Map<string, ProviderToken>} */
const shared = new Map()

/**
 * The token of a team and a key, the same for all who ask in this process.
 * @param {TokenAuth} auth
 * @returns {ProviderToken}
 * @throws {BellpushError} BELLPUSH_OPTION_INVALID, BELLPUSH_CREDENTIALS_INVALID, BELLPUSH_PASSPHRASE_WRONG
 */
export function providerToken ({ key, keyId, teamId, passphrase }) {
  checkId('keyId', keyId)
  checkId('teamId', teamId)
  const privateKey = readKey(key, passphrase)
  const fingerprint = createHash('sha256')
    .update(createPublicKey(privateKey).export({ format: 'der', type: 'spki' })).digest('hex')
  const name = `${teamId} ${keyId} ${fingerprint}`
  const token = shared.get(name) ?? new ProviderToken(privateKey, keyId, teamId)
  shared.set(name, token)
  return token
}

export class ProviderToken {
  #key
  #keyId
  #teamId
  #value = ''
  #issuedAt = -Infinity
  /** It was made in the place of one that Apple called expired. */
  #isReplacement = false

  /**
   * @param {import('node:crypto').KeyObject} key
   * @param {string} keyId
   * @param {string} teamId
   */
  constructor (key, keyId, teamId) {
    this.#key = key
    this.#keyId = keyId
    this.#teamId = teamId
  }

  /**
   * The value of the header `authorization`.
   * @param {number} now milliseconds since 1970, by the machine's clock of this moment: Apple compares it with its own
   */
  authorization (now) {
    // A clock that was set back makes it one of the future, which Apple does not take.
    if (now - this.#issuedAt >= REFRESH_AFTER || now < this.#issuedAt - SLACK) {
      this.#issue(now)
      this.#isReplacement = false
    }
    return `bearer ${this.#value}`
  }

  /**
   * The value in the place of one that Apple called expired: another one where somebody else has made it already, or a
   * new one; but not twice in a row within 20 minutes.
   * @param {string} expired the value that was refused
   * @param {number} now milliseconds since 1970
   */
  replace (expired, now) {
    const isCurrent = expired === `bearer ${this.#value}`
    if (isCurrent && !(this.#isReplacement && now - this.#issuedAt < LEAST_AGE)) {
      this.#issue(now)
      this.#isReplacement = true
    }
    return this.authorization(now)
  }

  /** @param {number} now */
  #issue (now) {
    const parts = [{ alg: 'ES256', kid: this.#keyId }, { iss: this.#teamId, iat: Math.floor(now / 1000) }]
    const signed = parts.map(part => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
    const signature = sign('sha256', Buffer.from(signed), { key: this.#key, dsaEncoding: 'ieee-p1363' })
    this.#value = `${signed}.${signature.toString('base64url')}`
    this.#issuedAt = now
  }
}

/**
 * @param {string} name
 * @param {unknown} id
 */
function checkId (name, id) {
  if (typeof id === 'string' && /^[A-Z0-9]{10}$/i.test(id)) return
  throw new BellpushError('BELLPUSH_OPTION_INVALID',
    `${name} must be the ten letters and digits that Apple's developer portal shows` +
    `${typeof id === 'string' ? `, found ${id.length} characters` : `, found ${typeof id}`}`)
}

/**
 * @param {import('./material.js').Source} source
 * @param {string | undefined} passphrase
 */
function readKey (source, passphrase) {
  if (passphrase !== undefined && typeof passphrase !== 'string') {
    throw new BellpushError('BELLPUSH_OPTION_INVALID', `passphrase must be a string, found ${typeof passphrase}`)
  }
  const material = readMaterial('key', source)
  const [key, ...more] = readKeys(material, passphrase)
  if (more.length > 0) {
    throw new BellpushError('BELLPUSH_CREDENTIALS_INVALID',
      `there is more than one private key in ${material.from}: give the .p8 file of Apple's developer portal`)
  }
  const curve = key.asymmetricKeyDetails?.namedCurve
  if (key.asymmetricKeyType === 'ec' && curve === 'prime256v1') return key
  throw new BellpushError('BELLPUSH_CREDENTIALS_INVALID',
    `the private key of ${material.from} is of the kind ${curve ?? key.asymmetricKeyType}, and provider tokens are ` +
    'signed with P-256 (ES256): is it the .p8 file of a key for push notifications?')
}
