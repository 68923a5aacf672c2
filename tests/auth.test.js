/** Who we are to a gateway: what is missing, contradictory or no key is an error at once, in words without secrets. */

import assert from 'node:assert/strict'
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Client } from '../js/client.js'
import { BellpushError } from '../js/errors.js'
import { createSigningKey } from '../js/simulator/http2-authorization.js'
import { authority, client as certificate, folder } from './helpers/certificates.js'

const token = createSigningKey()
const certified = { cert: certificate.certPem, key: certificate.keyPem }

/** @param {Partial<import('../js/client.js').ClientOptions> & { auth?: any }} options */
const make = options => new Client({ gateway: 'production', ...options })

/**
 * @param {() => unknown} run
 * @param {string} code
 * @param {RegExp} words
 * @param {string[]} secrets
 */
function refuses (run, code, words, secrets = []) {
  assert.throws(run, error => {
    assert.ok(error instanceof BellpushError, String(error))
    assert.equal(error.code, code)
    assert.match(error.message, words)
    for (const secret of ['MIG', 'BEGIN PRIV', ...secrets]) assert.ok(!error.message.includes(secret), error.message)
    return true
  })
}

describe('a client', () => {
  test('of Apple\'s gateways says who it is', () => {
    const gateways = ['production', 'sandbox', 'https://api.push.apple.com', 'https://API.sandbox.push.apple.com:2197']
    for (const gateway of gateways) {
      for (const auth of [undefined, {}]) {
        refuses(() => make({ gateway, auth }), 'BELLPUSH_OPTION_INVALID', /push\.apple\.com wants to know who you are/)
      }
      make({ gateway, auth: token })
      make({ gateway, auth: certified })
    }
  })

  test('of a private gateway may be nobody', () => {
    make({ gateway: 'https://push.example.com' })
    make({ gateway: 'apns://push.example.com' })
  })

  test('shows a provider token to HTTP/2 only', () => {
    refuses(() => make({ gateway: 'apns://localhost', auth: token }), 'BELLPUSH_OPTION_INVALID',
      /binary protocol knows no provider tokens/)
  })

  test('does not use a certificate of the other environment', async () => {
    const { certPem: cert, keyPem: key } = await authority.issue({ environments: ['sandbox'] })
    refuses(() => make({ auth: { cert, key } }), 'BELLPUSH_WRONG_ENVIRONMENT', /sandbox environment only/)
    make({ gateway: 'sandbox', auth: { cert, key } })
  })

  /** @type {[string, any, string, RegExp][]} */
  const faults = [
    ['a key alone', { key: token.key }, 'BELLPUSH_OPTION_INVALID', /auth has a key alone: add keyId and teamId/],
    ['no key', { keyId: 'ABCDE12345', teamId: 'FGHIJ67890' }, 'BELLPUSH_OPTION_INVALID', /but no key/],
    ['no team', { ...token, teamId: undefined }, 'BELLPUSH_OPTION_INVALID', /teamId must be the ten letters/],
    ['no id', { ...token, keyId: undefined }, 'BELLPUSH_OPTION_INVALID', /keyId must be the ten letters/],
    ['an id that is a key', { ...token, keyId: token.key }, 'BELLPUSH_OPTION_INVALID', /keyId.*found \d+ characters/],
    ['a token and a certificate', { ...token, ...certified }, 'BELLPUSH_OPTION_INVALID', /and a certificate \(cert\)/],
    ['a token and a PKCS#12', { ...token, pfx: certificate.pkcs12('x') }, 'BELLPUSH_OPTION_INVALID', /\(pfx\)/],
    ['a name misspelt', { ...token, keyID: 'x' }, 'BELLPUSH_OPTION_INVALID', /no auth option 'keyID'; there are/],
    ['a text', token.key, 'BELLPUSH_OPTION_INVALID', /'auth' must be an object, found a string/]
  ]
  for (const [what, auth, code, words] of faults) {
    test(`with ${what} is refused`, () => refuses(() => make({ auth }), code, words))
  }
})

