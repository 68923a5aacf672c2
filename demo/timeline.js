/**
 * The timeline of a connection: its parts of both directions in the order of the capture, a page at a time, all of them
 * or those that a filter asks for.
 */
import { printable } from '../js/printable.js'
import { byId, element } from './elements.js'
import { alertOf } from './payload.js'
import { words } from './words.js'

/** Lines on a page. */
const PAGE = 200

/** The core names no more than this. */
const MOST_FOUND = 10_000

/** Where on the page it is. */
const list = /** @type {HTMLOListElement} */ (byId('rows'))
const pages = byId('pages')
const shown = byId('shown')

/** @typedef {import('./decoder.js').Row} Row */

/**
 * What a label needs.
 * @typedef {Pick<Row, 'kind' | 'identifier' | 'status' | 'length' | 'fate'> & { type?: string }} Labelled
 */

export class Timeline {
  /** @type {import('./decoder.js').Decoder | undefined} */
  #decoder
  #connection = 0
  /** Milliseconds since 1970: when the connection began. */
  #start = 0
  #parts = 0
  /** What the filter found; undefined: all. @type {Uint32Array | undefined} */
  #found
  #page = 0
  /** The part that is looked at. */
  #current = -1
  /** Goes up with each list that is asked for: only the last one is shown. */
  #turn = 0
  #choose

  /** @param {(index: number, how: { open: boolean }) => void} choose `open`: by more than passing over it */
  constructor (choose) {
    this.#choose = choose
    list.addEventListener('click', ({ target }) => {
      const row = /** @type {HTMLElement} */ (target).closest('button')
      if (row) this.#choose(Number(row.dataset.index), { open: true })
    })
    list.addEventListener('keydown', event => this.#move(event))
  }

  /**
   * @param {import('./decoder.js').Decoder} decoder
   * @param {number} connection
   * @param {import('../js/core/capture.js').Connection} about
   */
  open (decoder, connection, { time, parts }) {
    this.#decoder = decoder
    this.#connection = connection
    this.#start = time
    this.#parts = parts
    this.#found = undefined
    this.#current = -1
    this.#page = 0
  }

  /** @param {Uint32Array | undefined} found the parts that the filter asks for; undefined: there is none */
  async filter (found) {
    this.#found = found
    this.#page = 0
    await this.draw()
  }

  /** Shows the page with this part, and marks it. @param {number} index */
  async mark (index) {
    const place = this.#found ? this.#found.indexOf(index) : index
    this.#current = index
    const page = Math.floor(place / PAGE)
    if (place >= 0 && page !== this.#page) {
      this.#page = page
      await this.draw()
    }
    this.#light()
  }

  async draw () {
    const turn = ++this.#turn
    const all = this.#found?.length ?? this.#parts
    const from = this.#page * PAGE
    const to = Math.min(all, from + PAGE)
    const indices = this.#found?.subarray(from, to) ?? Array.from({ length: to - from }, (_, at) => from + at)
    const rows = await this.#decoder?.rows(this.#connection, indices) ?? []
    if (turn !== this.#turn) return
    list.replaceChildren(...rows.map(row => this.#line(row)))
    list.start = from + 1
    const most = this.#found?.length === MOST_FOUND ? ` ${words.most}` : ''
    shown.textContent = words.shown(from + 1, to, all) + most
    this.#drawPages(Math.ceil(all / PAGE))
    this.#light()
  }

  /** @param {number} count */
  #drawPages (count) {
    pages.hidden = count < 2
    const last = count - 1
    const { label, first, back, next, last: end } = words.pages
    pages.setAttribute('aria-label', label)
    const steps = /** @type {const} */ ([[first, 0], [back, this.#page - 1], [next, this.#page + 1], [end, last]])
    pages.replaceChildren(...steps.map(([label, page]) => element('button', {
      type: 'button',
      disabled: page < 0 || page > last || page === this.#page,
      onclick: () => this.#turnTo(page)
    }, label)))
  }

  /** @param {number} page */
  async #turnTo (page) {
    this.#page = page
    await this.draw()
    list.scrollIntoView({ block: 'nearest' })
    list.querySelector('button')?.focus({ preventScroll: true })
  }

  /** @param {Row} row */
  #line (row) {
    const { index, direction, kind, fate, time } = row
    return element('li', {}, element('button', {
      type: 'button', class: `row ${direction === 0 ? 'there' : 'back'} ${kind}`, 'data-index': index, tabindex: -1
    },
    element('span', { class: 'arrow', 'aria-hidden': true }, direction === 0 ? '→' : '←'),
    element('span', { class: 'when' }, time === 0 ? '' : `+${((time - this.#start) / 1000).toFixed(3)} s`),
    element('span', { class: 'what' },
      element('span', { class: 'unseen' }, `${words.sides[direction]}: `),
      element('span', { class: 'label' }, words.label(row)),
      element('span', { class: 'token' }, abbreviated(row.token)),
      element('span', { class: 'detail' }, printable(detailOf(row)))),
    fate ? element('span', { class: `fate ${fate}` }, words.fates[fate]) : undefined))
  }

  /** Of all lines one can be reached by Tab: the current one, or else the first. */
  #light () {
    const rows = /** @type {NodeListOf<HTMLButtonElement>} */ (list.querySelectorAll('button.row'))
    let reachable = rows[0]
    for (const row of rows) {
      row.tabIndex = -1
      row.removeAttribute('aria-current')
      if (Number(row.dataset.index) !== this.#current) continue
      row.setAttribute('aria-current', 'true')
      reachable = row
    }
    if (reachable) reachable.tabIndex = 0
  }

  /** @param {KeyboardEvent} event */
  #move (event) {
    const rows = /** @type {HTMLButtonElement[]} */ ([...list.querySelectorAll('button.row')])
    const at = rows.indexOf(/** @type {HTMLButtonElement} */ (event.target))
    const step = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key]
    if (step === undefined || at < 0 || event.altKey || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    const row = rows[step]
    if (!row) return
    row.focus()
    this.#choose(Number(row.dataset.index), { open: false })
  }
}

/** What tells a line from its neighbours. @param {Row} row */
function detailOf ({ kind, detail, status }) {
  if (kind === 'frame') return alertOf(detail) || words.noPayload
  return kind === 'error-response' ? (words.statuses[status ?? 255] ?? words.otherStatus)[0] : detail
}

/** @param {string} token */
const abbreviated = token => token.length > 12 ? `${token.slice(0, 6)}…${token.slice(-4)}` : token
