/**
 * UUIDs from numbers to text, many at once: one text a chunk costs less than a few pieces an id.
 */

const decoder = new TextDecoder()

/** The two digits of each byte. */
const DIGITS = Uint16Array.from({ length: 256 }, (_, byte) => {
  const text = byte.toString(16).padStart(2, '0')
  return text.charCodeAt(0) | text.charCodeAt(1) << 8
})

const DASH = '-'.charCodeAt(0)

/** Where a byte's digits stand in the text. */
const PLACES = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34]
const DASHES = [8, 13, 18, 23]

/**
 * @param {Uint32Array} records
 * @param {number} at of the place in each where there is whether it has an id, and behind that its four numbers
 * @param {number} length of a record
 * @returns {string} 36 characters for each; where there is no id, some
 */
export function uuids (records, at, length) {
  const text = new Uint8Array(36 * (records.length / length))
  for (let start = 0, record = at; start < text.length; start += 36, record += length) {
    if (records[record] !== 1) continue
    for (let byte = 0; byte < 16; byte++) {
      const digits = DIGITS[records[record + 1 + (byte >> 2)] >>> (24 - 8 * (byte & 3)) & 0xff]
      text[start + PLACES[byte]] = digits & 0xff
      text[start + PLACES[byte] + 1] = digits >>> 8
    }
    for (const dash of DASHES) text[start + dash] = DASH
  }
  return decoder.decode(text)
}
