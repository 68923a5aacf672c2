/**
 * Reading options: each is checked by a table when it is given, so that a misspelt or impossible one is an error that
 * names it, before anything is sent.
 */
import { BellpushError } from './errors.js'

/**
 * @typedef {object} Rule
 * @property {(value: any) => boolean} fits
 * @property {string} wants what fits, in words
 * @property {unknown} [fallback] the value where none is given
 * @property {boolean} [isTelling] what does not fit may be shown: nobody gives a secret by mistake here
 */

/**
 * @param {number} min
 * @param {number} max
 * @param {number} [fallback]
 * @returns {Rule}
 */
export function integer (min, max, fallback) {
  const fits = (/** @type {any} */ value) => Number.isInteger(value) && value >= min && value <= max
  return { fits, wants: `an integer from ${min} to ${max}`, fallback, isTelling: true }
}

/**
 * @param {(string | number)[]} values
 * @param {string | number} [fallback]
 * @returns {Rule}
 */
export function oneOf (values, fallback) {
  const wants = `one of ${values.map(value => typeof value === 'string' ? `'${value}'` : value).join(', ')}`
  return { fits: value => values.includes(value), wants, fallback, isTelling: true }
}

/**
 * @param {string} type as `typeof` says it
 * @param {string} [wants]
 * @returns {Rule}
 */
export function ofType (type, wants = named(type)) {
  return { fits: value => typeof value === type && value !== null, wants }
}

/**
 * @param {number} [fallback]
 * @returns {Rule}
 */
export function unixTime (fallback) {
  return { fits: time => seconds(time) !== undefined, wants: 'Unix seconds or a Date', fallback }
}

/**
 * @param {unknown} time
 * @returns {number | undefined} Unix seconds, or undefined where it is none
 */
export function seconds (time) {
  const value = time instanceof Date ? Math.floor(time.getTime() / 1000) : time
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 0xffff_ffff ? Number(value) : undefined
}

/** @returns {Rule} */
export function abortSignal () {
  return { fits: value => value instanceof AbortSignal, wants: 'an AbortSignal' }
}

/**
 * The options with their fallbacks; an option that no rule names, or that does not fit, is an error.
 * @template {Record<string, Rule>} T
 * @param {string} whose for messages: `client option`
 * @param {T} rules
 * @param {unknown} given
 * @returns {Record<keyof T, any>}
 */
export function readOptions (whose, rules, given) {
  if (typeof given !== 'object' || given === null) {
    throw new BellpushError('BELLPUSH_OPTION_INVALID',
      `${whose}s must be an object, found ${given === null ? 'null' : typeof given}`)
  }
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(rules, name)) {
      throw new BellpushError('BELLPUSH_OPTION_INVALID',
        `there is no ${whose} '${name}'; there are ${Object.keys(rules).join(', ')}`)
    }
  }
  /** @type {Record<string, unknown>} */
  const options = {}
  for (const [name, rule] of Object.entries(rules)) {
    const value = /** @type {Record<string, unknown>} */ (given)[name]
    if (value !== undefined && !rule.fits(value)) {
      throw new BellpushError('BELLPUSH_OPTION_INVALID',
        `the ${whose} '${name}' must be ${rule.wants}, found ${shown(value, rule)}`)
    }
    options[name] = value === undefined ? rule.fallback : value
  }
  return /** @type {Record<keyof T, any>} */ (options)
}

/**
 * @param {unknown} value
 * @param {Rule} rule
 */
function shown (value, { isTelling }) {
  if (isTelling && typeof value === 'string') return `'${value}'`
  return typeof value === 'number' || value === null ? String(value) : named(typeof value)
}

/** @param {string} type as `typeof` says it */
const named = type => type === 'object' ? 'an object' : `a ${type}`
