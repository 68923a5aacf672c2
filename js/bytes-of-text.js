/**
 * Bytes from the text in which people have them: hex digits with whatever stands between, the dump of xxd, hexdump, od
 * or Wireshark, or base64.
 *
 * Not here: what the bytes mean.
 */
import { BellpushError } from './errors.js'
import { printable } from './printable.js'

/**
 * What is both, hex and base64, is hex.
 * @param {string} text
 * @returns {Uint8Array}
 * @throws {BellpushError} BELLPUSH_FRAME_MALFORMED where it is neither
 */
export function bytesOfText (text) {
  const lines = text.split(/\r?\n/).filter(line => line.trim() !== '')
  const rows = rowsOfDump(lines)
  if (rows === undefined) return (looksLikeHex(text) ? undefined : bytesOfBase64(text)) ?? bytesOfDigits(text)
  return joined(rows.map((row, index) => bytesOfRow(row, rows, index)))
}

/**
 * Whether a text is rather bytes than the name of a file: hex, or the base64 of something that begins as messages do.
 * @param {string} text
 */
export function looksLikeBytes (text) {
  return looksLikeHex(text) || beginsMessage(bytesOfBase64(text))
}

/** A line of a dump that says "and so on" goes on to this offset at most. */
const MOST_REPEATED = 1_048_576

/** What people and programs put between hex digits. */
const BETWEEN = /0x|\\x?|[\s,:;"'<>{}[\]()-]+/gi

/** @param {string} text */
function looksLikeHex (text) {
  return !/[^0-9a-f]/i.test(text.replace(BETWEEN, ''))
}

/** @param {string} text */
function bytesOfDigits (text) {
  // `xxd -i` and Wireshark write a program in C around it, the latter with the text in comments.
  const code = text.replace(/\/\*.*?\*\//g, '')
  const [, array = code] = /\{([^{}]*)\}/.exec(code) ?? []
  const digits = array.replace(BETWEEN, '')
  const wrong = /[^0-9a-f]/iu.exec(digits)
  if (wrong) throw malformed(`this is neither hexadecimal nor base64: found '${printable(wrong[0])}'`)
  if (digits.length % 2 === 1) throw malformed(`the number of digits, ${digits.length}, is odd: one was lost or added`)
  return bytesOf(digits)
}

/** Whole bytes. @param {string} digits */
function bytesOf (digits) {
  return Uint8Array.from({ length: digits.length / 2 }, (_, at) => parseInt(digits.slice(2 * at, 2 * at + 2), 16))
}

/**
 * Base64 of either alphabet, in lines or not, its end filled up or not. Letters of one case only are rather hex with a
 * mistake in it, or a word, unless a message comes out.
 * @param {string} text
 * @returns {Uint8Array | undefined} undefined: it is none
 */
function bytesOfBase64 (text) {
  const letters = text.replace(/[\r\n"']+/g, '').trim().replaceAll('-', '+').replaceAll('_', '/').replace(/={1,2}$/, '')
  if (!/^[a-z0-9+/]+$/i.test(letters) || letters.length % 4 === 1) return undefined
  const bytes = Uint8Array.from(atob(letters), letter => letter.charCodeAt(0))
  return /[a-z]/.test(letters) && /[A-Z]/.test(letters) || beginsMessage(bytes) ? bytes : undefined
}

/** Frames and error responses tell by their first bytes; tuples do not. @param {Uint8Array} [bytes] */
function beginsMessage ([command, next, third] = new Uint8Array()) {
  return third !== undefined && (command === 0 || command === 2 ? next === 0 : command === 1 || command === 8)
}

/** @param {Uint8Array[]} parts */
function joined (parts) {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/**
 * A line of a dump: `rest` is the bytes and perhaps their text; `repeats`: up to the next line it is the same.
 * @typedef {{ offset: number, rest: string, repeats: boolean }} Row
 */

const DUMP_LINE = /^\s*(?:0x)?([0-9a-f]{4,16})(?::|(?=\s{2})|(?=\s[0-9a-f]{2}(?:\s|$))|$)(.*)$/i

/**
 * A dump numbers its lines by the bytes before them: at least four digits, then a colon, two spaces, or one space and
 * single bytes. hexdump ends with a number alone.
 * @param {string[]} lines
 * @returns {Row[] | undefined} undefined: this is no dump
 */
function rowsOfDump (lines) {
  /** @type {Row[]} */
  const rows = []
  for (const line of lines) {
    const last = rows.at(-1)
    if (last && line.trim() === '*') {
      last.repeats = true
      continue
    }
    const [, offset, rest] = DUMP_LINE.exec(line) ?? []
    if (offset === undefined) return undefined
    rows.push({ offset: parseInt(offset, 16), rest, repeats: false })
  }
  const [first, ...others] = rows
  if (first === undefined || first.offset !== 0 || first.rest.trim() === '') return undefined
  const back = others.findIndex(({ offset }, index) => offset <= rows[index].offset)
  if (back >= 0) {
    throw malformed(`a line of this dump at offset ${others[back].offset} comes after one at ${rows[back].offset}: ` +
      'are these both directions of a connection? Decode one at a time')
  }
  return rows
}

/**
 * @param {Row} row
 * @param {Row[]} rows
 * @param {number} index
 */
function bytesOfRow ({ offset, rest, repeats }, rows, index) {
  const next = rows[index + 1]
  const length = next && next.offset - offset
  const bytes = bytesOf(digitsOfRow(rest, repeats ? undefined : length))
  if (length === undefined || length === bytes.length) return bytes
  if (repeats && bytes.length > 0 && next.offset <= MOST_REPEATED) {
    return Uint8Array.from({ length }, (_, at) => bytes[at % bytes.length])
  }
  throw malformed(`the line of this dump at offset ${offset} has ${bytes.length} bytes, and the next one begins ` +
    `${length} bytes further: a line was lost or changed`)
}

/**
 * The digits of a line, without the text beside them. Where the next line tells how many bytes there are, that decides;
 * else the text begins after two spaces or more, which may stand after the eighth byte, too.
 * @param {string} rest
 * @param {number | undefined} length bytes
 */
function digitsOfRow (rest, length) {
  let digits = ''
  for (const [, gap, group] of rest.matchAll(/(\s*)(\S+)/g)) {
    if (length === undefined ? endsRow(digits.length / 2, gap, group, rest) : digits.length / 2 >= length) break
    if (!/^(?:[0-9a-f]{2})+$/i.test(group)) break
    digits += group
  }
  return digits
}

/**
 * @param {number} bytes before the gap
 * @param {string} gap
 * @param {string} group
 * @param {string} rest
 */
function endsRow (bytes, gap, group, rest) {
  if (bytes === 0 || gap.length < 2) return false
  const isMiddle = bytes === 8 && gap.length === 2 && /^[0-9a-f]{2}$/i.test(group)
  return !isMiddle || rest.trimEnd().endsWith(group) && !rest.includes('|')
}

/** @param {string} message */
function malformed (message) {
  return new BellpushError('BELLPUSH_FRAME_MALFORMED', message)
}
