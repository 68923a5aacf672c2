/**
 * Lays out the explanation of bytes in columns (offset, bytes, field, value), and what was found in them.
 */
import { describeFinding, isTrouble } from '../findings.js'
import { counted, printable } from './output.js'

/** Bytes in a row. */
const ROW = 8

/** Rows of bytes shown of a field whose value needs fewer: a long payload is text, and its bytes say nothing more. */
const LEAST_ROWS = 4

const WIDTHS = { least: 80, most: 120 }

/** @type {Record<import('../core.js').Explanation['kind'], [one: string, many: string]>} */
const NOUNS = {
  frames: ['frame', 'frames'],
  'error-responses': ['error response', 'error responses'],
  feedback: ['feedback tuple', 'feedback tuples']
}

/**
 * @param {Uint8Array} bytes
 * @param {import('../core.js').Explanation} explanation
 * @param {number} [columns] of the terminal
 * @returns {string[]}
 */
export function explanationLines (bytes, { kind, parts, problem }, columns) {
  const width = widthOf(columns)
  const [one, many] = NOUNS[kind]
  const fields = parts.flatMap(part => part.fields)
  const layout = {
    width,
    offset: Math.max(6, String(bytes.length).length),
    name: fields.reduce((width, { name }) => Math.max(width, name.length), 5)
  }
  return [
    `${counted(bytes.length, 'byte')}, ${counted(parts.length, one, many)}`,
    ...parts.flatMap((part, index) => [
      '',
      ...wrapped(`${capitalized(one)} ${index + 1}: ${printable(part.summary)}`, width),
      row(layout, 'offset', 'bytes', 'field', 'value'),
      ...part.fields.flatMap(field => fieldRows(bytes, field, layout))
    ]),
    ...problem === null ? [] : [
      '',
      ...wrapped(`Problem at offset ${problem.offset}: ${printable(problem.message)}`, width),
      ...problem.offset >= bytes.length ? [] : fieldRows(bytes,
        { name: '', offset: problem.offset, length: bytes.length - problem.offset, value: '' }, layout)
    ]
  ]
}

/**
 * Findings in sentences, what is wrong marked.
 * @param {import('../core.js').Finding[]} findings
 * @param {number} [columns] of the terminal
 */
export function findingLines (findings, columns) {
  return findings.flatMap(finding => wrapped(describeFinding(finding), widthOf(columns) - 4)
    .map((line, index) => `  ${index > 0 ? ' ' : isTrouble(finding) ? '!' : '-'} ${line}`))
}

/** @param {number} [columns] of the terminal */
function widthOf (columns = WIDTHS.least) {
  return Math.min(Math.max(columns, WIDTHS.least), WIDTHS.most)
}

/** @typedef {{ width: number, offset: number, name: number }} Layout */

/**
 * @param {Uint8Array} bytes
 * @param {import('../core.js').Explanation['parts'][0]['fields'][0]} field
 * @param {Layout} layout
 */
function fieldRows (bytes, { name, offset, length, value }, layout) {
  const values = wrapped(printable(value), layout.width - row(layout, '', '', '', '|').length + 1)
  const hex = hexRows(bytes.subarray(offset, offset + length), Math.max(LEAST_ROWS, values.length))
  return Array.from({ length: Math.max(values.length, hex.length) }, (_, index) => row(layout,
    index === 0 ? String(offset) : '', hex[index] ?? '', index === 0 ? name : '', values[index] ?? ''))
}

/**
 * @param {Uint8Array} bytes
 * @param {number} most rows
 */
function hexRows (bytes, most) {
  const rows = []
  for (let at = 0; at < bytes.length; at += ROW) {
    if (rows.length === most - 1 && bytes.length - at > ROW) {
      rows.push(`… ${bytes.length - at} more bytes`)
      break
    }
    rows.push(Array.from(bytes.subarray(at, at + ROW), byte => byte.toString(16).padStart(2, '0')).join(' '))
  }
  return rows
}

/**
 * @param {Layout} layout
 * @param {string} offset
 * @param {string} hex
 * @param {string} name
 * @param {string} value
 */
function row (layout, offset, hex, name, value) {
  const columns = [offset.padStart(layout.offset), hex.padEnd(ROW * 3 - 1), name.padEnd(layout.name), value]
  return `  ${columns.join('  ')}`.trimEnd()
}

/**
 * Broken at a space where there is one in the second half of a line, else anywhere.
 * @param {string} text
 * @param {number} width
 * @returns {string[]}
 */
function wrapped (text, width) {
  const lines = []
  let rest = text
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width)
    const at = space > width / 2 ? space : width
    lines.push(rest.slice(0, at))
    rest = rest.slice(at).trimStart()
  }
  return [...lines, rest]
}

/** @param {string} text */
const capitalized = text => text.charAt(0).toUpperCase() + text.slice(1)
