/**
 * Texts of one length as a single one, which then costs one step where each of them would cost many.
 */

/**
 * To add them up one by one only notes what is to be put together, which is then done once, by whoever reads the text.
 * @param {string[]} texts
 * @param {number} [start]
 * @param {number} [end] behind the last one
 * @returns {string | undefined} undefined where their lengths differ
 */
export function putTogether (texts, start = 0, end = texts.length) {
  const { length } = texts[start]
  let together = ''
  for (let index = start; index < end; index++) {
    const text = texts[index]
    if (text.length !== length) return
    together += text
  }
  return together
}
