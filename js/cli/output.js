/**
 * Writing: what was asked for goes to stdout, everything else to stderr. A reader that has seen enough (`| head`) is no
 * error, and nothing that came from outside reaches a terminal as a control sequence.
 *
 * There are no colours: the words carry it.
 */
import { once } from 'node:events'

export { printable } from '../printable.js'

let closed = false

/** Whoever reads the output may stop; the work goes on, because a push whose report nobody reads has been sent. */
export function allowClosedOutput () {
  process.stdout.on('error', () => { closed = true })
  process.stderr.on('error', () => {})
}

/**
 * Writes lines to stdout, no faster than they are read.
 * @param {string | string[]} lines
 * @returns {Promise<boolean>} false: nobody reads any more
 */
export async function print (lines) {
  if (!closed && !process.stdout.write([lines].flat().join('\n') + '\n')) {
    // Its error, after which nothing drains, ends the waiting too.
    await once(process.stdout, 'drain').catch(() => {})
  }
  return !closed
}

/**
 * @param {unknown} value
 * @returns {Promise<boolean>} as {@link print}
 */
export function printJson (value) {
  return print(JSON.stringify(value))
}

/**
 * Tells a person something, on stderr.
 * @param {string} text
 */
export function tell (text) {
  process.stderr.write(text + '\n')
}

/** 1,234 @param {number} number */
export function count (number) {
  return number.toLocaleString('en-US')
}

/**
 * "1 token", "1,234 tokens"
 * @param {number} number
 * @param {string} noun
 * @param {string} [plural]
 */
export function counted (number, noun, plural = `${noun}s`) {
  return `${count(number)} ${number === 1 ? noun : plural}`
}
