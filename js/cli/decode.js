/**
 * `bellpush decode`: bytes of the binary protocol, explained field by field.
 *
 * Not here: bytes out of text (bytes-of-text.js), laying out the explanation (explanation.js), captures and findings
 * (capture.js), and the explaining, which is the core's.
 */
import { open } from 'node:fs/promises'
import { Command, Option } from 'commander'
import { bytesOfText, looksLikeBytes } from '../bytes-of-text.js'
import { explain } from '../core.js'
import { BellpushError } from '../errors.js'
import { findingsIn, readCapture, tellCapture, withWords } from './capture.js'
import { exit, usage } from './exit.js'
import { explanationLines, findingLines } from './explanation.js'
import { print, printJson } from './output.js'
import { unreadable } from './token-lines.js'

/** Bytes that are decoded at most: some 10,000 notifications, more than anybody reads. A byte in hex is up to five. */
const MOST_BYTES = 1_048_576
const MOST_INPUT = 5 * MOST_BYTES

/** How other things begin that people have, and what they are to do with them. @type {[RegExp, string][]} */
const OTHERS = [
  [/^(d4c3b2a1|a1b2c3d4|4d3cb2a1|a1b23c4d|0a0d0d0a)/, 'this is a packet capture: name its file, as in ' +
    'bellpush decode capture.pcapng'],
  [/^50524920/, 'this is HTTP/2, which is read in captures: name a pcap or pcapng file'],
  [/^(14|15|16|17)030[0-4]/, 'these are TLS records: what they carry is encrypted, and must be captured before TLS ' +
    'or decrypted with its keys']
]

/** @returns {Command} */
export function decodeCommand () {
  return new Command('decode')
    .summary('explain bytes of the binary protocol')
    .description('Explains frames, error responses and feedback tuples of the binary protocol, field by field.')
    .argument('<input...>', 'a file, - for stdin, hex or base64; hex may be in several arguments')
    .addOption(new Option('--as <kind>', 'what the bytes are (default: what they look like)')
      .choices(['frames', 'error-responses', 'feedback']))
    .option('--json', 'print one JSON object: kind, parts with their fields, problem, findings')
    .addHelpText('after', help)
    .action(decode)
}

const help = `
A file holds the bytes themselves, hex or base64. Hex is read as people have it:
with spaces, commas, colons or line breaks, 0x.. or \\x.., and as the dumps of
xxd, hexdump -C, od -A x -t x1 and Wireshark. At most 1 MiB is decoded.

A file that is a capture (pcap, pcapng) may be larger: its TCP connections are
put together again, and what went wrong in each is told.

Exit codes: 0 done, 1 something could not be read (what could is explained),
2 usage.

Examples:
  $ bellpush decode 08 08 00 00 00 07
  $ bellpush decode capture.bin
  $ bellpush decode capture.pcapng
  $ xxd capture.bin | bellpush decode -
  $ bellpush decode --as feedback --json '49 6a 1f 80 00 02 0a1b'`

/**
 * @param {string[]} input
 * @param {{ as?: import('../core.js').Explanation['kind'], json?: boolean }} options
 */
async function decode (input, { as, json }) {
  const capture = as === undefined && input.length === 1 ? await readCapture(input[0]) : undefined
  if (capture) return tellCapture(capture, json === true)
  const bytes = await readBytes(input)
  const explanation = explain(bytes, as)
  const advice = explanation.problem && adviceOn(bytes, as)
  const problem = advice ? { offset: 0, message: advice } : explanation.problem
  const findings = findingsIn(bytes, explanation.kind)
  if (json) {
    await printJson({ ...explanation, problem, findings: withWords(findings) })
  } else {
    await print([
      ...explanationLines(bytes, { ...explanation, problem }, process.stdout.columns),
      ...findings.length === 0 ? [] : ['', 'Diagnosis:', ...findingLines(findings, process.stdout.columns)]
    ])
  }
  if (problem !== null) process.exitCode = exit.incomplete
}

/**
 * @param {Uint8Array} bytes
 * @param {string | undefined} as
 * @returns {string | undefined} what these bytes are that are nothing of the protocol
 */
function adviceOn (bytes, as) {
  const start = Buffer.from(bytes.subarray(0, 4)).toString('hex')
  return as === undefined ? OTHERS.find(([pattern]) => pattern.test(start))?.[1] : undefined
}

/**
 * @param {string[]} input
 * @returns {Promise<Uint8Array>}
 */
async function readBytes (input) {
  const bytes = input.length === 1 ? await readSource(input[0]) : undefined
  const text = bytes === undefined ? input.join(' ') : isText(bytes) ? bytes.toString() : undefined
  const decoded = text === undefined ? /** @type {Buffer} */ (bytes) : bytesOfText(text)
  if (decoded.length === 0) throw usage('there is nothing to decode')
  if (decoded.length > MOST_BYTES) throw tooLarge()
  return decoded
}

/**
 * @param {string} name
 * @returns {Promise<Buffer | undefined>} undefined: there is no such file, so it is hex or base64
 */
async function readSource (name) {
  if (name === '-') return readStream(process.stdin, 'stdin')
  try {
    const file = await open(name)
    return await readStream(file.createReadStream(), name)
  } catch (error) {
    if (error instanceof BellpushError) throw error
    const { code = '' } = /** @type {NodeJS.ErrnoException} */ (error)
    if (['ENOENT', 'ENAMETOOLONG'].includes(code) && looksLikeBytes(name)) return undefined
    throw unreadable(name, error)
  }
}

/**
 * @param {import('node:stream').Readable} stream
 * @param {string} name
 */
async function readStream (stream, name) {
  const chunks = []
  let length = 0
  try {
    for await (const chunk of stream) {
      chunks.push(chunk)
      length += chunk.length
      if (length > MOST_INPUT) throw tooLarge()
    }
  } catch (error) {
    throw error instanceof BellpushError ? error : unreadable(name, error)
  }
  return Buffer.concat(chunks)
}

/**
 * No message of the protocol is all printable: each has a command or a length with a control character.
 * @param {Buffer} bytes
 */
function isText (bytes) {
  return bytes.every(byte => (byte >= 0x20 && byte < 0x7f) || byte === 0x09 || byte === 0x0a || byte === 0x0d)
}

function tooLarge () {
  return usage('there is more than 1 MiB to decode: cut it, for instance with head -c')
}
