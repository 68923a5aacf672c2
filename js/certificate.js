/**
 * What a client certificate says about itself, and whether it may be used now and at a gateway.
 */
import { BellpushError } from './errors.js'

/** @typedef {'sandbox' | 'production'} Environment */

/**
 * @typedef {object} CertificateInfo
 * @property {string} subject like `CN=Apple Push Services: com.example.doorbell, UID=com.example.doorbell`
 * @property {string | undefined} uid of the subject: Apple writes the topic into it
 * @property {Date} notBefore
 * @property {Date} notAfter
 * @property {Set<Environment>} environments that Apple's extensions name; empty: it has none of them
 * @property {string} fingerprint SHA-256, hexadecimal with colons
 */

/**
 * The object identifiers of Apple's extensions as a certificate holds them (DER). They are looked for as bytes: nothing
 * else in a certificate has a reason to hold them.
 * @type {Record<Environment, Buffer>}
 */
const extensions = {
  sandbox: Buffer.from('060a2a864886f76364060301', 'hex'), // 1.2.840.113635.100.6.3.1
  production: Buffer.from('060a2a864886f76364060302', 'hex') // 1.2.840.113635.100.6.3.2
}

const appleGateways = /^(gateway|feedback|api)\.(?:(sandbox|development)\.)?push\.apple\.com\.?$/i

/** Whether it is one of Apple's own gateways. @param {string} host */
export const isApple = host => appleGateways.test(host)

/**
 * @param {import('node:crypto').X509Certificate} certificate
 * @returns {CertificateInfo}
 */
export function describeCertificate (certificate) {
  const names = certificate.subject?.split('\n') ?? []
  const environments = /** @type {Environment[]} */ (Object.keys(extensions))
  return {
    subject: names.toSorted((a, b) => Number(b.startsWith('CN=')) - Number(a.startsWith('CN='))).join(', '),
    uid: names.find(name => name.startsWith('UID='))?.slice(4),
    notBefore: new Date(certificate.validFrom),
    notAfter: new Date(certificate.validTo),
    environments: new Set(environments.filter(name => certificate.raw.includes(extensions[name]))),
    fingerprint: certificate.fingerprint256
  }
}

/**
 * @param {CertificateInfo} certificate
 * @param {string} from where it was read, for messages
 * @param {number} now milliseconds since 1970
 * @throws {BellpushError} BELLPUSH_CERTIFICATE_EXPIRED, BELLPUSH_CERTIFICATE_NOT_YET_VALID
 */
export function checkValidity ({ subject, notBefore, notAfter }, from, now) {
  const what = `the certificate of ${from} (${subject})`
  if (notAfter.getTime() < now) {
    throw new BellpushError('BELLPUSH_CERTIFICATE_EXPIRED',
      `${what} expired on ${notAfter.toISOString()}: renew it, or check this machine's clock`)
  }
  if (notBefore.getTime() > now) {
    throw new BellpushError('BELLPUSH_CERTIFICATE_NOT_YET_VALID',
      `${what} is not valid before ${notBefore.toISOString()}: check this machine's clock`)
  }
}

/**
 * @param {CertificateInfo} certificate
 * @param {string} from where it was read, for messages
 * @param {string} gatewayHost only Apple's own hosts have an environment
 * @throws {BellpushError} BELLPUSH_WRONG_ENVIRONMENT
 */
export function checkEnvironment ({ subject, environments }, from, gatewayHost) {
  const apple = appleGateways.exec(gatewayHost)
  if (apple === null) return
  const environment = apple[2] === undefined ? 'production' : 'sandbox'
  // A certificate without any of the extensions is not one of Apple's usual ones: nobody knows what it is for.
  if (environments.size === 0 || environments.has(environment)) return
  throw new BellpushError('BELLPUSH_WRONG_ENVIRONMENT',
    `the certificate of ${from} (${subject}) is for the ${[...environments].join(' and ')} environment only, ` +
    `but ${gatewayHost} is the ${environment} gateway: use the other gateway or the other certificate`)
}
