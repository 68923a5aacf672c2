/**
 * What the rounds of a race over HTTP/2 say.
 */
import { topic } from '../lib/tokens.js'
import { atMost, median, rate } from '../lib/figures.js'

/** @typedef {import('../lib/race.js').Round} Round */

/** What the client under test is made with. */
export const options = { topic }

/** The same, for a comparison of clients on one connection. */
export const single = { topic, maxConnections: 1 }

/**
 * @param {Round[]} rounds
 * @param {number} count tokens
 * @returns {number} notifications a second, the median
 */
export function speed (rounds, count) {
  return median(rounds.map(({ seconds }) => count / seconds))
}

/**
 * @param {Round[]} rounds
 * @param {number} count tokens
 * @returns {number} microseconds of the client's processor time that a notification takes
 */
export function clientCpu (rounds, count) {
  return median(rounds.map(({ said }) => said.cpu / count))
}

/**
 * @param {Round[]} rounds
 * @param {number} count tokens
 * @returns {number} the same of the gateway's, of all rounds together: it is told in large steps; NaN: unknown
 */
export function gatewayCpu (rounds, count) {
  return rounds.reduce((sum, { gatewayCpu }) => sum + (gatewayCpu ?? NaN), 0) / rounds.length / count
}

/**
 * @param {Round[]} rounds
 * @param {number} count tokens
 */
export function measured (rounds, count) {
  const cpu = clientCpu(rounds, count)
  return rate(speed(rounds, count)) + (Number.isNaN(cpu) ? '' : `, ${cpu.toFixed(2)} µs of the client's CPU each`)
}

/**
 * Nothing lost, nothing twice, nothing wrong, by the gateway's own count.
 * @param {Round[]} rounds
 * @param {number} count tokens
 */
export function faultless (rounds, count) {
  const most = (/** @type {(counts: import('../lib/native.js').Counts) => number} */ of) =>
    Math.max(...rounds.map(({ counts }) => of(counts)))
  return [
    atMost('lost', most(({ distinct }) => count - distinct), 0),
    atMost('accepted twice', most(({ duplicates }) => duplicates), 0),
    atMost('malformed', most(({ malformed }) => malformed), 0)
  ]
}
