/**
 * The spellings in which people have stored device tokens, so that a removal finds the row whatever wrote it.
 *
 * Apple names a dead token by its bytes; an old table holds what its app sent: upper case, or the text of an NSData,
 * `<0f744707 bebcf74f …>`. Looking for a short list of exact spellings keeps a lookup on the index; normalising the
 * column inside SQL would read the whole table.
 */
import { normalizeToken } from '../core.js'
import { BellpushError } from '../errors.js'

/** What nearly every text looks like: asking the core about the others only is much quicker. */
const CANONICAL = /^(?:[0-9a-f]{2}){1,100}$/

/**
 * @param {string} text
 * @returns {string} the canonical lower-case hex where the text is a token, else the text itself
 */
export function canonicalOr (text) {
  if (CANONICAL.test(text)) return text
  try {
    return normalizeToken(text)
  } catch (error) {
    if (error instanceof BellpushError && error.code === 'BELLPUSH_TOKEN_MALFORMED') return text
    throw error
  }
}

/**
 * @param {string} token canonical lower-case hex, or any other text
 * @returns {string[]} lower and upper case, each plain, in groups of eight, in angle brackets, and in both; other
 *   text as it is
 */
export function spellingsOf (token) {
  if (!/^[0-9a-f]+$/.test(token)) return [token]
  const grouped = token.replace(/.{8}(?=.)/g, '$& ')
  const lower = [token, `<${token}>`, grouped, `<${grouped}>`]
  return [...new Set([...lower, ...lower.map(spelling => spelling.toUpperCase())])]
}
