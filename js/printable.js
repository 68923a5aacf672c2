/**
 * Text that came from outside, where somebody reads it.
 */

/**
 * Text in which a terminal finds nothing to obey: control and formatting characters are written as \u{…}.
 * @param {string} text
 * @param {string} [allowed] characters that stay
 */
export function printable (text, allowed = '') {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, character => allowed.includes(character)
    ? character
    : `\\u{${/** @type {number} */ (character.codePointAt(0)).toString(16)}}`)
}
