/** Provider tokens: what they say, when they are made anew, and what is wrong with a key in words without secrets. */

import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { describe, test } from 'node:test'
import { BellpushError } from '../js/errors.js'
import { providerToken } from '../js/provider-token.js'
import { createSigningKey } from '../js/simulator/http2-authorization.js'

const minute = 60_000
const at = Date.UTC(2026, 0, 1)

describe('a provider token', () => {
  test('is a JWT that the public key verifies', () => {
    const auth = createSigningKey()
    const [, header, claims, signature] =
      /^bearer ([^.]+)\.([^.]+)\.([^.]+)$/.exec(providerToken(auth).authorization(at)) ?? []
    const read = (/** @type {string} */ part) => JSON.parse(Buffer.from(part, 'base64url').toString())
    assert.deepEqual(read(header), { alg: 'ES256', kid: auth.keyId })
    assert.deepEqual(read(claims), { iss: auth.teamId, iat: at / 1000 })
    const key = { key: createPublicKey(auth.key), dsaEncoding: /** @type {const} */ ('ieee-p1363') }
    assert.ok(verify('sha256', Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, 'base64url')))
  })

  test('stays the same for 50 minutes', () => {
    const token = providerToken(createSigningKey())
    const first = token.authorization(at)
    assert.equal(token.authorization(at + 50 * minute - 1), first)
    assert.notEqual(token.authorization(at + 50 * minute), first)
  })

  test('is the same for all who use the key', () => {
    const auth = createSigningKey()
    assert.equal(providerToken(auth).authorization(at), providerToken({ ...auth }).authorization(at + 1))
  })

  test('is another one for another team', () => {
    const auth = createSigningKey()
    assert.notEqual(providerToken(auth), providerToken({ ...auth, teamId: 'ANOTHER001' }))
  })

  test('is another one when the clock was set back, which would make it one of the future', () => {
    const token = providerToken(createSigningKey())
    const first = token.authorization(at)
    assert.equal(token.authorization(at - minute), first, 'a clock that is set right by a little')
    assert.notEqual(token.authorization(at - minute - 1), first)
  })

  test('is replaced once for all connections to which it was called expired', () => {
    const token = providerToken(createSigningKey())
    const expired = token.authorization(at)
    const fresh = token.replace(expired, at + 1)
    assert.notEqual(fresh, expired)
    assert.equal(token.replace(expired, at + 2), fresh)
    assert.equal(token.replace(fresh, at + 3), fresh, 'not twice within 20 minutes')
    assert.notEqual(token.replace(fresh, at + 21 * minute), fresh)
  })
})

describe('a key that cannot be used', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'pem', type: 'pkcs8' })
  const good = createSigningKey()
  /** @type {[string, object, string, RegExp][]} */
  const cases = [
    ['is RSA', { ...good, key: String(rsa) }, 'BELLPUSH_CREDENTIALS_INVALID', /rsa.*P-256/],
    ['is damaged', { ...good, key: good.key.replace(/\n.{20}/, '\n') }, 'BELLPUSH_CREDENTIALS_INVALID', /damaged/],
    ['is none', { ...good, key: Buffer.from('secret') }, 'BELLPUSH_CREDENTIALS_INVALID', /no private key/],
    ['lacks its id', { ...good, keyId: undefined }, 'BELLPUSH_OPTION_INVALID', /keyId/],
    ['has a wrong team', { ...good, teamId: 'short' }, 'BELLPUSH_OPTION_INVALID', /teamId.*5 characters/]
  ]
  for (const [what, auth, code, words] of cases) {
    test(what, () => {
      assert.throws(() => providerToken(/** @type {any} */ (auth)), error => {
        assert.ok(error instanceof BellpushError)
        assert.equal(error.code, code)
        assert.match(error.message, words)
        assert.doesNotMatch(error.message, /secret|MIG/)
        return true
      })
    })
  }
})
