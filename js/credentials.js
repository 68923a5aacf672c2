/**
 * Credentials: a certificate and its private key in PEM or PKCS#12, and the authorities that the server's certificate
 * is checked against. Everything that can be wrong with them is said here, before anything is sent.
 *
 * Not here: connecting with them (connection.js), and provider tokens (JWT).
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { checkEnvironment, checkValidity, describeCertificate } from './certificate.js'
import { BellpushError } from './errors.js'
import { looksLikePkcs12, pemBlocks, readMaterial } from './material.js'
import { openPkcs12 } from './pkcs12.js'

/** @typedef {import('./material.js').Source} Source */
/** @typedef {import('./material.js').Material} Material */

/**
 * Each source is PEM text, bytes, or the path of a file (a string without `-----BEGIN`).
 * @typedef {object} CredentialOptions
 * @property {Source} [cert] the client certificate, its chain if there is one, and the key if it is in the same file
 * @property {Source} [key] its private key
 * @property {Source} [pfx] both, as PKCS#12 (.p12): instead of `cert` and `key`
 * @property {string} [passphrase] of the key or the PKCS#12 file
 * @property {Source | Source[]} [ca] authorities to trust instead of the public ones: for a private gateway
 */

/**
 * @typedef {object} Credentials
 * @property {import('node:tls').SecureContext} secureContext made once, for all connections
 * @property {import('./certificate.js').CertificateInfo | undefined} certificate the client's; undefined: it has none
 */

/** @typedef {{ keys: import('node:crypto').KeyObject[], certificates: X509Certificate[], from: string }} Identity */

/**
 * Reads and checks credentials. Without `cert` and `pfx` there is no client certificate, which a private gateway may
 * well allow.
 * @param {CredentialOptions} [options]
 * @param {{ gatewayHost?: string, now?: number }} [use] the host to connect to; milliseconds since 1970
 * @returns {Credentials}
 * @throws {BellpushError} BELLPUSH_OPTION_INVALID, BELLPUSH_CREDENTIALS_INVALID, BELLPUSH_PASSPHRASE_WRONG,
 *   BELLPUSH_KEY_MISMATCH, BELLPUSH_CERTIFICATE_EXPIRED, BELLPUSH_CERTIFICATE_NOT_YET_VALID, BELLPUSH_WRONG_ENVIRONMENT
 */
export function loadCredentials (options = {}, { gatewayHost = '', now = Date.now() } = {}) {
  checkCombination(options)
  const ca = options.ca === undefined ? undefined : readAuthorities(options.ca)
  const identity = readIdentity(options)
  if (identity === undefined) return { secureContext: secureContext({ ca }, 'the option ca'), certificate: undefined }

  const { key, chain } = matched(identity)
  const certificate = describeCertificate(chain[0])
  checkValidity(certificate, identity.from, now)
  checkEnvironment(certificate, identity.from, gatewayHost)
  return {
    secureContext: secureContext({
      ca,
      cert: chain.join(''),
      key: /** @type {string} */ (key.export({ format: 'pem', type: 'pkcs8' }))
    }, identity.from),
    certificate
  }
}

/** @param {CredentialOptions} options */
function checkCombination ({ cert, key, pfx, passphrase }) {
  const fault = pfx !== undefined && (cert !== undefined || key !== undefined)
    ? 'give either pfx or cert and key, not both'
    : key !== undefined && cert === undefined
      ? 'key was given without cert: the certificate of that key is needed too'
      : passphrase !== undefined && typeof passphrase !== 'string'
        ? `passphrase must be a string, found ${typeof passphrase}`
        : undefined
  if (fault !== undefined) throw new BellpushError('BELLPUSH_OPTION_INVALID', fault)
}

/**
 * @param {Source | Source[]} ca
 * @returns {string[]} PEM
 */
function readAuthorities (ca) {
  const sources = Array.isArray(ca) ? ca : [ca]
  if (sources.length === 0) {
    throw new BellpushError('BELLPUSH_OPTION_INVALID', 'ca is an empty list: it would trust nobody')
  }
  return sources.flatMap(source => readCertificates(readMaterial('ca', source)).map(String))
}

/**
 * @param {CredentialOptions} options
 * @returns {Identity | undefined} undefined: none was given
 */
function readIdentity ({ cert, key, pfx, passphrase }) {
  if (pfx !== undefined) {
    const material = readMaterial('pfx', pfx)
    if (pemBlocks(material.bytes).length > 0) {
      throw invalid(`${material.from} is PEM, not PKCS#12: give it as cert`)
    }
    return { ...openPkcs12(material, passphrase), from: material.from }
  }
  if (cert === undefined) return undefined
  const certMaterial = readMaterial('cert', cert)
  const keyMaterial = key === undefined ? certMaterial : readMaterial('key', key)
  return {
    certificates: readCertificates(certMaterial),
    keys: readKeys(keyMaterial, passphrase),
    from: certMaterial === keyMaterial ? certMaterial.from : `${certMaterial.from} and ${keyMaterial.from}`
  }
}

/**
 * @param {Material} material PEM, or one certificate in DER as Apple's portal gives it (.cer)
 * @returns {X509Certificate[]} at least one
 */
