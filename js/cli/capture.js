/**
 * `bellpush decode` of a capture: its connections, their parts a line each, and what went wrong in words.
 *
 * Not here: reading captures and diagnosing them, which is the core's, and the words of findings (js/findings.js).
 */
import { open } from 'node:fs/promises'
import { Capture } from '../core.js'
import { describeFinding, isTrouble } from '../findings.js'
import { exit } from './exit.js'
import { findingLines } from './explanation.js'
import { count, counted, print, printable, printJson } from './output.js'
import { unreadable } from './token-lines.js'

/** How captures begin. */
const MAGIC = /^(d4c3b2a1|a1b2c3d4|4d3cb2a1|a1b23c4d|0a0d0d0a)/

/** Parts of one connection that are printed; the diagnosis is about all of them. */
const MOST_PARTS = 1_000

/**
 * Packets that were not read, in words.
 * @type {Record<keyof import('../core.js').CaptureOverview['passed'], string>}
 */
const PASSED = {
  linkType: 'of a link type that is not known here',
  other: 'that are not TCP over IP',
  fragments: 'that are fragments of IP packets, which are not put together here',
  malformed: 'that cannot be read',
  connections: 'of more connections than are followed',
  cut: 'that were cut when they were captured'
}

/**
 * @param {string} name of a file
 * @returns {Promise<Capture | undefined>} undefined: it is no capture
 */
export async function readCapture (name) {
  if (name === '-') return undefined
  const file = await open(name).catch(() => undefined)
  if (file === undefined) return undefined
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0)
    if (bytesRead < 4 || !MAGIC.test(buffer.toString('hex'))) return undefined
    const capture = new Capture()
    for await (const chunk of file.createReadStream({ start: 0, highWaterMark: 1_048_576 })) capture.push(chunk)
    return capture
  } catch (error) {
    throw unreadable(name, error)
  } finally {
    await file.close()
  }
}

/**
 * @param {Capture} capture
 * @param {boolean} json
 */
export async function tellCapture (capture, json) {
  const overview = capture.finish()
  const { connections, failure } = overview
  if (failure !== null || connections.some(({ findings }) => findings.some(isTrouble))) {
    process.exitCode = exit.incomplete
  }
  if (json) {
    const told = connections.map(connection => ({ ...connection, findings: withWords(connection.findings) }))
    await printJson({ ...overview, connections: told })
    return
  }
  await print(headLines(overview))
  for (const [index, connection] of connections.entries()) {
    if (!await print(connectionLines(capture, connection, index))) return
  }
}

/**
 * What is wrong in a stream by itself, read as what it looks like.
 * @param {Uint8Array} bytes
 * @param {import('../core.js').Explanation['kind']} kind what they were explained as
 */
export function findingsIn (bytes, kind) {
  const capture = new Capture()
  try {
    capture.push(bytes)
    const [connection] = capture.finish().connections
    return connection?.kinds[0] === kind ? connection.findings : []
  } finally {
    capture.free()
  }
}

/** @param {import('../core.js').Finding[]} findings */
export function withWords (findings) {
  return findings.map(finding => ({ ...finding, words: describeFinding(finding) }))
}

/** @param {import('../core.js').CaptureOverview} overview */
function headLines ({ format, packets, connections, passed, failure }) {
  const left = Object.entries(PASSED).filter(([name]) => passed[/** @type {keyof typeof passed} */ (name)] > 0)
  return [
    `${format}: ${counted(packets, 'packet')}, ${counted(connections.length, 'connection')}`,
    ...left.map(([name, words]) =>
      `There are ${counted(passed[/** @type {keyof typeof passed} */ (name)], 'packet')} ${words}.`),
    ...failure === null ? [] : [`Not read to its end: ${failure}`]
  ]
}

/**
 * @param {Capture} capture
 * @param {import('../core.js').CaptureConnection} connection
 * @param {number} index
 */
function connectionLines (capture, connection, index) {
  const { ends, lengths, kinds, parts, findings } = connection
  const [first, second] = ends ?? ['', '']
  return [
    '',
    `Connection ${index + 1}: ${first} > ${second}`,
    `  > ${counted(lengths[0], 'byte')} (${kinds[0]}), < ${counted(lengths[1], 'byte')} (${kinds[1]})`,
    ...findingLines(findings, process.stdout.columns),
    ...capture.parts(index, 0, MOST_PARTS).map(partLine),
    ...parts > MOST_PARTS ? [`  … ${count(parts - MOST_PARTS)} more`] : []
  ]
}

/** @param {import('../core.js').CapturePart} part */
function partLine ({ direction, packet, kind, summary, fate }) {
  const words = summary === '' ? kind : printable(summary)
  return `  ${direction === 0 ? '>' : '<'} ${String(packet).padStart(6)}  ${words}` +
    (fate === null || fate === 'unknown' ? '' : ` [${fate}]`)
}
