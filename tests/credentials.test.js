/** Credentials in every form that people have them in, and what is said about wrong ones before anything is sent. */

import assert from 'node:assert/strict'
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import forge from 'node-forge'
import { loadCredentials } from '../js/credentials.js'
import { BellpushError } from '../js/errors.js'
import { authority, client, folder, future, other, past } from './helpers/certificates.js'

/** @param {string} name */
const fixture = name => fileURLToPath(new URL(`fixtures/pkcs12/${name}`, import.meta.url))

/**
 * @param {() => unknown} load
 * @param {import('../js/errors.js').ErrorCode} code
 * @param {...RegExp} words
 */
function refuses (load, code, ...words) {
  assert.throws(load, error => {
    assert.ok(error instanceof BellpushError)
    assert.equal(error.code, code, error.message)
    for (const word of words) assert.match(error.message, word)
    return true
  })
}

/** @param {string} keyPem @param {string} passphrase */
const locked = (keyPem, passphrase) => createPrivateKey(keyPem)
  .export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase }).toString()

/** As OpenSSL wrote keys before PKCS#8. @param {string} keyPem @param {string} passphrase */
const lockedOldStyle = (keyPem, passphrase) => createPrivateKey(keyPem)
  .export({ format: 'pem', type: 'pkcs1', cipher: 'des-ede3-cbc', passphrase }).toString()

/** Another certificate for a key. @param {string} keyPem @param {Date} notAfter */
function certify (keyPem, notAfter) {
  const key = /** @type {forge.pki.rsa.PrivateKey} */ (forge.pki.privateKeyFromPem(keyPem))
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = forge.pki.setRsaPublicKey(key.n, key.e)
  certificate.validity.notBefore = new Date(0)
  certificate.validity.notAfter = notAfter
  certificate.setSubject([{ name: 'commonName', value: 'before the renewal' }])
  certificate.setIssuer([{ name: 'commonName', value: 'somebody' }])
  certificate.sign(key, forge.md.sha256.create())
  return forge.pki.certificateToPem(certificate)
}

