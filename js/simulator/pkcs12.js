/**
 * Writes PKCS#12 files (RFC 7292), as a developer exports them from a keychain: one certificate, its authority and
 * the private key, under a passphrase.
 *
 * Two ages of them. The modern one encrypts the key with AES-256. The legacy one is what old keychains and
 * `openssl pkcs12 -legacy` write: certificates under 40-bit RC2, the key under 3DES; OpenSSL 3 (so Node) refuses it.
 * Not here: reading them.
 */

import forge from 'node-forge'

const { asn1, pki } = forge
const { UNIVERSAL, CONTEXT_SPECIFIC } = asn1.Class
const iterations = 2048
const rc2KeyBytes = 5
const rc2IvBytes = 8

/** The roles that RFC 7292, appendix B.3 gives to what is derived from a passphrase. */
const derivation = { key: 1, iv: 2, mac: 3 }

/**
 * @param {{ keyPem: string, chainPem: string[], passphrase: string, legacy?: boolean }} contents `chainPem` begins with
 *   the certificate of the key
 * @returns {Buffer} the file, in DER
 */
export function encodePkcs12 ({ keyPem, chainPem, passphrase, legacy = false }) {
  const chain = chainPem.map((pem) => pki.certificateFromPem(pem))
  const [certificates, key] = safeContents(keyPem, chain, passphrase, legacy)
  // forge does not encrypt certificates.
  const first = legacy ? encryptedData(octets(child(certificates, 1, 0)), passphrase) : certificates
  const contents = der(sequence(first, key))
  return Buffer.from(der(sequence(integer(3), data(contents), macData(contents, passphrase))), 'latin1')
}

/**
 * The two ContentInfos that forge makes: certificates, and the encrypted key.
 *
 * @param {string} keyPem
 * @param {forge.pki.Certificate[]} chain
 * @param {string} passphrase
 * @param {boolean} legacy
 */
function safeContents (keyPem, chain, passphrase, legacy) {
  const key = /** @type {forge.pki.rsa.PrivateKey} */ (pki.privateKeyFromPem(keyPem))
  // PBES2 (AES) takes the passphrase in UTF-8, the older schemes and the MAC in UTF-16: so the MAC is made apart.
  const secret = legacy ? passphrase : forge.util.encodeUtf8(passphrase)
  const file = forge.pkcs12.toPkcs12Asn1(key, chain, secret,
    { algorithm: legacy ? '3des' : 'aes256', count: iterations, useMac: false })
  return children(asn1.fromDer(octets(child(file, 1, 1, 0))))
}

/**
 * ContentInfo of type EncryptedData (RFC 2315, 13), with pbeWithSHAAnd40BitRC2-CBC.
 *
 * @param {string} plain
 * @param {string} passphrase
 */
function encryptedData (plain, passphrase) {
  const salt = forge.random.getBytesSync(8)
  /** @type {(role: number, bytes: number) => forge.util.ByteStringBuffer} */
  const derive = (role, bytes) => deriveBytes(passphrase, salt, role, bytes)
  const cipher = forge.rc2.createEncryptionCipher(derive(derivation.key, rc2KeyBytes).getBytes(), rc2KeyBytes * 8)
  cipher.start(derive(derivation.iv, rc2IvBytes).getBytes())
  cipher.update(forge.util.createBuffer(plain))
  cipher.finish()
  const algorithm = sequence(oid('pbewithSHAAnd40BitRC2-CBC'), sequence(octetString(salt), integer(iterations)))
  const encrypted = asn1.create(CONTEXT_SPECIFIC, 0, false, cipher.output.getBytes())
  return sequence(oid('encryptedData'), tagged(sequence(integer(0), sequence(oid('data'), algorithm, encrypted))))
}

/**
 * @param {string} content
 * @param {string} passphrase
 */
function macData (content, passphrase) {
  const salt = forge.random.getBytesSync(8)
  const mac = forge.hmac.create()
  mac.start('sha1', deriveBytes(passphrase, salt, derivation.mac, 20).getBytes())
  mac.update(content)
  const sha1 = sequence(oid('sha1'), asn1.create(UNIVERSAL, asn1.Type.NULL, false, ''))
  return sequence(sequence(sha1, octetString(mac.digest().getBytes())), octetString(salt), integer(iterations))
}

/**
 * @param {string} passphrase
 * @param {string} salt
 * @param {number} role
 * @param {number} bytes
 * @returns {forge.util.ByteStringBuffer}
 */
function deriveBytes (passphrase, salt, role, bytes) {
  // The declarations of forge lack this function's salt as a buffer; forge itself asks for one.
  const generate = /** @type {Function} */ (/** @type {any} */ (forge).pkcs12.generateKey)
  return generate(passphrase, forge.util.createBuffer(salt), role, iterations, bytes)
}

/** @param {string} content */
const data = (content) => sequence(oid('data'), tagged(octetString(content)))
/** @param {...forge.asn1.Asn1} parts */
const sequence = (...parts) => asn1.create(UNIVERSAL, asn1.Type.SEQUENCE, true, parts)
/** @param {forge.asn1.Asn1} part */
const tagged = (part) => asn1.create(CONTEXT_SPECIFIC, 0, true, [part])
/** @param {string} content */
const octetString = (content) => asn1.create(UNIVERSAL, asn1.Type.OCTETSTRING, false, content)
/** @param {number} value */
const integer = (value) => asn1.create(UNIVERSAL, asn1.Type.INTEGER, false, asn1.integerToDer(value).getBytes())
/** @param {string} name */
const oid = (name) => asn1.create(UNIVERSAL, asn1.Type.OID, false, asn1.oidToDer(pki.oids[name]).getBytes())
/** @param {forge.asn1.Asn1} node */
const der = (node) => asn1.toDer(node).getBytes()
/** @param {forge.asn1.Asn1} node */
const children = (node) => /** @type {forge.asn1.Asn1[]} */ (node.value)
/** @param {forge.asn1.Asn1} node */
const octets = (node) => /** @type {string} */ (node.value)

/**
 * @param {forge.asn1.Asn1} node
 * @param {...number} path
 */
function child (node, ...path) {
  return path.reduce((parent, index) => children(parent)[index], node)
}
