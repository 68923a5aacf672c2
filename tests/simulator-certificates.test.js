/** Certificates for tests, checked by OpenSSL through node:crypto and node:tls; and the directory that keeps them. */

import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import tls from 'node:tls'
import forge from 'node-forge'
import { createAuthority, Simulator } from '../js/simulator/index.js'
import { notifications, simulated } from './helpers/simulated.js'

const day = 86_400_000

describe('an authority', () => {
  /** @type {import('../js/simulator/certificates.js').Authority} */
  let authority
  before(async () => { authority = await createAuthority() })

  test('signs itself', () => {
    const certificate = new X509Certificate(authority.certPem)
    assert.equal(certificate.ca, true)
    assert.equal(certificate.checkIssued(certificate), true)
    assert.equal(certificate.verify(certificate.publicKey), true)
    assert.equal(certificate.checkPrivateKey(createPrivateKey(authority.keyPem)), true)
  })

  test('issues a client certificate, in force, with its own key', async () => {
    const { certPem, keyPem } = await authority.issue({ commonName: 'Türklingel', uid: 'com.example.doorbell' })
    const certificate = new X509Certificate(certPem)
    const issuer = new X509Certificate(authority.certPem)
    assert.equal(certificate.checkIssued(issuer), true)
    assert.equal(certificate.verify(issuer.publicKey), true)
    assert.equal(certificate.checkPrivateKey(createPrivateKey(keyPem)), true)
    assert.equal(certificate.subject, 'UID=com.example.doorbell\nCN=Türklingel')
    assert.equal(certificate.ca, false)
    assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2']) // TLS client
    assert.ok(Date.parse(certificate.validFrom) < Date.now() && Date.parse(certificate.validTo) > Date.now())
  })

  test('issues a server certificate for names and addresses', async () => {
    const { certPem } = await authority.issue({ hosts: ['127.0.0.1', '::1', 'localhost'] })
    const certificate = new X509Certificate(certPem)
    assert.equal(certificate.checkIP('127.0.0.1'), '127.0.0.1')
    assert.equal(certificate.checkIP('::1'), '::1')
    assert.equal(certificate.checkHost('localhost'), 'localhost')
    assert.equal(certificate.checkHost('example.com'), undefined)
    assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1']) // TLS server
  })

  test('issues what is expired and what is not yet valid', async () => {
    const { keyPem } = authority
    const expired = await authority.issue({
      keyPem, notBefore: new Date(Date.now() - 2 * day), notAfter: new Date(Date.now() - day)
    })
    assert.ok(Date.parse(new X509Certificate(expired.certPem).validTo) < Date.now())
    const early = await authority.issue({ keyPem, notBefore: new Date(Date.now() + day) })
    assert.ok(Date.parse(new X509Certificate(early.certPem).validFrom) > Date.now())
  })

  const sandbox = '1.2.840.113635.100.6.3.1'
  const production = '1.2.840.113635.100.6.3.2'
  for (const [environments, oids] of /** @type {Array<[Array<'sandbox' | 'production'>, string[]]>} */ ([
    [[], []], [['sandbox'], [sandbox]], [['production'], [production]],
    [['sandbox', 'production'], [sandbox, production]]
  ])) {
    test(`marks environments as Apple does: ${environments.join(' and ') || 'none'}`, async () => {
      const { certPem } = await authority.issue({ environments, keyPem: authority.keyPem })
      const extensions = forge.pki.certificateFromPem(certPem).extensions
      const found = extensions.filter(({ id }) => id.startsWith('1.2.840.113635.'))
      assert.deepEqual(found.map(({ id }) => id), oids)
      for (const { value } of found) assert.equal(value, '\x05\x00') // NULL
    })
  }

  test('is not another authority', async () => {
    const other = new X509Certificate((await createAuthority()).certPem)
    const { certPem } = await authority.issue({ keyPem: authority.keyPem })
    assert.equal(new X509Certificate(certPem).verify(other.publicKey), false)
  })

  test('writes PKCS#12 that Node opens with its passphrase only', async () => {
    const pfx = (await authority.issue({ keyPem: authority.keyPem })).pkcs12('öffne dich')
    tls.createSecureContext({ pfx, passphrase: 'öffne dich' })
    assert.throws(() => tls.createSecureContext({ pfx, passphrase: 'wrong' }), /mac verify failure/)
  })

  test('writes legacy PKCS#12, which OpenSSL 3 knows and refuses, and which holds the same', async () => {
    const issued = await authority.issue()
    const pfx = issued.pkcs12('secret', { legacy: true })
    assert.throws(() => tls.createSecureContext({ pfx, passphrase: 'secret' }),
      { code: 'ERR_CRYPTO_UNSUPPORTED_OPERATION' })
    const opened = forge.pkcs12.pkcs12FromAsn1(forge.asn1.fromDer(pfx.toString('latin1')), 'secret')
    const { certBag, pkcs8ShroudedKeyBag } = forge.pki.oids
    const bags = opened.getBags({ bagType: certBag })[certBag] ?? []
    const pems = bags.map(({ cert }) => forge.pki.certificateToPem(/** @type {forge.pki.Certificate} */ (cert)))
    assert.deepEqual(pems, [issued.certPem, authority.certPem])
    const key = opened.getBags({ bagType: pkcs8ShroudedKeyBag })[pkcs8ShroudedKeyBag]?.[0].key
    const pem = forge.pki.privateKeyToPem(/** @type {forge.pki.PrivateKey} */ (key))
    assert.equal(new X509Certificate(issued.certPem).checkPrivateKey(createPrivateKey(pem)), true)
    assert.throws(() => forge.pkcs12.pkcs12FromAsn1(forge.asn1.fromDer(pfx.toString('latin1')), 'wrong'))
  })
})