function readCertificates ({ bytes, from }) {
  const blocks = pemBlocks(bytes)
  const certificates = blocks.filter(({ label }) => /^(X509 )?CERTIFICATE$/.test(label))
  if (blocks.length > 0 && certificates.length === 0) {
    throw invalid(`there is no certificate in ${from}, only ${blocks.map(({ label }) => label).join(', ')}`)
  }
  if (looksLikePkcs12(bytes)) throw invalid(`${from} is PKCS#12: give it as pfx`)
  try {
    if (blocks.length === 0) return [new X509Certificate(bytes)]
    return certificates.map(({ pem }) => new X509Certificate(pem))
  } catch (cause) {
    throw invalid(`the certificate of ${from} is damaged, or is not PEM`, cause)
  }
}

/**
 * The private keys in PEM.
 * @param {Material} material
 * @param {string} [passphrase]
 * @returns {import('node:crypto').KeyObject[]} at least one
 * @throws {BellpushError} BELLPUSH_CREDENTIALS_INVALID, BELLPUSH_PASSPHRASE_WRONG
 */
export function readKeys ({ bytes, from }, passphrase) {
  const blocks = pemBlocks(bytes).filter(({ label }) => label.endsWith('PRIVATE KEY'))
  if (blocks.length === 0) {
    throw invalid(looksLikePkcs12(bytes)
      ? `${from} is PKCS#12: give it as pfx`
      : `there is no private key in PEM in ${from}: give the file that holds it as key`)
  }
  return blocks.map(({ label, pem }) => {
    const encrypted = label.startsWith('ENCRYPTED') || /^Proc-Type: *4,ENCRYPTED/m.test(pem)
    if (encrypted && !passphrase) {
      throw new BellpushError('BELLPUSH_PASSPHRASE_WRONG', `the private key of ${from} is locked: give its passphrase`)
    }
    try {
      return createPrivateKey({ key: pem, passphrase })
    } catch (cause) {
      throw unreadableKey(from, encrypted, /** @type {NodeJS.ErrnoException} */ (cause))
    }
  })
}

/**
 * @param {string} from
 * @param {boolean} encrypted
 * @param {NodeJS.ErrnoException} cause
 */
function unreadableKey (from, encrypted, cause) {
  if (encrypted && cause.code === 'ERR_OSSL_EVP_UNSUPPORTED') {
    return invalid(`the private key of ${from} is locked with a cipher that OpenSSL 3 has given up: ` +
      'lock it anew with `openssl pkcs8 -topk8 -provider legacy -provider default -in OLD -out NEW`', cause)
  }
  if (encrypted) {
    return new BellpushError('BELLPUSH_PASSPHRASE_WRONG',
      `the passphrase does not open the private key of ${from}`, { cause })
  }
  return invalid(`the private key of ${from} is damaged`, cause)
}

/**
 * The key and its certificate, followed by the certificates that lead to its authority, in that order: files hold them
 * in any.
 * @param {Identity} identity
 * @returns {{ key: import('node:crypto').KeyObject, chain: X509Certificate[] }}
 */
function matched ({ keys, certificates, from }) {
  if (keys.length === 0) {
    throw invalid(`there is no private key in ${from}: export the certificate together with its key`)
  }
  if (certificates.length === 0) throw invalid(`there is no certificate in ${from}`)
  const pairs = keys.flatMap(key => certificates.filter(certificate => certificate.checkPrivateKey(key))
    .map(certificate => ({ key, certificate, notAfter: Date.parse(certificate.validTo) })))
  if (pairs.length === 0) {
    const subjects = certificates.map(certificate => `(${describeCertificate(certificate).subject})`).join(', ')
    throw new BellpushError('BELLPUSH_KEY_MISMATCH',
      `the private key of ${from} does not belong to the certificate ${subjects}: ` +
      'find the key that the certificate was requested with')
  }
  if (pairs.some(({ key }) => !key.equals(pairs[0].key))) {
    const subjects = pairs.map(({ certificate }) => `(${describeCertificate(certificate).subject})`).join(', ')
    throw invalid(`several certificates with their keys are in ${from}: ${subjects}: export only the one to use`)
  }
  // One key, several certificates: it was renewed with the same key.
  const { key, certificate } = pairs.reduce((best, pair) => pair.notAfter > best.notAfter ? pair : best)
  return { key, chain: chainOf(certificate, certificates) }
}

/**
 * @param {X509Certificate} leaf
 * @param {X509Certificate[]} certificates
 */
function chainOf (leaf, certificates) {
  const chain = [leaf]
  const rest = new Set(certificates)
  for (let next = /** @type {X509Certificate | undefined} */ (leaf); next !== undefined;) {
    const last = next
    rest.delete(last)
    next = [...rest].find(candidate => last.checkIssued(candidate))
    if (next !== undefined) chain.push(next)
  }
  return chain
}

/**
 * @param {import('node:tls').SecureContextOptions} options
 * @param {string} from
 */
function secureContext (options, from) {
  try {
    return createSecureContext(options)
  } catch (cause) {
    const { message } = /** @type {Error} */ (cause)
    throw invalid(`OpenSSL refuses the certificate of ${from}: ${message}`, cause)
  }
}

/**
 * @param {string} message
 * @param {unknown} [cause]
 */
function invalid (message, cause) {
  return new BellpushError('BELLPUSH_CREDENTIALS_INVALID', message, { cause })
}
