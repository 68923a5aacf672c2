/**
 * What is offered to old clients when they shake hands.
 *
 * TLS 1.2 and not 1.3, without session tickets: with TLS 1.3 tickets follow the handshake, a client that never reads
 * has them lie unread when it closes, and its kernel sends a reset that takes along the error response, or what the
 * client has written and we have not read. Nothing is sent behind the handshake of TLS 1.2.
 */
import { constants } from 'node:crypto'
import { readMaterial } from '../material.js'

/** @typedef {import('../material.js').Source} Source */

/**
 * @typedef {object} SecureOptions
 * @property {Source} [cert] the gateway's own certificate, with its chain
 * @property {Source} [key] its private key
 * @property {Source} [pfx] both, as PKCS#12
 * @property {string} [passphrase]
 * @property {Source | Source[]} [ca] authorities that issue client certificates
 * @property {'TLSv1' | 'TLSv1.1' | 'TLSv1.2'} [minVersion] older than TLS 1.2 only where a client knows no better
 */

/**
 * @param {SecureOptions} options
 * @returns {import('node:tls').TlsOptions}
 */
export function secureOptions ({ cert, key, pfx, passphrase, ca, minVersion = 'TLSv1.2' }) {
  const read = (/** @type {string} */ name, /** @type {Source | undefined} */ source) =>
    source === undefined ? undefined : readMaterial(name, source).bytes
  return {
    cert: read('cert', cert),
    key: read('key', key),
    pfx: read('pfx', pfx),
    passphrase,
    ca: ca === undefined ? undefined : [ca].flat().map(source => readMaterial('ca', source).bytes),
    requestCert: true,
    // Who it is is looked at afterwards: certificates of old clients may be trusted by themselves, past their last day.
    rejectUnauthorized: false,
    minVersion,
    maxVersion: 'TLSv1.2',
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_CIPHER_SERVER_PREFERENCE,
    // OpenSSL takes its older protocols and their signatures for insecure, which they are, and forbids them otherwise.
    ...isOld(minVersion) && { ciphers: 'DEFAULT@SECLEVEL=0' }
  }
}

/** @param {string | undefined} version */
export const isOld = version => version === 'TLSv1' || version === 'TLSv1.1'