describe('PEM', () => {
  test('a certificate and its key, as text', () => {
    const { certificate, secureContext } = loadCredentials({ cert: client.certPem, key: client.keyPem })
    const x509 = new X509Certificate(client.certPem)
    assert.ok(secureContext)
    assert.deepEqual(certificate, {
      subject: 'CN=Apple Push Services: com.example.doorbell, UID=com.example.doorbell',
      uid: 'com.example.doorbell',
      notBefore: new Date(x509.validFrom),
      notAfter: new Date(x509.validTo),
      environments: new Set(),
      fingerprint: x509.fingerprint256
    })
  })

  test('as bytes', () => {
    const { certificate } = loadCredentials({ cert: Buffer.from(client.certPem), key: Buffer.from(client.keyPem) })
    assert.equal(certificate?.uid, 'com.example.doorbell')
  })

  test('as paths, all in one file, with the words around that OpenSSL writes', async t => {
    const dir = await folder(t, { 'bundle.pem': `Bag Attributes\n${client.keyPem}\nsubject=…\n${client.certPem}` })
    assert.equal(loadCredentials({ cert: join(dir, 'bundle.pem') }).certificate?.uid, 'com.example.doorbell')
  })

  test('the certificate of the key is found among those of its chain', () => {
    const { certificate } = loadCredentials({ cert: authority.certPem + client.certPem, key: client.keyPem })
    assert.equal(certificate?.uid, 'com.example.doorbell')
  })

  test('of two certificates for one key, the one that lasts longer', () => {
    const old = certify(other.keyPem, past.notAfter)
    const { certificate } = loadCredentials({ cert: old + other.certPem + other.keyPem })
    assert.equal(certificate?.notAfter.getTime(), Date.parse(new X509Certificate(other.certPem).validTo))
  })

  test('a certificate in DER, as Apple’s portal gives it', () => {
    const { certificate } = loadCredentials({ cert: new X509Certificate(client.certPem).raw, key: client.keyPem })
    assert.equal(certificate?.uid, 'com.example.doorbell')
  })

  for (const lock of [locked, lockedOldStyle]) {
    test(`a key under a passphrase (${lock.name})`, () => {
      const cert = client.certPem
      const key = lock(client.keyPem, 'ding dong')
      assert.ok(loadCredentials({ cert, key, passphrase: 'ding dong' }).certificate)
      refuses(() => loadCredentials({ cert, key, passphrase: 'dong' }), 'BELLPUSH_PASSPHRASE_WRONG', /does not open/)
      refuses(() => loadCredentials({ cert, key }), 'BELLPUSH_PASSPHRASE_WRONG', /give its passphrase/)
    })
  }

  test('a file that is missing, or a directory, is named', async t => {
    const dir = await folder(t)
    const missing = join(dir, 'missing.pem')
    refuses(() => loadCredentials({ cert: missing }), 'BELLPUSH_CREDENTIALS_INVALID', /missing\.pem/, /no such file/)
    refuses(() => loadCredentials({ cert: dir }), 'BELLPUSH_CREDENTIALS_INVALID', /directory/)
  })

  test('a key that lost its PEM lines is not shown as a path', () => {
    const body = client.keyPem.split('\n').slice(1, -2).join('')
    assert.throws(() => loadCredentials({ cert: client.certPem, key: body }), error => {
      assert.ok(error instanceof BellpushError)
      assert.equal(error.code, 'BELLPUSH_CREDENTIALS_INVALID')
      assert.doesNotMatch(`${error.stack} ${JSON.stringify(error.cause)}`, new RegExp(body.slice(0, 20)))
      return true
    })
  })

  test('files of another kind', () => {
    const cut = client.certPem.replace(/[A-Za-z0-9]{30}/, '')
    refuses(() => loadCredentials({ cert: cut, key: client.keyPem }), 'BELLPUSH_CREDENTIALS_INVALID', /damaged/)
    refuses(() => loadCredentials({ cert: Buffer.from('hello'), key: client.keyPem }),
      'BELLPUSH_CREDENTIALS_INVALID', /not PEM/)
    refuses(() => loadCredentials({ cert: client.certPem }), 'BELLPUSH_CREDENTIALS_INVALID', /no private key/)
    refuses(() => loadCredentials({ cert: client.keyPem }), 'BELLPUSH_CREDENTIALS_INVALID', /no certificate/)
    refuses(() => loadCredentials({ cert: client.pkcs12('x') }), 'BELLPUSH_CREDENTIALS_INVALID', /give it as pfx/)
    refuses(() => loadCredentials({ pfx: client.certPem }), 'BELLPUSH_CREDENTIALS_INVALID', /give it as cert/)
  })
})

