/**
 * Captures as the core reads them: a pcap or pcapng file, or a stream by itself; bytes in, connections and what went
 * wrong in them out.
 *
 * What it is not: it has no words for what was found (js/findings.js has).
 */
import { BellpushError } from '../errors.js'
import { checkBytes } from './bytes.js'
import { capture, pkg } from './capture-module.js'
import { Resident } from './module.js'

/**
 * Something that was found: its code, and the numbers that belong to it; true is 1, what is not known null. `name`:
 * that of the status or reason in it.
 * @typedef {{ code: string, name: string | null } & Record<string, any>} Finding
 */

/**
 * @typedef {'empty' | 'frames' | 'error-responses' | 'feedback' | 'tls' | 'http2' | 'other'} StreamKind
 */

/**
 * A connection, or a stream by itself. Pairs are of the first end's bytes and of the second's.
 * @typedef {object} Connection
 * @property {[string, string] | null} ends `address:port`, who opened it first; null of a stream by itself
 * @property {[StreamKind, StreamKind]} kinds
 * @property {[number, number]} lengths bytes, missing ones counted
 * @property {[number, number]} again bytes that were sent again
 * @property {[number, number]} disordered segments that came after later ones
 * @property {number} time milliseconds since 1970
 * @property {number} parts
 * @property {[number, number, number, number]} fates notifications: unknown, accepted, rejected, discarded
 * @property {Finding[]} findings
 */

/**
 * @typedef {object} Overview
 * @property {'pcap' | 'pcapng' | null} format null: a stream by itself
 * @property {string | null} failure what keeps the file from being read further
 * @property {number} packets
 * @property {number} bytes
 * @property {{ linkType: number, other: number, fragments: number, malformed: number, connections: number,
 *   cut: number }} passed packets that were not read, and those that the capture cut
 * @property {Connection[]} connections
 */

/**
 * A frame, an error response, a tuple, a frame of HTTP/2, or bytes that are none.
 * @typedef {object} CapturePart
 * @property {number} index
 * @property {0 | 1} direction
 * @property {'frame' | 'error-response' | 'tuple' | 'http2' | 'unreadable'} kind
 * @property {number} offset in its stream
 * @property {number} at where its bytes are, for `bytes`
 * @property {number} length
 * @property {number} time milliseconds since 1970; 0: not known
 * @property {number} packet its number in the file; 0: there is none
 * @property {number | null} identifier a frame's or an error response's; the stream of a frame of HTTP/2
 * @property {number | null} status
 * @property {'unknown' | 'accepted' | 'rejected' | 'discarded' | null} fate
 * @property {number | null} payloadLimit
 * @property {string} summary
 * @property {import('./codec.js').Field[]} fields offsets from its first byte
 */

/**
 * Loads the module that reads captures, where that cannot be done at once (a browser). Harmless where it has been done.
 * @param {URL | string | BufferSource | WebAssembly.Module} [source] where it is, if not where the package has it
 */
export function loadCaptures (source) {
  return capture.load(source)
}

/** A capture: {@link push} its bytes, {@link finish} it, then ask. */
export class Capture {
  #resident = new Resident(capture, () => new pkg.Capture())

  /** @param {Uint8Array} bytes a piece of the file, of any size */
  push (bytes) {
    checkBytes(bytes)
    this.#resident.use(inner => inner.push(bytes))
  }

  /** @returns {Overview} */
  finish () {
    const overview = this.#resident.use(inner => inner.finish())
    for (const connection of overview.connections) connection.ends = connection.ends?.map(endOf) ?? null
    return overview
  }

  /**
   * @param {number} connection
   * @param {number} from index of the first part
   * @param {number} count
   * @returns {CapturePart[]}
   */
  parts (connection, from, count) {
    return this.#resident.use(inner => inner.parts(connection, from, count))
  }

  /**
   * @param {number} connection
   * @param {{ direction: number, at: number, length: number }} part
   * @returns {Uint8Array}
   */
  bytes (connection, { direction, at, length }) {
    return this.#resident.use(inner => inner.bytes(connection, direction, at, length))
  }

  /**
   * Indices of the parts that match all that is asked; 10,000 at most.
   * @param {number} connection
   * @param {{ token?: string, identifier?: number, status?: number }} query `token`: a part of one, whole bytes in hex
   * @returns {Uint32Array}
   */
  find (connection, { token, identifier, status }) {
    return this.#resident.use(inner => inner.find(connection, token ? bytesOf(token) : undefined, identifier, status))
  }

  free () {
    this.#resident.free()
  }
}

/** @param {string} token */
function bytesOf (token) {
  const digits = token.replace(/[\s<>]/g, '')
  if (/[^0-9a-f]/i.test(digits) || digits.length % 2 === 1) {
    throw new BellpushError('BELLPUSH_TOKEN_MALFORMED', 'a part of a token must be whole bytes in hexadecimal')
  }
  return Uint8Array.from(digits.match(/../g) ?? [], pair => parseInt(pair, 16))
}

/** @param {string} end 16 bytes of address and 2 of port, in hexadecimal */
function endOf (end) {
  const port = parseInt(end.slice(32), 16)
  const words = Array.from({ length: 8 }, (_, word) => parseInt(end.slice(word * 4, word * 4 + 4), 16))
  if (end.startsWith('00000000000000000000ffff')) {
    return `${words.slice(6).flatMap(word => [word >> 8, word & 0xff]).join('.')}:${port}`
  }
  // The longest row of zeros is left out, as everybody writes it.
  const rows = words.map(word => word.toString(16)).join(':').match(/\b0(?::0)+\b/g) ?? []
  const longest = rows.sort((a, b) => b.length - a.length)[0]
  const text = words.map(word => word.toString(16)).join(':')
  return `[${longest ? text.replace(longest, ':').replace(/:{3,}/, '::').replace(/^:(?=[^:])/, '::') : text}]:${port}`
}
