/**
 * A payload, to be read by a person.
 */

/**
 * JSON with line breaks, and otherwise exactly as it was written: numbers, escapes and names that come twice stay.
 * @param {string} text
 */
export function indented (text) {
  let out = ''
  let depth = 0
  const line = (/** @type {number} */ by) => {
    depth = Math.max(0, depth + by)
    return '\n' + '  '.repeat(depth)
  }
  // Strings whole, then single signs, then whatever else stands together.
  for (const [piece] of text.matchAll(/"(?:[^"\\]|\\.)*"?|[{}[\],:]|[^\s"{}[\],:]+/gs)) {
    if (piece === '{' || piece === '[') {
      out += piece + line(1)
    } else if (piece === '}' || piece === ']') {
      const isEmpty = /[{[]\n *$/.test(out)
      const end = line(-1)
      out = (isEmpty ? out.trimEnd() : out + end) + piece
    } else {
      out += piece === ',' ? piece + line(0) : piece === ':' ? ': ' : piece
    }
  }
  return out
}

/**
 * What a phone would show.
 * @param {string} payload perhaps cut short
 */
export function alertOf (payload) {
  try {
    const { alert } = JSON.parse(payload).aps
    return typeof alert === 'string' ? alert : String(alert.body ?? alert.title ?? alert['loc-key'])
  } catch {
    return payload
  }
}
