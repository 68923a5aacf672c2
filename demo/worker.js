/**
 * The decoder's worker: the core, one capture that is read piece by piece, and answers to what the page asks about it.
 */
import { bytesOfText } from '../js/bytes-of-text.js'
import { Capture, loadCaptures } from '../js/core/capture.js'
import { BellpushError } from '../js/errors.js'
import { describeFinding, isTrouble } from '../js/findings.js'
import { hexOf } from './copies.js'

/** Bytes of a file that are read at a time. */
const PIECE = 1_048_576

/** Bytes of text at most: hex is for what people copy by hand. */
const MOST_TEXT = 8 * PIECE

/** Characters of a payload or of headers that a line of the timeline may need. */
const EXCERPT = 400

/** Bytes of text that a link can hold. */
const MOST_IN_LINK = 1_024

/** @type {Capture} */
let capture

/** @type {Record<string, (...args: any[]) => unknown>} */
const verbs = { load: loadCaptures, open, rows, part, find }

/** One after the other, as they were asked; the first loads the core. @type {Promise<void>} */
let before = Promise.resolve()

onmessage = ({ data }) => { before = before.then(() => answer(data)) }

/** @param {{ number: number, verb: string, args: unknown[] }} question */
async function answer ({ number, verb, args }) {
  try {
    postMessage({ number, result: await verbs[verb](...args) })
  } catch (error) {
    const { message } = /** @type {Error} */ (error)
    postMessage({ number, error: { code: error instanceof BellpushError ? error.code : 'failed', message } })
  }
}

/**
 * @param {import('./decoder.js').Source} source
 * @returns {Promise<import('./decoder.js').Opened>}
 */
async function open (source) {
  capture = new Capture()
  let hex = ''
  if (typeof source === 'string' || await isText(source)) {
    const bytes = bytesOfText(typeof source === 'string' ? source : await textOf(source))
    if (bytes.length <= MOST_IN_LINK) hex = hexOf(bytes)
    capture.push(bytes)
  } else {
    await read(source)
  }
  const overview = capture.finish()
  for (const finding of overview.connections.flatMap(({ findings }) => findings)) {
    Object.assign(finding, { words: describeFinding(finding), trouble: isTrouble(finding) })
  }
  return { ...overview, hex }
}

/** @param {Blob} file */
async function read (file) {
  for (let at = 0; at < file.size; at += PIECE) {
    capture.push(new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer()))
    postMessage({ progress: { read: Math.min(at + PIECE, file.size), of: file.size } })
  }
}

/** No message of the protocol and no capture begins with printable characters only. @param {Blob} file */
async function isText (file) {
  const start = new Uint8Array(await file.slice(0, 1024).arrayBuffer())
  return start.length > 0 && start.every(byte => (byte >= 0x20 && byte < 0x7f) || [9, 10, 13].includes(byte))
}

/** @param {Blob} file */
function textOf (file) {
  if (file.size > MOST_TEXT) {
    throw new BellpushError('BELLPUSH_FRAME_MALFORMED', 'text of more than 8 MiB is not read: make a binary file of it')
  }
  return file.text()
}

/**
 * @param {number} connection
 * @param {ArrayLike<number>} indices
 * @returns {import('./decoder.js').Row[]}
 */
function rows (connection, indices) {
  return Array.from(indices).flatMap(index => capture.parts(connection, index, 1)).map(({ fields, ...part }) => {
    const valueOf = (/** @type {string} */ name) => fields.find(field => field.name === name)?.value ?? ''
    const headers = valueOf('headers')
    return {
      ...part,
      token: valueOf('token') || (/\/3\/device\/([0-9a-f]+)/i.exec(headers)?.[1] ?? ''),
      detail: (valueOf('payload') || valueOf('time') || headers).slice(0, EXCERPT),
      type: (/\((\w+)\)/.exec(valueOf('type')) ?? [])[1] ?? ''
    }
  })
}

/** @param {number} connection @param {number} index */
function part (connection, index) {
  const [found] = capture.parts(connection, index, 1)
  return found && { ...found, bytes: capture.bytes(connection, found) }
}

/** @param {number} connection @param {import('./decoder.js').Query} query */
function find (connection, query) {
  return capture.find(connection, query)
}
