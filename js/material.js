/**
 * Where certificates and keys come from: PEM text, bytes, or the path of a file; and the PEM blocks in them.
 *
 * Not here: whether they fit together and may be used. That is credentials.js.
 */
import { readFileSync } from 'node:fs'
import { BellpushError } from './errors.js'

/** PEM text, bytes, or the path of a file. @typedef {string | Uint8Array} Source */

/**
 * What was read, and from where, in words that may be shown.
 * @typedef {{ bytes: Buffer, from: string }} Material
 */

/**
 * @param {string} option the option's name, for messages
 * @param {Source} source
 * @returns {Material}
 * @throws {BellpushError} BELLPUSH_CREDENTIALS_INVALID if the file cannot be read, BELLPUSH_OPTION_INVALID
 */
export function readMaterial (option, source) {
  if (source instanceof Uint8Array) {
    return { bytes: Buffer.from(source.buffer, source.byteOffset, source.byteLength), from: `the option ${option}` }
  }
  if (typeof source !== 'string' || source === '') {
    throw new BellpushError('BELLPUSH_OPTION_INVALID',
      `${option} must be PEM text, bytes or the path of a file, found ${source === '' ? 'nothing' : typeof source}`)
  }
  if (source.includes('-----BEGIN')) return { bytes: Buffer.from(source), from: `the option ${option}` }
  try {
    return { bytes: readFileSync(source), from: `the file ${source}` }
  } catch (cause) {
    throw unreadable(option, source, /** @type {NodeJS.ErrnoException} */ (cause))
  }
}

/**
 * @param {string} option
 * @param {string} path
 * @param {NodeJS.ErrnoException} cause
 */
function unreadable (option, path, cause) {
  // A key whose PEM lines were lost would be shown as a path, by the cause too.
  if (looksLikeSecret(path)) {
    return new BellpushError('BELLPUSH_CREDENTIALS_INVALID',
      `${option} is neither PEM text, which has a line -----BEGIN …-----, nor the path of a file`)
  }
  const reason = reasons[cause.code ?? ''] ?? cause.message
  return new BellpushError('BELLPUSH_CREDENTIALS_INVALID',
    `the file ${path}, given as ${option}, cannot be read: ${reason}`, { cause })
}

/** @type {Record<string, string>} */
const reasons = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
  EISDIR: 'it is a directory'
}

/** @param {string} path */
const looksLikeSecret = path => /[\r\n\0]/.test(path) || /^[A-Za-z0-9+/=_-]{80,}$/.test(path)

/**
 * The blocks between the BEGIN and END lines of PEM text, in their order, each with its label.
 * @param {Buffer} bytes
 * @returns {{ label: string, pem: string }[]} empty: this is no PEM
 */
export function pemBlocks (bytes) {
  const text = bytes.toString('latin1')
  return Array.from(text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----[^]+?-----END \1-----/g),
    ([pem, label]) => ({ label, pem }))
}

/** A PKCS#12 file begins as a SEQUENCE whose first element is the INTEGER 3, its version. @param {Buffer} bytes */
export const looksLikePkcs12 = bytes => bytes[0] === 0x30 && bytes.subarray(2, 8).includes('\x02\x01\x03', 0, 'latin1')
