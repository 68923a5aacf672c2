/**
 * Bytes from the text in which people have them: hex digits with whatever stands between, or the dump of xxd, hexdump,
 * od or Wireshark.
 *
 * Not here: what the bytes mean.
 */
import { BellpushError } from '../errors.js'
import { printable } from './output.js'

/**
 * @param {string} text
 * @returns {Uint8Array}
 * @throws {BellpushError} BELLPUSH_FRAME_MALFORMED where it is not hexadecimal
 */
export function bytesOfHex (text) {
  const lines = text.split(/\r?\n/).filter(line => line.trim() !== '')
  const rows = rowsOfDump(lines)
  if (rows === undefined) return bytesOfDigits(text)
  return Buffer.concat(rows.map((row, index) => bytesOfRow(row, rows, index)))
}

/** A line of a dump that says "and so on" goes on to this offset at most. */
const MOST_REPEATED = 1_048_576

/**
 * What people and programs put between hex digits.
 */
const BETWEEN = /0x|\\x|[\s,:;"'<>{}[\]()\\-]+/gi

/** @param {string} text */
function bytesOfDigits (text) {
  // `xxd -i` writes a program in C around it.
  const [, array = text] = /\{([^{}]*)\}/.exec(text) ?? []
  const digits = array.replace(BETWEEN, '')
  const wrong = /[^0-9a-f]/iu.exec(digits)
  if (wrong) throw malformed(`this is not hexadecimal: found '${printable(wrong[0])}'`)
  if (digits.length % 2 === 1) throw malformed(`the number of digits, ${digits.length}, is odd: one was lost or added`)
  return Buffer.from(digits, 'hex')
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
  const bytes = Buffer.from(digitsOfRow(rest, repeats ? undefined : length), 'hex')
  if (length === undefined || length === bytes.length) return bytes
  if (repeats && bytes.length > 0 && next.offset <= MOST_REPEATED) return Buffer.alloc(length, bytes)
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
