/**
 * The decoder page: what is opened, what is looked at, and the address that says so.
 *
 * An address is a fragment, which no server ever sees: `sample` or `hex` say what is open (a file can only be opened by
 * hand), `connection` and `part` what is looked at, both from 1.
 */
import { DecoderError, nextDecoder, warmUp } from './decoder.js'
import { showDiagnosis } from './diagnosis.js'
import { byId, element } from './elements.js'
import { showPart } from './part.js'
import { Timeline } from './timeline.js'
import { chooseLanguage, translatePage, words } from './words.js'

/** A bar that is gone again at once only disturbs. Milliseconds. */
const BUSY_AFTER = 150

/** @typedef {import('./decoder.js').Opened} Opened */

/**
 * What is open: `address` is what a link needs to open it again.
 * @type {{
 *   decoder: import('./decoder.js').Decoder, name: () => string, address: Record<string, string>, overview: Opened
 * } | undefined}
 */
let opened

/** What is to be looked at; -1: no part. */
const looked = { connection: 0, part: -1 }

/** Ends what is being opened now. */
let stop = () => {}

/** Go up with each part and each filter that is asked for: only the last answer counts. */
const turns = { part: 0, filter: 0 }

const timeline = new Timeline((index, { open }) => lookAt(looked.connection, index, { push: open, focus: open }))
const choice = /** @type {HTMLSelectElement} */ (byId('connection'))
const filter = /** @type {HTMLFormElement} */ (byId('filter'))
const fields = ['token', 'identifier', 'status'].map(name => /** @type {HTMLInputElement} */ (byId(`filter-${name}`)))
const text = /** @type {HTMLTextAreaElement} */ (byId('text'))

// ---- opening ----

/**
 * @param {import('./decoder.js').Source} source
 * @param {() => string} name
 * @param {Record<string, string>} [address]
 * @returns {Promise<boolean>} false: it could not be read, or something else was opened meanwhile
 */
async function open (source, name, address = {}) {
  stop()
  complain('')
  const decoder = nextDecoder()
  const busy = setTimeout(() => { byId('busy').hidden = false }, BUSY_AFTER)
  decoder.onprogress = showProgress
  showProgress(0, source instanceof Blob ? source.size : 1)
  stop = () => decoder.close()
  try {
    const overview = await decoder.open(source)
    opened?.decoder.close()
    opened = { decoder, name, address: overview.hex && !address.sample ? { hex: overview.hex } : address, overview }
    stop = () => {}
    Object.assign(looked, { connection: 0, part: -1 })
    return true
  } catch (error) {
    decoder.close()
    if (!(error instanceof DecoderError) || error.code !== 'closed') complain(inWords(error))
    return false
  } finally {
    clearTimeout(busy)
    byId('busy').hidden = true
  }
}

/** Opens what a person has chosen, and shows it. @type {typeof open} */
async function openByHand (source, name, address) {
  if (!await open(source, name, address)) return false
  history.pushState(null, '', addressOf())
  await show()
  byId('opened-name').focus()
  return true
}

/** @param {unknown} error */
function inWords (error) {
  const { code, message } = /** @type {DecoderError} */ (error)
  return code === 'BELLPUSH_CORE_FAILED' ? words.crashed : words.problem(message)
}

/** @param {File} file */
const openFile = file => openByHand(file, () => file.name)

/** @param {string} pasted */
async function openText (pasted) {
  if (pasted.trim() === '') return complain(words.empty)
  await openByHand(pasted, () => words.pasted)
}

/** @param {string} sample @returns {Promise<boolean>} */
async function openSample (sample) {
  if (!(sample in words.samples)) {
    complain(words.noSuchSample)
    return false
  }
  try {
    const response = await fetch(new URL(`samples/${sample}.pcap`, import.meta.url))
    if (!response.ok) throw new Error(response.statusText)
    return await open(await response.blob(), () => nameOf(sample), { sample })
  } catch (error) {
    complain(inWords(error))
    return false
  }
}

/** @param {string} sample */
const nameOf = sample => words.samples[/** @type {keyof typeof words.samples} */ (sample)][0]

// ---- the address ----

/** @param {{ connection: number, part: number }} [at] */
function addressOf ({ connection, part } = looked) {
  const fields = new URLSearchParams(opened?.address)
  fields.set('connection', String(connection + 1))
  if (part >= 0) fields.set('part', String(part + 1))
  return `#${fields}`
}

