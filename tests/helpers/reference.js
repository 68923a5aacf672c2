/**
 * The legacy binary protocol a second time: small, strict, slow, written from the protocol's text alone. Tests compare
 * the core with it, so it shares no code with the core and never will.
 *
 * Not here: streaming. It decodes a whole run of bytes and says how many at its end are an unfinished frame.
 */

/**
 * @typedef {object} Frame
 * @property {number} command 0, 1 or 2
 * @property {string} token hexadecimal
 * @property {string | Uint8Array} payload
 * @property {number} [identifier]
 * @property {number} [expiration] Unix seconds
 * @property {number} [priority] 10 or 5
 */

/** A frame of more bytes than this is not waited for. */
const longestFrame = 65_536

/** @param {number} value */
const u16 = (value) => Buffer.from([value >>> 8, value & 0xff])
/** @param {number} value */
const u32 = (value) => Buffer.from([value >>> 24, value >>> 16 & 0xff, value >>> 8 & 0xff, value & 0xff])
/** @param {Uint8Array} bytes */
const counted = (bytes) => Buffer.concat([u16(bytes.length), bytes])

/** @param {Frame} frame @returns {Buffer} */
export function encodeFrame (frame) {
  const token = Buffer.from(frame.token, 'hex')
  const payload = Buffer.from(frame.payload)
  if (frame.command === 0) return Buffer.concat([Buffer.from([0]), counted(token), counted(payload)])
  if (frame.command === 1) {
    return Buffer.concat([
      Buffer.from([1]), u32(frame.identifier ?? 0), u32(frame.expiration ?? 0), counted(token), counted(payload)
    ])
  }
  const items = [[1, token], [2, payload]]
  if (frame.identifier !== undefined) items.push([3, u32(frame.identifier)])
  if (frame.expiration !== undefined) items.push([4, u32(frame.expiration)])
  if (frame.priority !== undefined) items.push([5, Buffer.from([frame.priority])])
  return encodeItems(/** @type {Array<[number, Uint8Array]>} */ (items))
}

/** A command 2 of any items, the wrong ones too. @param {Array<[id: number, data: Uint8Array]>} items */
export function encodeItems (items) {
  const body = Buffer.concat(items.map(([id, data]) => Buffer.concat([Buffer.from([id]), counted(data)])))
  return Buffer.concat([Buffer.from([2]), u32(body.length), body])
}

/**
 * @param {Uint8Array} bytes
 * @param {{ payloadLimit?: number }} [options]
 * @returns {{ frames: Frame[], rest: number, fault?: { status: number, identifier: number } }} `rest`: bytes of an
 *   unfinished frame at the end
 */
export function decodeFrames (bytes, { payloadLimit = 2048 } = {}) {
  /** @type {Frame[]} */
  const frames = []
  const stream = Buffer.from(bytes)
  let at = 0
  while (at < stream.length) {
    const result = decodeFrame(stream.subarray(at), payloadLimit)
    if (result === undefined) break
    if ('status' in result) return { frames, rest: 0, fault: result }
    frames.push(result.frame)
    at += result.size
  }
  return { frames, rest: stream.length - at }
}

/**
 * @param {Buffer} bytes
 * @param {number} payloadLimit
 * @returns {{ frame: Frame, size: number } | { status: number, identifier: number } | undefined} nothing: needs more
 */
function decodeFrame (bytes, payloadLimit) {
  const command = bytes[0]
  if (command > 2) return { status: 128, identifier: 0 }
  if (command === 2) return decodeCommand2(bytes, payloadLimit)
  const head = command === 0 ? 1 : 9
  if (bytes.length < head + 2) return undefined
  const identifier = command === 1 ? bytes.readUInt32BE(1) : 0
  const tokenLength = bytes.readUInt16BE(head)
  if (tokenLength === 0) return { status: 2, identifier }
  if (tokenLength > 100) return { status: 5, identifier }
  const payloadAt = head + 2 + tokenLength
  if (bytes.length < payloadAt + 2) return undefined
  const payloadLength = bytes.readUInt16BE(payloadAt)
  if (payloadLength === 0) return { status: 4, identifier }
  if (payloadLength > payloadLimit) return { status: 7, identifier }
  const size = payloadAt + 2 + payloadLength
  if (bytes.length < size) return undefined
  const token = bytes.toString('hex', head + 2, payloadAt)
  const payload = bytes.subarray(payloadAt + 2, size)
  if (command === 0) return { size, frame: { command, token, payload } }
  return { size, frame: { command, identifier, expiration: bytes.readUInt32BE(5), token, payload } }
}