describe('the directory', () => {
  /** @param {import('node:test').TestContext} t */
  async function folder (t) {
    const dir = await mkdtemp(join(tmpdir(), 'bellpush-'))
    t.after(() => rm(dir, { recursive: true }))
    return dir
  }

  /** @param {string} dir */
  async function startAndStop (dir) {
    const simulator = await Simulator.start({ dir })
    await simulator.stop()
    return simulator.credentials
  }

  test('gets the files, the keys for this user alone', async (t) => {
    const dir = join(await folder(t), 'new', 'folder')
    const { simulator } = await simulated(t, { dir })
    const { paths, ...pems } = simulator.credentials
    assert.deepEqual(paths, { ca: join(dir, 'ca.pem'), cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem') })
    for (const role of /** @type {const} */ (['ca', 'cert', 'key'])) {
      assert.equal(await readFile(join(dir, `${role}.pem`), 'utf8'), pems[role])
    }
    assert.deepEqual((await readdir(dir)).sort(), ['AuthKey.p8', 'ca-key.pem', 'ca.pem', 'cert.pem', 'key.pem'])
    for (const key of ['key.pem', 'ca-key.pem', 'AuthKey.p8']) {
      assert.equal((await stat(join(dir, key))).mode & 0o777, 0o600)
    }
  })

  test('is used again, and works', async (t) => {
    const dir = await folder(t)
    const first = await startAndStop(dir)
    const { simulator, dial } = await simulated(t, { dir })
    assert.deepEqual(simulator.credentials, first)
    const client = await dial()
    await client.send(...notifications(1))
    await client.close()
    assert.equal(simulator.counts().accepted, 1)
  })

  test('gets a new client certificate where the old one is damaged, under the same authority', async (t) => {
    const dir = await folder(t)
    const first = await startAndStop(dir)
    await writeFile(join(dir, 'key.pem'), 'damaged')
    const second = await startAndStop(dir)
    assert.equal(second.ca, first.ca)
    assert.notEqual(second.cert, first.cert)
    assert.deepEqual(await startAndStop(dir), second)
  })

  test('gets everything new where the authority has expired', async (t) => {
    const dir = await folder(t)
    const first = await startAndStop(dir)
    const expired = await createAuthority({ notAfter: new Date(Date.now() + 60_000) })
    await writeFile(join(dir, 'ca.pem'), expired.certPem)
    await writeFile(join(dir, 'ca-key.pem'), expired.keyPem)
    const second = await startAndStop(dir)
    assert.notEqual(second.ca, expired.certPem)
    const issuer = new X509Certificate(second.ca)
    assert.equal(new X509Certificate(second.cert).verify(issuer.publicKey), true)
    assert.notEqual(second.cert, first.cert)
  })

  for (const [name, files] of /** @type {Array<[string, string[]]>} */ ([
    ['somebody else\'s certificate and key', ['cert.pem', 'key.pem']],
    ['somebody else\'s authority', ['ca.pem']],
    ['a lonely key', ['key.pem']]
  ])) {
    test(`with ${name} is left as it is`, async (t) => {
      const dir = await folder(t)
      const foreign = await createAuthority({ commonName: 'Somebody else' })
      const textOf = (/** @type {string} */ file) => file === 'key.pem' ? foreign.keyPem : foreign.certPem
      for (const file of files) await writeFile(join(dir, file), textOf(file))
      await assert.rejects(Simulator.start({ dir }),
        { code: 'BELLPUSH_OPTION_INVALID', message: /choose another directory/ })
      assert.deepEqual((await readdir(dir)).sort(), files)
      for (const file of files) assert.equal(await readFile(join(dir, file), 'utf8'), textOf(file))
    })
  }

  test('that cannot be one is a usage error', async (t) => {
    const file = join(await folder(t), 'file')
    await writeFile(file, '')
    await assert.rejects(Simulator.start({ dir: file }), { code: 'BELLPUSH_OPTION_INVALID' })
  })
})
