/**
 * The clients of HTTP/2 that Bellpush is compared with, where they can be had.
 */
import { CommandFailed, say, which } from '../../scripts/lib/run.js'
import { buildCrate } from '../lib/native.js'

/** @typedef {import('../lib/race.js').Runner} Runner */

/** @type {Runner} */
export const nodeApn = { contender: 'http2-node-apn', rounds: 3, warmUp: 1, silent: true }

/** What is missing, in words, for the table. */
export const missing = {
  h2load: 'left out: there is no h2load (Debian has it in nghttp2-client)',
  a2: 'left out: it could not be built'
}

/**
 * @param {number} rounds
 * @returns {Record<string, Runner>} nothing where it is not there
 */
export function h2load (rounds) {
  return which('h2load') === undefined ? {} : { h2load: { contender: 'http2-h2load', rounds } }
}

/** @returns {Record<string, Runner>} nothing where it cannot be built */
export function a2 () {
  try {
    buildCrate('a2')
    return { a2: { contender: 'http2-a2', rounds: 5, warmUp: 1 } }
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    say(error.message)
    return {}
  }
}
