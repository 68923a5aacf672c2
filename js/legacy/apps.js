/**
 * Which app an old client speaks for: by its certificate, as Apple had it, or because there is only one.
 */
import { X509Certificate } from 'node:crypto'
import { describeCertificate } from '../certificate.js'
import { BellpushError } from '../errors.js'
import { pemBlocks, readMaterial } from '../material.js'

/**
 * @typedef {object} LegacyApp
 * @property {string} name for logs and metrics
 * @property {import('../client.js').Client} client speaks HTTP/2
 * @property {string} [topic] with its suffix; if left out, the client's
 * @property {import('../material.js').Source[]} [certificates] PEM: client certificates that speak for this app
 *   whatever they say, and whatever their last day was
 */

/** @typedef {{ name: string, pool: import('../http2/pool.js').Http2Pool, topic: string | undefined }} App */

export class LegacyApps {
  /** @type {App[]} */
  #apps = []
  /** By the SHA-256 fingerprint of a certificate. @type {Map<string, App>} */
  #pinned = new Map()

  /**
   * @param {LegacyApp[]} apps
   * @throws {BellpushError} BELLPUSH_OPTION_INVALID, BELLPUSH_CREDENTIALS_INVALID
   */
  constructor (apps) {
    for (const { name, client, topic, certificates = [] } of apps) {
      const { carrier } = client
      if (carrier === undefined) throw invalid(`the legacy gateway sends over HTTP/2, and the app '${name}' does not`)
      const app = { name, pool: carrier.pool, topic: topic ?? carrier.topic }
      this.#apps.push(app)
      for (const source of certificates) this.#pin(source, app)
    }
    if (this.#apps.length === 0) throw invalid('the legacy gateway needs an app')
  }

  [Symbol.iterator] () {
    return this.#apps.values()
  }

  get hasPinned () { return this.#pinned.size > 0 }

  /** The app of whoever comes without a certificate. @returns {App | undefined} undefined: there are several */
  get only () {
    return this.#apps.length === 1 ? this.#apps[0] : undefined
  }

  /**
   * @param {X509Certificate | undefined} certificate
   * @param {boolean} isAuthorized an authority that is trusted has issued it, and it is of today
   * @returns {{ app: App | undefined, name: string, certificate: string, why: string }} `why`: why there is no app
   */
  of (certificate, isAuthorized) {
    if (certificate === undefined) return { app: undefined, name: '', certificate: '', why: 'it has no certificate' }
    const { uid, subject, fingerprint } = describeCertificate(certificate)
    const found = (/** @type {App | undefined} */ app, why = '') =>
      ({ app, name: subject, certificate: fingerprint, why })
    const pinned = this.#pinned.get(fingerprint)
    if (pinned !== undefined) return found(pinned)
    if (!isAuthorized) return found(undefined, 'no authority that is trusted vouches for its certificate today')
    if (uid === undefined) {
      return found(this.only, 'its certificate names no app by a UID, and there are several here')
    }
    return found(this.#apps.find(({ topic }) => topic === uid), `its certificate is for ${uid}, which is no app here`)
  }

  /**
   * @param {import('../material.js').Source} source
   * @param {App} app
   */
  #pin (source, app) {
    const { bytes, from } = readMaterial('certificates', source)
    const block = pemBlocks(bytes).find(({ label }) => label === 'CERTIFICATE')
    if (block === undefined) {
      throw new BellpushError('BELLPUSH_CREDENTIALS_INVALID', `${from}, given for ${app.name}, holds no certificate`)
    }
    this.#pinned.set(new X509Certificate(block.pem).fingerprint256, app)
  }
}

/** @param {string} message */
const invalid = message => new BellpushError('BELLPUSH_OPTION_INVALID', message)
