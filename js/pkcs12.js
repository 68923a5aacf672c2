/**
 * Opens PKCS#12 files (.p12, .pfx; RFC 7292): the private keys and certificates in them, in whatever order they come.
 *
 * OpenSSL 3, and so Node, refuses the 40-bit RC2 and 3DES files that keychains export; node-forge opens them. It knows
 * only RSA, so keys and certificates leave it as DER and node:crypto reads them. Not here: which of them to use.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createRequire } from 'node:module'
import { BellpushError } from './errors.js'

/** @typedef {import('node-forge').asn1.Asn1} Asn1 */

/**
 * @param {import('./material.js').Material} material
 * @param {string} [passphrase]
 * @returns {{ keys: import('node:crypto').KeyObject[], certificates: X509Certificate[] }}
 * @throws {BellpushError} BELLPUSH_PASSPHRASE_WRONG, BELLPUSH_CREDENTIALS_INVALID
 */
export function openPkcs12 ({ bytes, from }, passphrase = '') {
  // Loading it takes a tenth of a second, which only those pay who need it.
  const forge = /** @type {import('node-forge')} */ (createRequire(import.meta.url)('node-forge'))
  const { asn1, pki } = forge
  try {
    const file = asn1.fromDer(bytes.toString('latin1'))
    const bags = contents(file)
    return {
      keys: bags.filter(isKey).map(bag => createPrivateKey({ key: der(keyInfo(bag)), format: 'der', type: 'pkcs8' })),
      certificates: bags.filter(bag => bag.type === pki.oids.certBag)
        .map(bag => new X509Certificate(der(bag.cert ? pki.certificateToAsn1(bag.cert) : bag.asn1)))
    }
  } catch (cause) {
    throw cannotOpen(from, passphrase, /** @type {Error} */ (cause))
  }

  /** @param {Asn1} file */
  function contents (file) {
    const { safeContents } = /** @type {{ safeContents: { safeBags: import('node-forge').pkcs12.Bag[] }[] }} */ (
      /** @type {unknown} */ (unlock(file)))
    return safeContents.flatMap(({ safeBags }) => safeBags)
  }

  /** @param {Asn1} file */
  function unlock (file) {
    try {
      return forge.pkcs12.pkcs12FromAsn1(file, false, passphrase)
    } catch (error) {
      const spelled = otherSpelling(file, /** @type {Error} */ (error))
      try {
        if (spelled) return forge.pkcs12.pkcs12FromAsn1(spelled.file, false, spelled.passphrase)
      } catch {
        // What the first try said is the clearer error.
      }
      throw error
    }
  }

  /**
   * The standards disagree on how a passphrase becomes bytes, and forge on which of them holds where.
   * @param {Asn1} file
   * @param {Error} error what the usual spelling led to
   * @returns {{ file: Asn1, passphrase: string | undefined } | undefined}
   */
  function otherSpelling (file, error) {
    // "No passphrase" is written in two ways: as an empty text and as nothing at all.
    if (passphrase === '') return { file, passphrase: undefined }
    // Beyond ASCII the MAC is made with UTF-16, and PBES2 with UTF-8. The MAC, if there is one, has been found right.
    if (/[^\0-\x7f]/.test(passphrase) && !error.message.includes('MAC')) {
      const parts = /** @type {Asn1[]} */ (file.value)
      return { file: { ...file, value: parts.slice(0, 2) }, passphrase: Buffer.from(passphrase).toString('latin1') }
    }
  }

  /** @param {import('node-forge').pkcs12.Bag} bag */
  function isKey (bag) {
    return bag.type === pki.oids.keyBag || bag.type === pki.oids.pkcs8ShroudedKeyBag
  }

  /** @param {import('node-forge').pkcs12.Bag} bag */
  function keyInfo (bag) {
    return bag.key ? pki.wrapRsaPrivateKey(pki.privateKeyToAsn1(bag.key)) : bag.asn1
  }

  /** @param {Asn1} node */
  function der (node) {
    return Buffer.from(asn1.toDer(node).getBytes(), 'latin1')
  }
}

/**
 * @param {string} from
 * @param {string} passphrase
 * @param {Error} cause
 */
function cannotOpen (from, passphrase, cause) {
  if (/password|decrypt/i.test(cause.message)) {
    return new BellpushError('BELLPUSH_PASSPHRASE_WRONG', passphrase === ''
      ? `the PKCS#12 data of ${from} is locked: give its passphrase`
      : `the passphrase does not open the PKCS#12 data of ${from}`, { cause })
  }
  return new BellpushError('BELLPUSH_CREDENTIALS_INVALID',
    `${from} is damaged or no PKCS#12 file that can be read here: ${cause.message}`, { cause })
}
