/**
 * What is copied of a part: its bytes in hex, all that is known of it as JSON, or a test vector in the form of the ones
 * that this project tests itself with (tests/vectors/).
 */

/** @param {Uint8Array} bytes */
export function hexOf (bytes) {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
}

/** @param {import('./decoder.js').WholePart} part */
export function jsonOf (part) {
  return JSON.stringify({ ...part, at: undefined, bytes: hexOf(part.bytes) }, null, 2)
}

/** @param {import('./decoder.js').WholePart} part */
export function vectorOf ({ kind, fields, bytes, identifier, status }) {
  const pieces = fields.map(({ offset, length }) => hexOf(bytes.subarray(offset, offset + length)))
  const hex = pieces.filter(piece => piece !== '').join(' ')
  const numberOf = (/** @type {string} */ name) => {
    const value = fields.find(field => field.name === name)?.value
    return value === undefined ? undefined : parseInt(value)
  }
  const vectors = {
    frame: {
      name: `command ${numberOf('command')}`,
      identifier: identifier ?? undefined,
      expiration: numberOf('expiration'),
      priority: numberOf('priority'),
      hex
    },
    'error-response': { status, identifier, hex },
    tuple: { time: numberOf('time'), hex },
    http2: { stream: identifier ?? undefined, headers: fields.find(({ name }) => name === 'headers')?.value, hex },
    unreadable: { hex: hexOf(bytes) }
  }
  return JSON.stringify(vectors[kind], null, 2)
}
