/**
 * From rounds to a table: medians, ratios, and whether a target is met.
 */
import { cpus, totalmem } from 'node:os'
import { which } from '../../scripts/lib/run.js'

/**
 * What one benchmark found.
 * @typedef {object} Outcome
 * @property {string} name
 * @property {string} title
 * @property {{ who: string, what: string }[]} figures what was measured
 * @property {Target[]} targets
 * @property {object} raw every round, for those who want to calculate themselves
 */

/**
 * @typedef {object} Target
 * @property {string} what
 * @property {number} value
 * @property {string} wanted as `≥ 8` or `≤ 3`
 * @property {boolean} met
 */

/** @param {number[]} values */
export function median (values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/**
 * @param {string} what
 * @param {number} value
 * @param {number} least
 * @returns {Target}
 */
export function atLeast (what, value, least) {
  return { what, value, wanted: `≥ ${least}`, met: value >= least }
}

/**
 * @param {string} what
 * @param {number} value
 * @param {number} most
 * @returns {Target}
 */
export function atMost (what, value, most) {
  return { what, value, wanted: `≤ ${most}`, met: value <= most }
}

/** @param {number} value a rate, per second */
export function rate (value) {
  return `${Math.round(value).toLocaleString('en')}/s`
}

export function machine () {
  const [{ model }] = cpus()
  const gigabytes = Math.round(totalmem() / 2 ** 30)
  const pinning = which('taskset') ? 'client and gateway each pinned to a core' : 'nothing pinned: there is no taskset'
  return `${cpus().length} cores, ${model.trim()}, ${gigabytes} GB, Node ${process.version}; ${pinning}`
}

/**
 * @param {string[]} header
 * @param {string[][]} rows
 * @returns {string} a table in Markdown, its columns as wide as what they hold
 */
export function table (header, rows) {
  const widths = header.map((_, i) => Math.max(...[header, ...rows].map(row => row[i].length), 3))
  const line = (/** @type {string[]} */ row) => `| ${row.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`
  return [line(header), `| ${widths.map(width => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join('\n')
}

/**
 * @param {Outcome} outcome
 * @returns {string} in Markdown
 */
export function show ({ title, figures, targets }) {
  const parts = [`## ${title}`, table(['who', 'measured'], figures.map(({ who, what }) => [who, what]))]
  if (targets.length > 0) {
    parts.push(table(['target', 'wanted', 'found', ''], targets.map(({ what, value, wanted, met }) =>
      [what, wanted, value.toFixed(2), met ? 'met' : 'MISSED'])))
  }
  return parts.join('\n\n')
}