/** Goes where the address says. */
async function follow () {
  const fields = new URLSearchParams(location.hash.slice(1))
  const [sample, hex] = [fields.get('sample'), fields.get('hex')]
  complain('')
  if (sample !== null && opened?.address.sample !== sample) {
    if (!await openSample(sample)) return showStart()
  } else if (hex !== null && opened?.address.hex !== hex) {
    if (!await open(hex, () => words.pasted)) return showStart()
  } else if (!fields.has('connection') || !opened) {
    showStart()
    if (fields.has('part') && !opened) complain(words.noFrame)
    return
  }
  const [connection, part] = [fields.get('connection'), fields.get('part')].map(number => Number(number ?? 0) - 1)
  await show(Math.max(0, connection), Math.max(-1, part))
}

// ---- showing ----

function showStart () {
  stop()
  opened?.decoder.close()
  opened = undefined
  warmUp()
  byId('result').hidden = true
  byId('start').hidden = false
}

/** What is open, at a connection and a part. */
async function show (connection = looked.connection, part = looked.part) {
  if (!opened) return
  const { name, overview } = opened
  byId('start').hidden = true
  byId('result').hidden = false
  byId('opened-name').textContent = name()
  byId('opened-facts').replaceChildren(...facts(overview))
  choice.replaceChildren(...overview.connections.map(({ ends, parts }, index) => element('option', { value: index },
    `${index + 1}: ${ends?.join(' → ') ?? ''} (${words.number(parts)})`)))
  byId('connections').hidden = overview.connections.length < 2
  fillStatuses()
  await showConnection(overview.connections[connection] ? connection : 0, part)
  performance.mark('shown')
}

/** @param {Opened} overview */
function facts ({ format, packets, bytes, connections, passed, failure }) {
  const left = Object.entries(passed).filter(([, count]) => count > 0).map(([name, count]) => words.passed[name](count))
  return [
    element('span', {}, `${words.bytes(bytes)} · ${words.facts(format, packets, connections.length)}`),
    ...failure === null ? [] : [element('strong', {}, words.failure + failure)],
    ...left.length === 0 ? [] : [element('span', {}, words.notRead + left.join('; '))],
    ...connections.length > 0 ? [] : [element('strong', {}, words.nothing)]
  ]
}

/** @param {number} connection @param {number} part */
async function showConnection (connection, part) {
  if (!opened) return
  const { decoder, overview } = opened
  const about = overview.connections[connection]
  byId('diagnosis').hidden = !about
  byId('panes').hidden = !about || about.parts === 0
  byId('part').hidden = true
  if (!about) return
  choice.value = String(connection)
  // At once, and not only when the part has come: what draws all of it anew meanwhile shows the same.
  Object.assign(looked, { connection, part })
  showDiagnosis(byId('diagnosis-body'), about, index => lookAt(connection, index, { push: true, focus: true }))
  for (const field of fields) field.value = ''
  turns.filter++
  timeline.open(decoder, connection, about)
  await timeline.draw()
  await lookAt(connection, part < about.parts ? part : -1)
}

/**
 * @param {number} connection
 * @param {number} index of a part; -1: none
 * @param {{ push?: boolean, focus?: boolean }} [how] `push`: so that the way back leads here
 */
async function lookAt (connection, index, { push = false, focus = false } = {}) {
  if (!opened) return
  const { decoder } = opened
  const mine = ++turns.part
  const part = index < 0 ? undefined : await decoder.part(connection, index)
  if (mine !== turns.part) return
  Object.assign(looked, { connection, part: part ? index : -1 })
  history[push ? 'pushState' : 'replaceState'](null, '', addressOf())
  const place = byId('part')
  place.hidden = !part
  byId('panes').classList.toggle('looking', Boolean(part))
  await timeline.mark(looked.part)
  if (!part) return
  showPart(place, part, { link: location.href, copy, close: () => leave() })
  if (focus) byId('part-title').focus()
}

/** From the part back to its line. */
async function leave () {
  const index = looked.part
  await lookAt(looked.connection, -1, { push: true })
  const row = /** @type {HTMLElement | null} */ (byId('rows').querySelector(`[data-index="${index}"]`))
  row?.focus()
}

// ---- filter ----

