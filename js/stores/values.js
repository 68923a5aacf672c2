/**
 * What the token stores accept as client ids, times and token text, checked before any of it reaches a backend.
 *
 * Not here: device tokens themselves, which the core parses.
 */
import { BellpushError } from '../errors.js'

const MAX_CLIENT_ID = 255
const MAX_TOKEN_TEXT = 1000
const MAX_MILLISECONDS = 8.64e15
/**
 * Numbers in this range are seconds since 1970 (2001 to 5138). Read as milliseconds they would all lie before 1973,
 * when nobody registered anything: a mix-up of the two would make every registration look older than every removal.
 */
const SECONDS = Object.freeze({ from: 1e9, to: 1e11 })

/** A client id as callers may write it. @typedef {string | number | bigint} ClientId */

/**
 * @param {string} message
 * @returns {BellpushError}
 */
export const invalid = message => new BellpushError('BELLPUSH_OPTION_INVALID', message)

/**
 * @param {unknown} value a string of 1 to 255 characters, or a whole number
 * @returns {string}
 * @throws {BellpushError} BELLPUSH_OPTION_INVALID
 */
export function checkClientId (value) {
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value))) return String(value)
  if (typeof value !== 'string') throw invalid(`A client id must be a string or a whole number, not ${kindOf(value)}.`)
  if (value.length < 1 || value.length > MAX_CLIENT_ID) {
    throw invalid(`A client id must have 1 to ${MAX_CLIENT_ID} characters, not ${value.length}.`)
  }
  if (!isStorable(value)) throw invalid('A client id must not hold a NUL character or half a surrogate pair.')
  return value
}

/**
 * @param {unknown} value one client id, an iterable of them, or undefined for everybody
 * @returns {string[] | undefined} each id once
 * @throws {BellpushError} BELLPUSH_OPTION_INVALID; null is refused, so that a missing id never means everybody
 */
export function checkClientIds (value) {
  if (value === undefined) return undefined
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return [checkClientId(value)]
  if (!isIterable(value)) throw invalid(`Client ids must be an id or a list of ids, not ${kindOf(value)}.`)
  return [...new Set([...value].map(checkClientId))]
}

/**
 * @param {unknown} value a Date, or milliseconds since 1970
 * @param {string} name what the time is called in the message
 * @returns {number} whole milliseconds since 1970
 * @throws {BellpushError} BELLPUSH_OPTION_INVALID
 */
export function checkTime (value, name) {
  const time = value instanceof Date ? value.getTime() : value
  if (typeof time !== 'number' || !(time >= 0 && time <= MAX_MILLISECONDS)) {
    throw invalid(`${name} must be a Date or milliseconds since 1970, not ${kindOf(value)}.`)
  }
  return Math.floor(time)
}

/**
 * As `checkTime`, for a time that will be kept. (The time of a removal may come from a peer, who may send anything; one
 * that is too small removes nothing.)
 * @param {unknown} value
 * @param {string} name
 * @returns {number}
 * @throws {BellpushError} BELLPUSH_OPTION_INVALID
 */
export function checkKeptTime (value, name) {
  const time = checkTime(value, name)
  if (!isSeconds(time)) return time
  throw invalid(`${name} is ${time}: that looks like seconds since 1970, and milliseconds are wanted.`)
}

/**
 * @param {unknown} value the text of a token in any spelling, well formed or not: what a store has, it can remove
 * @returns {string}
 * @throws {BellpushError} BELLPUSH_OPTION_INVALID
 */
export function checkTokenText (value) {
  if (typeof value !== 'string') throw invalid(`A device token must be text, not ${kindOf(value)}.`)
  if (value.length > MAX_TOKEN_TEXT || !isStorable(value)) {
    throw invalid(`A device token must have at most ${MAX_TOKEN_TEXT} characters and no NUL character.`)
  }
  return value
}

/**
 * @param {unknown} value what a database column holds
 * @returns {number | null} the registration time in milliseconds, or null where the value cannot be one
 */
export function readTime (value) {
  const time = typeof value === 'bigint' ? Number(value) : value
  return typeof time === 'number' && time >= 0 && time <= MAX_MILLISECONDS && !isSeconds(time) ? time : null
}

/**
 * @param {string} text
 * @returns {boolean} whether it is exactly how a 64-bit integer is written
 */
export function isWholeNumber (text) {
  return /^(0|-?[1-9]\d{0,18})$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text)
}

/**
 * @param {unknown} items
 * @param {string} name what they are called in the message
 * @throws {BellpushError} BELLPUSH_OPTION_INVALID
 */
export function checkIterable (items, name) {
  if (isIterable(items) || (typeof items === 'object' && items !== null && Symbol.asyncIterator in items)) return
  throw invalid(`${name} must be an iterable, not ${kindOf(items)}.`)
}

/**
 * @template T
 * @param {T[]} items
 * @param {number} size
 * @returns {Generator<T[]>}
 */
export function * chunksOf (items, size) {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size)
}

/**
 * @param {AsyncIterable<unknown>} items
 * @returns {Promise<number>}
 */
export async function countOf (items) {
  let total = 0
  const iterator = items[Symbol.asyncIterator]()
  while (!(await iterator.next()).done) total++
  return total
}

/** @param {number} time */
const isSeconds = time => time >= SECONDS.from && time < SECONDS.to

/** SQL drivers cut text at NUL and replace half pairs: two ids could become one. @param {string} text */
const isStorable = text => !/\0|\p{Surrogate}/u.test(text)

/**
 * @param {unknown} value
 * @returns {value is Iterable<unknown>}
 */
const isIterable = value => typeof value === 'object' && value !== null && Symbol.iterator in value

/** @param {unknown} value */
function kindOf (value) {
  if (value === null || typeof value === 'number') return String(value)
  return value instanceof Date ? 'an invalid Date' : Array.isArray(value) ? 'an array' : `of type ${typeof value}`
}