describe('PKCS#12', () => {
  for (const legacy of [false, true]) {
    test(`RSA, ${legacy ? 'as old keychains export it' : 'modern'}`, () => {
      const pfx = client.pkcs12('ding dong', { legacy })
      assert.equal(loadCredentials({ pfx, passphrase: 'ding dong' }).certificate?.uid, 'com.example.doorbell')
      refuses(() => loadCredentials({ pfx, passphrase: 'dong' }), 'BELLPUSH_PASSPHRASE_WRONG', /does not open/)
      refuses(() => loadCredentials({ pfx }), 'BELLPUSH_PASSPHRASE_WRONG', /give its passphrase/)
    })
  }

  // Written by `openssl pkcs12 -export`, with `-legacy` and `-nomac`.
  for (const [name, passphrase] of /** @type {const} */ ([
    ['ec-modern.p12', 'klingel'],
    ['ec-legacy.p12', 'klingel'],
    ['ec-no-mac.p12', 'klingel'],
    ['ec-unicode.p12', 'schlüssel🔔'],
    ['ec-empty.p12', undefined]
  ])) {
    test(`elliptic curve: ${name}`, () => {
      const pfx = fixture(name)
      const { certificate } = loadCredentials({ pfx, passphrase })
      assert.equal(certificate?.subject, 'CN=Apple Push Services: com.example.doorbell, UID=com.example.doorbell')
      assert.deepEqual(certificate?.environments, new Set(['sandbox', 'production']))
      refuses(() => loadCredentials({ pfx, passphrase: 'wröng' }), 'BELLPUSH_PASSPHRASE_WRONG', /does not open/)
    })
  }

  test('a damaged file and another file', () => {
    const pfx = client.pkcs12('x')
    refuses(() => loadCredentials({ pfx: pfx.subarray(0, 900), passphrase: 'x' }),
      'BELLPUSH_CREDENTIALS_INVALID', /damaged/)
    refuses(() => loadCredentials({ pfx: Buffer.from('hello') }), 'BELLPUSH_CREDENTIALS_INVALID', /no PKCS#12/)
  })
})

describe('what does not fit', () => {
  test('the key of another certificate, of another kind too', () => {
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'pkcs8' })
    for (const key of [other.keyPem, ec.toString()]) {
      refuses(() => loadCredentials({ cert: client.certPem, key }), 'BELLPUSH_KEY_MISMATCH', /com\.example\.doorbell/)
    }
  })

  test('several certificates with their keys: nobody can know which', () => {
    const cert = client.certPem + client.keyPem + other.certPem + other.keyPem
    refuses(() => loadCredentials({ cert }), 'BELLPUSH_CREDENTIALS_INVALID', /com\.example\.doorbell/, /CN=other/)
  })

  test('an expired certificate', async t => {
    const { certPem: cert, keyPem: key } = await authority.issue(past)
    const dir = await folder(t, { 'old.pem': cert + key })
    refuses(() => loadCredentials({ cert: join(dir, 'old.pem') }), 'BELLPUSH_CERTIFICATE_EXPIRED',
      /2016-03-30/, /old\.pem/)
    assert.ok(loadCredentials({ cert, key }, { now: Date.parse('2016-01-01') }))
  })

  test('a certificate that is not valid yet', async () => {
    const { certPem: cert, keyPem: key } = await authority.issue(future)
    refuses(() => loadCredentials({ cert, key }), 'BELLPUSH_CERTIFICATE_NOT_YET_VALID', /clock/)
  })

  test('options that contradict each other', () => {
    const { certPem: cert, keyPem: key } = client
    const pfx = client.pkcs12('x')
    for (const options of [{ cert, pfx }, { key }, { cert, key, passphrase: 5 }, { cert: '' }, { ca: [] }]) {
      refuses(() => loadCredentials(/** @type {any} */ (options)), 'BELLPUSH_OPTION_INVALID')
    }
  })
})

describe('environments', async () => {
  const production = ['gateway.push.apple.com', 'feedback.push.apple.com', 'api.push.apple.com', 'API.push.apple.com.']
  const sandbox = ['gateway.sandbox.push.apple.com', 'feedback.sandbox.push.apple.com', 'api.sandbox.push.apple.com',
    'api.development.push.apple.com']

  for (const [name, environments, refused] of /** @type {const} */ ([
    ['sandbox', ['sandbox'], production],
    ['production', ['production'], sandbox],
    ['universal', ['sandbox', 'production'], []],
    ['unmarked', [], []]
  ])) {
    test(`a ${name} certificate at Apple’s gateways and at others`, async () => {
      const { certPem: cert, keyPem: key } = await authority.issue({ environments: [...environments] })
      for (const gatewayHost of [...production, ...sandbox, '127.0.0.1', 'push.example.com', 'xapi.push.apple.com']) {
        const load = () => loadCredentials({ cert, key }, { gatewayHost })
        if (/** @type {readonly string[]} */ (refused).includes(gatewayHost)) {
          refuses(load, 'BELLPUSH_WRONG_ENVIRONMENT', new RegExp(`for the ${name} environment`))
        } else {
          assert.deepEqual(load().certificate?.environments, new Set(environments))
        }
      }
    })
  }
})

describe('authorities', () => {
  test('without a client certificate', () => {
    assert.equal(loadCredentials({ ca: authority.certPem }).certificate, undefined)
    assert.equal(loadCredentials().certificate, undefined)
  })

  test('several, in several files and forms', async t => {
    const dir = await folder(t, { 'ca.pem': authority.certPem + other.certPem })
    assert.ok(loadCredentials({ ca: [join(dir, 'ca.pem'), new X509Certificate(client.certPem).raw] }))
  })

  test('one that is none', () => {
    refuses(() => loadCredentials({ ca: client.keyPem }), 'BELLPUSH_CREDENTIALS_INVALID', /option ca/)
    refuses(() => loadCredentials({ ca: '/nowhere/ca.pem' }), 'BELLPUSH_CREDENTIALS_INVALID', /\/nowhere\/ca\.pem/)
  })
})
