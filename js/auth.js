/**
 * Who we are to a gateway: a client certificate or a provider token. What cannot go together, or is missing where Apple
 * wants to know it, is said here, before anything is sent.
 *
 * Not here: certificates and their keys (credentials.js), provider tokens (provider-token.js).
 */
import { isApple } from './certificate.js'
import { loadCredentials } from './credentials.js'
import { BellpushError } from './errors.js'
import { readOptions } from './options.js'
import { providerToken } from './provider-token.js'

/** @typedef {Omit<import('./credentials.js').CredentialOptions, 'ca'>} CertificateAuth */
/** @typedef {import('./provider-token.js').TokenAuth} TokenAuth */

/**
 * @typedef {object} Identity
 * @property {import('./credentials.js').Credentials} credentials
 * @property {import('./provider-token.js').ProviderToken | undefined} token
 * @property {import('./notification.js').Sender} sender
 */

/** Whether they fit is checked by whoever reads them, who knows better words and shows no secret. */
const any = { fits: () => true, wants: '' }
const authRules = { cert: any, key: any, pfx: any, passphrase: any, keyId: any, teamId: any }

/**
 * @param {CertificateAuth | TokenAuth | undefined} auth
 * @param {{ gateway: import('./gateway.js').Gateway, ca?: import('./credentials.js').CredentialOptions['ca'] }} use
 * @returns {Identity}
 * @throws {BellpushError} BELLPUSH_OPTION_INVALID, and every code of credentials
 */
export function readAuth (auth, { gateway, ca }) {
  const given = readOptions('auth option', authRules, auth ?? {})
  const { keyId, teamId, ...certificate } = given
  if (keyId !== undefined || teamId !== undefined) {
    checkToken(given, gateway)
    return {
      credentials: loadCredentials({ ca }, { gatewayHost: gateway.host }),
      token: providerToken({ key: given.key, keyId, teamId, passphrase: given.passphrase }),
      sender: { speaks: 'token' }
    }
  }
  if (gateway.http2 && given.key !== undefined && given.cert === undefined && given.pfx === undefined) {
    throw invalid('auth has a key alone: add keyId and teamId if it is a .p8 key, or cert if it is a certificate\'s')
  }
  const credentials = loadCredentials({ ...certificate, ca }, { gatewayHost: gateway.host })
  if (credentials.certificate === undefined && gateway.http2 && isApple(gateway.host)) {
    throw invalid(`${gateway.host} wants to know who you are: give auth as { key, keyId, teamId } with a .p8 key of ` +
      'Apple\'s developer portal, or a client certificate as { cert, key } or { pfx, passphrase }')
  }
  const { certificate: shown } = credentials
  return {
    credentials,
    token: undefined,
    sender: shown === undefined ? { speaks: 'nobody' } : { speaks: 'certificate', uid: shown.uid }
  }
}

/**
 * @param {Record<keyof typeof authRules, any>} given
 * @param {import('./gateway.js').Gateway} gateway
 */
function checkToken ({ cert, pfx, key }, gateway) {
  if (!gateway.http2) {
    throw invalid('the binary protocol knows no provider tokens (keyId, teamId) and wants a client certificate as auth')
  }
  if (cert !== undefined || pfx !== undefined) {
    throw invalid("auth has a provider token's keyId and teamId and a certificate " +
      `(${cert === undefined ? 'pfx' : 'cert'}): give one of the two`)
  }
  if (key === undefined) throw invalid('auth has keyId and teamId, but no key: give the .p8 file that belongs to them')
}

/** @param {string} message */
const invalid = message => new BellpushError('BELLPUSH_OPTION_INVALID', message)