describe('a key file', () => {
  const passphrase = 'open sesame'
  /** @param {import('node:crypto').KeyObject} key */
  const pem = key => String(key.export({ format: 'pem', type: 'pkcs8' }))
  const locked = String(createPrivateKey(token.key).export({
    format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase
  }))

  test('is the .p8 of the portal, contents, bytes or path; or a key of the same kind in other clothes', async t => {
    const path = join(await folder(t), 'AuthKey_SIMULATOR1.p8')
    await writeFile(path, token.key)
    const sec1 = String(createPrivateKey(token.key).export({ format: 'pem', type: 'sec1' }))
    const windows = token.key.replaceAll('\n', '\r\n')
    for (const key of [token.key, Buffer.from(token.key), path, sec1, windows, `\ufeff${token.key}`]) {
      make({ auth: { ...token, key } })
    }
    make({ auth: { ...token, key: locked, passphrase } })
  })

  /** @type {[string, any, string, RegExp][]} */
  const faults = [
    ['RSA', { key: pem(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey) },
      'BELLPUSH_CREDENTIALS_INVALID', /of the kind rsa, .* P-256/],
    ['another curve', { key: pem(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey) },
      'BELLPUSH_CREDENTIALS_INVALID', /of the kind secp384r1, .* P-256/],
    ['Ed25519', { key: pem(generateKeyPairSync('ed25519').privateKey) },
      'BELLPUSH_CREDENTIALS_INVALID', /of the kind ed25519, .* P-256/],
    ['a certificate', { key: certificate.certPem }, 'BELLPUSH_CREDENTIALS_INVALID', /no private key/],
    ['two keys', { key: token.key + createSigningKey().key }, 'BELLPUSH_CREDENTIALS_INVALID', /more than one/],
    ['cut', { key: token.key.slice(0, 90) }, 'BELLPUSH_CREDENTIALS_INVALID', /no private key/],
    ['without its lines', { key: token.key.replace(/-----[^-]+-----\n/g, '') },
      'BELLPUSH_CREDENTIALS_INVALID', /neither PEM text/],
    ['without its first line, in one', { key: token.key.replace(/-----[^-]+-----|\n/g, '') },
      'BELLPUSH_CREDENTIALS_INVALID', /neither PEM text/],
    ['nothing', { key: '' }, 'BELLPUSH_OPTION_INVALID', /found nothing/],
    ['not there', { key: '/nowhere/AuthKey.p8' }, 'BELLPUSH_CREDENTIALS_INVALID', /no such file/],
    ['a folder', { key: '/' }, 'BELLPUSH_CREDENTIALS_INVALID', /is a directory/],
    ['an object', { key: {} }, 'BELLPUSH_OPTION_INVALID', /found object/],
    ['locked', { key: locked }, 'BELLPUSH_PASSPHRASE_WRONG', /give its passphrase/],
    ['locked by another passphrase', { key: locked, passphrase: 'not it' }, 'BELLPUSH_PASSPHRASE_WRONG', /not open/],
    ['locked, with a number', { key: locked, passphrase: 4711 }, 'BELLPUSH_OPTION_INVALID', /found number/]
  ]
  for (const [what, auth, code, words] of faults) {
    test(`that is ${what} is refused`, () => refuses(() => make({ auth: { ...token, ...auth } }), code, words,
      [passphrase, 'not it', '4711', token.key.slice(40, 60)]))
  }
})

test('a gateway that is none is refused in words, without its password', () => {
  const bad = ['prod', 'Production', 'api.push.apple.com', 'http://localhost', 'https://u:secret@localhost', '']
  for (const gateway of bad) {
    refuses(() => make({ gateway, auth: token }), 'BELLPUSH_OPTION_INVALID', /a gateway is /, ['secret'])
  }
  refuses(() => make({ proxy: 'ftp://u:secret@proxy', auth: token }), 'BELLPUSH_OPTION_INVALID', /a proxy is/, ['secret'])
})
