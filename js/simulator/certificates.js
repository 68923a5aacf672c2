/**
 * A certificate authority for tests: it issues the certificates of the simulator and of its clients, and on demand odd
 * ones (expired, not yet valid, for one of Apple's environments, …). Not for production: nobody keeps its key safe.
 *
 * Keys and signatures come from node:crypto, which is quick; node-forge only builds the certificates.
 */

import { createHash, generateKeyPair, randomBytes, sign as signBytes } from 'node:crypto'
import { isIP } from 'node:net'
import { promisify } from 'node:util'
import forge from 'node-forge'
import { encodePkcs12 } from './pkcs12.js'

const { asn1, pki } = forge
const generate = promisify(generateKeyPair)

const hour = 3_600_000
const day = 24 * hour

/** The subject of the simulator's authority, by which its files are known again. */
export const authorityName = 'Bellpush simulator authority'

/** The user id of a subject: Apple writes the topic (bundle id) into it. */
const userIdOid = '0.9.2342.19200300.100.1.1'

/** The extensions by which Apple marks the environments that a certificate is for. Their value is NULL. */
export const environmentOids = Object.freeze({
  sandbox: '1.2.840.113635.100.6.3.1',
  production: '1.2.840.113635.100.6.3.2'
})

/**
 * @typedef {object} IssueOptions
 * @property {string} [commonName] default `bellpush client`
 * @property {string} [uid] the topic that Apple writes into the subject, like `com.example.doorbell`
 * @property {Date} [notBefore] default: an hour ago
 * @property {Date} [notAfter] default: in a year
 * @property {Array<'sandbox' | 'production'>} [environments] Apple's extensions to add; default none
 * @property {string} [keyPem] the private key, RSA; default: a new one
 * @property {string[]} [hosts] host names and addresses of a server; without them the certificate is a client's
 */

/**
 * @typedef {object} Issued
 * @property {string} certPem
 * @property {string} keyPem PKCS#8, not encrypted
 * @property {(passphrase: string, options?: { legacy?: boolean }) => Buffer} pkcs12 the certificate, its authority and
 *   the key in one file; `legacy` as old keychains wrote it, which OpenSSL 3 refuses
 */

/**
 * A new authority with a new key. Each one trusts only itself, so "signed by another authority" is a second call.
 *
 * @param {{ commonName?: string, notBefore?: Date, notAfter?: Date, keyPem?: string }} [options] default validity: ten
 *   years; `keyPem` is the private key, RSA, if it shall not be a new one
 * @returns {Promise<Authority>}
 */
export async function createAuthority (options = {}) {
  const {
    commonName = authorityName, notBefore = new Date(Date.now() - hour),
    notAfter = new Date(Date.now() + 3650 * day), keyPem = await newKey()
  } = options
  const subject = [textAttribute({ name: 'commonName' }, commonName)]
  const certPem = sign({
    keyPem, issuerKeyPem: keyPem, subject, issuer: subject, notBefore, notAfter,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true }
    ]
  })
  return new Authority(certPem, keyPem)
}

/** Signs certificates. Made by `createAuthority()`, or from an authority's kept PEM text. */
export class Authority {
  /**
   * @param {string} certPem
   * @param {string} keyPem
   */
  constructor (certPem, keyPem) {
    this.certPem = certPem
    this.keyPem = keyPem
  }

  /**
   * A certificate and its key, signed by this authority.
   *
   * @param {IssueOptions} [options]
   * @returns {Promise<Issued>}
   */
  async issue (options = {}) {
    const {
      commonName = 'bellpush client', uid, environments = [], hosts, keyPem = await newKey(),
      notBefore = new Date(Date.now() - hour), notAfter = new Date(Date.now() + 365 * day)
    } = options
    const subject = [textAttribute({ name: 'commonName' }, commonName)]
    if (uid !== undefined) subject.unshift(textAttribute({ type: userIdOid }, uid))
    const certPem = sign({
      keyPem, issuerKeyPem: this.keyPem, subject, notBefore, notAfter,
      issuer: pki.certificateFromPem(this.certPem).subject.attributes,
      extensions: [
        { name: 'basicConstraints', cA: false, critical: true },
        { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
        { name: 'extKeyUsage', clientAuth: hosts === undefined, serverAuth: hosts !== undefined },
        ...(hosts === undefined ? [] : [{ name: 'subjectAltName', altNames: hosts.map(altName) }]),
        ...environments.map((name) => ({ id: environmentOids[name], value: nullDer() }))
      ]
    })
    return {
      certPem,
      keyPem,
      pkcs12: (passphrase, { legacy = false } = {}) =>
        encodePkcs12({ keyPem, chainPem: [certPem, this.certPem], passphrase, legacy })
    }
  }
}

/** @returns {Promise<string>} a new RSA key, PKCS#8 in PEM */
export async function newKey () {
  const { privateKey } = await generate('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' }
  })
  return privateKey
}

/**
 * @param {{ keyPem: string, issuerKeyPem: string, subject: forge.pki.CertificateField[],
 *   issuer: forge.pki.CertificateField[], notBefore: Date, notAfter: Date, extensions: object[] }} parts
 * @returns {string} PEM
 */
function sign ({ keyPem, issuerKeyPem, subject, issuer, notBefore, notAfter, extensions }) {
  const issuerKey = rsaKey(issuerKeyPem)
  const cert = pki.createCertificate()
  cert.publicKey = publicKeyOf(rsaKey(keyPem))
  // A positive INTEGER that is never zero and never has a superfluous first byte.
  cert.serialNumber = '4f' + randomBytes(15).toString('hex')
  cert.validity.notBefore = notBefore
  cert.validity.notAfter = notAfter
  cert.setSubject(subject)
  cert.setIssuer(issuer)
  cert.setExtensions([
    ...extensions,
    { name: 'subjectKeyIdentifier' },
    { name: 'authorityKeyIdentifier', keyIdentifier: keyIdentifier(publicKeyOf(issuerKey)) }
  ])
  // forge's own arithmetic takes thirty times as long.
  const signer = { sign: () => signBytes('sha256', derOf(cert.tbsCertificate), issuerKeyPem).toString('latin1') }
  cert.sign(/** @type {any} */ (signer), forge.md.sha256.create())
  return pki.certificateToPem(cert)
}

/** @param {string} pem */
const rsaKey = (pem) => /** @type {forge.pki.rsa.PrivateKey} */ (pki.privateKeyFromPem(pem))
/** @param {forge.pki.rsa.PrivateKey} key */
const publicKeyOf = (key) => pki.setRsaPublicKey(key.n, key.e)
/** @param {forge.asn1.Asn1} value */
const derOf = (value) => Buffer.from(asn1.toDer(value).getBytes(), 'latin1')
const nullDer = () => asn1.toDer(asn1.create(asn1.Class.UNIVERSAL, asn1.Type.NULL, false, '')).getBytes()

/** @param {forge.pki.rsa.PublicKey} key RFC 5280, 4.2.1.2, method 1 */
function keyIdentifier (key) {
  const der = asn1.toDer(pki.publicKeyToRSAPublicKey(key)).getBytes()
  return createHash('sha1').update(der, 'latin1').digest().toString('latin1')
}

/**
 * @param {{ name: string } | { type: string }} field
 * @param {string} value
 * @returns {forge.pki.CertificateField}
 */
function textAttribute (field, value) {
  return /** @type {forge.pki.CertificateField} */ (
    { ...field, value, valueTagClass: /** @type {any} */ (asn1.Type.UTF8) })
}

/** @param {string} host */
const altName = (host) => isIP(host) ? { type: 7, ip: host } : { type: 2, value: host }