function fillStatuses () {
  byId('filter-status').replaceChildren(element('option', { value: '' }, words.anyStatus),
    ...Object.keys(words.statuses).map(status => element('option', { value: status }, status)))
}

async function applyFilter () {
  if (!opened) return
  const [token, identifier, status] = fields.map(({ value }) => value.trim())
  const digits = token.replace(/[\s<>]/g, '')
  const wrong = /[^0-9a-f]/i.test(digits) ? words.badToken : /^\d{0,10}$/.test(identifier) ? '' : words.badIdentifier
  byId('shown').classList.toggle('over', wrong !== '')
  if (wrong) {
    byId('shown').textContent = wrong
    return
  }
  const query = {
    // While a byte is being typed, the ones before it count.
    token: digits.length < 2 ? undefined : digits.slice(0, digits.length & ~1),
    identifier: identifier === '' ? undefined : Number(identifier) >>> 0,
    status: status === '' ? undefined : Number(status)
  }
  const asksNothing = Object.values(query).every(value => value === undefined)
  const mine = ++turns.filter
  const found = asksNothing ? undefined : await opened.decoder.find(looked.connection, query)
  if (mine === turns.filter) await timeline.filter(found)
}

// ---- the rest ----

/** @param {string} problem empty: there is none */
function complain (problem) {
  byId('problem').hidden = problem === ''
  byId('problem').textContent = problem
}

/** @param {number} read @param {number} of bytes */
function showProgress (read, of) {
  const bar = /** @type {HTMLProgressElement} */ (byId('progress'))
  if (read < of) bar.value = read / of
  else bar.removeAttribute('value')
  byId('progress-text').textContent = words.reading(read, of)
}

/** @param {string} copied */
async function copy (copied) {
  byId('said').textContent = ''
  const done = await navigator.clipboard?.writeText(copied).then(() => true, () => false) || copyOldWay(copied)
  byId('said').textContent = done ? words.copied : words.notCopied
}

/** Where the page did not come over HTTPS. @param {string} copied */
function copyOldWay (copied) {
  const area = element('textarea', { class: 'unseen' })
  area.value = copied
  document.body.append(area)
  area.select()
  const done = document.execCommand('copy')
  area.remove()
  return done
}

function listSamples () {
  byId('samples').replaceChildren(...Object.entries(words.samples).map(([sample, [name, about]]) => element('li', {},
    element('a', { href: `#sample=${sample}` }, element('strong', {}, name), element('span', {}, about)))))
}

/** @param {DataTransfer | null} data what was dropped or pasted */
function take (data) {
  const [file] = data?.files ?? []
  if (file) return openFile(file)
  const dropped = data?.getData('text/plain')
  if (dropped) return openText(dropped)
}

byId('choose').addEventListener('click', () => byId('file').click())
byId('file').addEventListener('change', ({ target }) => {
  const input = /** @type {HTMLInputElement} */ (target)
  const [file] = input.files ?? []
  if (file) openFile(file)
  input.value = ''
})
byId('paste').addEventListener('submit', event => {
  event.preventDefault()
  openText(text.value)
})
byId('stop').addEventListener('click', () => stop())
byId('another').addEventListener('click', () => {
  history.pushState(null, '', '#')
  showStart()
  byId('choose').focus()
})
choice.addEventListener('change', () => showConnection(Number(choice.value), -1))
filter.addEventListener('input', applyFilter)
// The fields are empty only after the event.
filter.addEventListener('reset', () => setTimeout(applyFilter))
filter.addEventListener('submit', event => event.preventDefault())
byId('part').addEventListener('keydown', event => {
  if (event.key === 'Escape') leave()
})
for (const button of document.querySelectorAll('[data-language]')) {
  button.addEventListener('click', () => {
    chooseLanguage(button.getAttribute('data-language') ?? 'en')
    listSamples()
    show()
  })
}
document.addEventListener('dragover', event => {
  event.preventDefault()
  document.body.classList.add('dragging')
})
document.addEventListener('dragleave', event => {
  if (event.relatedTarget === null) document.body.classList.remove('dragging')
})
document.addEventListener('drop', event => {
  event.preventDefault()
  document.body.classList.remove('dragging')
  take(event.dataTransfer)
})
document.addEventListener('paste', event => {
  const isField = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement
  if (!isField) take(event.clipboardData)
})
addEventListener('popstate', follow)

translatePage()
listSamples()
await follow()
