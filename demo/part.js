/**
 * One part of a connection, whole: what became of it and what to do, its bytes beside its fields, its payload.
 */
import { printable } from '../js/printable.js'
import { hexOf, jsonOf, vectorOf } from './copies.js'
import { element } from './elements.js'
import { indented } from './payload.js'
import { words } from './words.js'

/** Bytes that are shown at first: a long payload is text, and is shown as such. */
const FIRST_BYTES = 512

/** Bytes in a line: so many that the fields have room beside them. */
const WIDTH = 8

/** @typedef {import('./decoder.js').WholePart} WholePart */

/**
 * @param {HTMLElement} place
 * @param {WholePart} part
 * @param {{ link: string, copy: (text: string) => void, close: () => void }} options
 */
export function showPart (place, part, { link, copy, close }) {
  const { kind, fate, status, packet, offset, bytes, fields } = part
  const [, type = ''] = /\((\w+)\)/.exec(fields.find(({ name }) => name === 'type')?.value ?? '') ?? []
  const copies = {
    link: () => link, hex: () => hexOf(bytes), json: () => jsonOf(part), vector: () => vectorOf(part)
  }
  place.replaceChildren(
    element('div', { class: 'part-head' },
      element('h2', { id: 'part-title', tabindex: -1 }, words.label({ ...part, type })),
      fate ? element('span', { class: `fate ${fate}` }, words.fates[fate]) : undefined,
      element('button', { type: 'button', class: 'close', onclick: close }, words.close)),
    element('p', { class: 'place' }, words.place(packet === 0 ? '' : words.number(packet), words.number(offset)), ' · ',
      words.bytes(bytes.length), ' · ', words.sides[part.direction]),
    ...advice(kind, fate, status),
    anatomy(part),
    ...payload(part),
    element('div', { class: 'copies', role: 'group', 'aria-label': words.copy },
      element('span', { 'aria-hidden': true }, words.copy),
      ...Object.entries(copies).map(([name, text]) =>
        element('button', { type: 'button', 'data-copy': name, onclick: () => copy(text()) },
          words.copies[/** @type {keyof typeof copies} */ (name)])))
  )
}

/**
 * @param {WholePart['kind']} kind
 * @param {WholePart['fate']} fate
 * @param {number | null} status
 */
function advice (kind, fate, status) {
  const fates = kind === 'http2' ? words.requestsInWords : words.fatesInWords
  const told = fate ? fates[fate] : words.partsInWords[kind]
  const said = told ? [element('p', {}, told)] : []
  if (status === null) return said
  const [meaning, todo] = words.statuses[status] ?? words.otherStatus
  return [...said, element('dl', { class: 'status' },
    element('dt', {}, `${words.statusTitle} (${status})`), element('dd', {}, meaning),
    element('dt', {}, words.todo), element('dd', {}, todo))]
}

/** The bytes beside the fields; the one that is pointed at is lit in both. @param {WholePart} part */
function anatomy ({ fields, bytes }) {
  const hex = element('div', { class: 'hex', role: 'group', tabindex: 0, 'aria-label': words.bytesTitle })
  const body = element('tbody', {}, ...fields.map(({ name, offset, length, value }, index) =>
    element('tr', { 'data-field': index },
      element('th', { scope: 'row' },
        element('button', { type: 'button', title: `${offset}–${offset + length - 1}` }, words.fields[name] ?? name)),
      element('td', {}, printable(translated(value), '\n')))))
  const table = element('table', { class: 'fields' },
    element('caption', { class: 'unseen' }, words.fieldsTitle),
    element('thead', { class: 'unseen' }, element('tr', {},
      element('th', { scope: 'col' }, words.field), element('th', { scope: 'col' }, words.value))),
    body)
  const whole = element('div', { class: 'anatomy' }, hex, table)

  const draw = (/** @type {number} */ most) => {
    hex.replaceChildren(...hexLines(fields, bytes.subarray(0, most)))
    if (most < bytes.length) {
      hex.append(element('button', { type: 'button', onclick: () => draw(bytes.length) },
        `${words.more} (${words.number(bytes.length)})`))
    }
  }
  draw(bytes.length <= FIRST_BYTES * 1.5 ? bytes.length : FIRST_BYTES)

  const light = (/** @type {Event} */ { target, type }) => {
    const field = /** @type {HTMLElement} */ (target).closest('[data-field]')?.getAttribute('data-field')
    for (const lit of whole.querySelectorAll('.lit')) lit.classList.remove('lit')
    if (field === undefined || type === 'mouseleave') return
    for (const same of whole.querySelectorAll(`[data-field="${field}"]`)) same.classList.add('lit')
  }
  for (const type of ['mouseover', 'mouseleave', 'focusin', 'click']) whole.addEventListener(type, light)
  return whole
}

/** @param {string} value of a field, with words of the core in it */
function translated (value) {
  const found = words.values.find(([pattern]) => pattern.test(value))
  return found ? value.replace(found[0], found[1]).replace(/ (?=（)/, '') : value
}

/**
 * @param {WholePart['fields']} fields
 * @param {Uint8Array} bytes
 */
function hexLines (fields, bytes) {
  const lines = []
  let field = 0
  for (let at = 0; at < bytes.length; at += WIDTH) {
    const end = Math.min(at + WIDTH, bytes.length)
    const offset = element('span', { class: 'offset' }, at.toString(16).padStart(4, '0'))
    const text = element('span', { class: 'text', 'aria-hidden': true })
    const pairs = element('span', { class: 'pairs' })
    for (let from = at; from < end;) {
      while (field < fields.length && fields[field].offset + fields[field].length <= from) field++
      const isField = field < fields.length
      const to = isField ? Math.min(end, fields[field].offset + fields[field].length) : end
      const run = bytes.subarray(from, to)
      // Two fields side by side are told apart by their shade.
      const marks = { 'data-field': isField && field, class: field % 2 === 1 && 'odd' }
      pairs.append(element('span', marks, Array.from(run, byte => byte.toString(16).padStart(2, '0')).join(' ')), ' ')
      text.append(element('span', marks, Array.from(run, sign).join('')))
      from = to
    }
    lines.push(element('div', { class: 'line' }, offset, pairs, text))
  }
  return lines
}

const sign = (/** @type {number} */ byte) => byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·'

/** @param {WholePart} part */
function payload ({ fields, payloadLimit }) {
  const field = fields.find(({ name }) => name === 'payload')
  if (field === undefined || payloadLimit === null) return []
  const { length, value } = field
  const over = length - payloadLimit
  const measure = words.measured(length, payloadLimit) + (over > 0 ? words.tooLong(over) : '')
  return [element('div', { class: 'payload' },
    element('h3', {}, words.payloadTitle),
    element('p', { class: over > 0 ? 'measure over' : 'measure' },
      element('meter', { min: 0, max: payloadLimit, value: Math.min(length, payloadLimit), 'aria-label': measure }),
      element('span', {}, measure)),
    length === 0 ? element('p', {}, words.noPayload) : json(value))]
}

/** @param {string} text */
function json (text) {
  const problem = attempt(text)
  if (problem === undefined) return element('pre', { tabindex: 0 }, printable(indented(text), '\n'))
  return element('div', {},
    element('p', { class: 'measure over' }, words.noJson + problem),
    element('pre', { tabindex: 0 }, printable(text, '\n')))
}

/** @param {string} text @returns {string | undefined} why it is no JSON */
function attempt (text) {
  try {
    JSON.parse(text)
  } catch (error) {
    return /** @type {Error} */ (error).message
  }
}