/**
 * @param {Buffer} bytes
 * @param {number} payloadLimit
 * @returns {{ frame: Frame, size: number } | { status: number, identifier: number } | undefined}
 */
function decodeCommand2 (bytes, payloadLimit) {
  if (bytes.length < 5) return undefined
  const size = 5 + bytes.readUInt32BE(1)
  if (size > longestFrame) return { status: 7, identifier: 0 }
  if (bytes.length < size) return undefined
  /** @type {Map<number, Buffer>} */
  const items = new Map()
  let at = 5
  while (at < size) {
    if (at + 3 > size) return { status: 128, identifier: 0 }
    const id = bytes[at]
    const end = at + 3 + bytes.readUInt16BE(at + 1)
    if (end > size || id < 1 || id > 5 || items.has(id)) return { status: 128, identifier: 0 }
    items.set(id, bytes.subarray(at + 3, end))
    at = end
  }
  return readItems(items, size, payloadLimit)
}

/**
 * @param {Map<number, Buffer>} items
 * @param {number} size
 * @param {number} payloadLimit
 * @returns {{ frame: Frame, size: number } | { status: number, identifier: number }}
 */
function readItems (items, size, payloadLimit) {
  const [token, payload, identifier, expiration, priority] = [1, 2, 3, 4, 5].map((id) => items.get(id))
  if (identifier && identifier.length !== 4) return { status: 128, identifier: 0 }
  const named = identifier?.readUInt32BE(0) ?? 0
  if (expiration && expiration.length !== 4) return { status: 128, identifier: named }
  if (priority && priority.length !== 1) return { status: 128, identifier: named }
  if (!token || token.length === 0) return { status: 2, identifier: named }
  if (token.length > 100) return { status: 5, identifier: named }
  if (!payload || payload.length === 0) return { status: 4, identifier: named }
  if (payload.length > payloadLimit) return { status: 7, identifier: named }
  return {
    size,
    frame: {
      command: 2,
      token: token.toString('hex'),
      payload,
      identifier: identifier?.readUInt32BE(0),
      expiration: expiration?.readUInt32BE(0),
      priority: priority?.[0]
    }
  }
}

/** @param {{ status: number, identifier: number }} response */
export function encodeErrorResponse ({ status, identifier }) {
  return Buffer.concat([Buffer.from([8, status]), u32(identifier)])
}

/** @param {Uint8Array} bytes @returns {Array<{ status: number, identifier: number }>} */
export function decodeErrorResponses (bytes) {
  const stream = Buffer.from(bytes)
  if (stream.length % 6 !== 0) throw new Error(`${stream.length} bytes are not whole error responses`)
  return Array.from({ length: stream.length / 6 }, (_, index) => {
    const at = index * 6
    if (stream[at] !== 8) throw new Error(`command ${stream[at]} at ${at} is not an error response`)
    return { status: stream[at + 1], identifier: stream.readUInt32BE(at + 2) }
  })
}

/** @param {Array<{ time: number, token: string }>} tuples */
export function encodeFeedback (tuples) {
  return Buffer.concat(tuples.map(({ time, token }) => Buffer.concat([u32(time), counted(Buffer.from(token, 'hex'))])))
}

/** @param {Uint8Array} bytes @returns {Array<{ time: number, token: string }>} */
export function decodeFeedback (bytes) {
  const stream = Buffer.from(bytes)
  const tuples = []
  let at = 0
  while (at < stream.length) {
    if (stream.length < at + 6) throw new Error(`a feedback tuple ends early at ${at}`)
    const end = at + 6 + stream.readUInt16BE(at + 4)
    if (stream.length < end) throw new Error(`a feedback tuple ends early at ${at}`)
    tuples.push({ time: stream.readUInt32BE(at), token: stream.toString('hex', at + 6, end) })
    at = end
  }
  return tuples
}
