/**
 * The options that say what a notification is: its payload, how long it is worth anything, how urgent it is.
 *
 * Not here: whether the payload is good, which the core checks before anything is sent.
 */
import { readFile } from 'node:fs/promises'
import { InvalidArgumentError, Option } from 'commander'
import { checkPayload, payloadBytes } from '../core.js'
import { usage } from './exit.js'
import { unreadable } from './token-lines.js'

/**
 * @typedef {object} PayloadOptions
 * @property {string} [alert]
 * @property {string} [title]
 * @property {string} [sound]
 * @property {number} [badge]
 * @property {string} [payload]
 * @property {string} [expiration]
 * @property {'1' | '5' | '10'} [priority]
 */

const SECONDS = /** @type {Record<string, number>} */ ({ s: 1, m: 60, h: 3600, d: 86_400 })

/** @param {import('commander').Command} command */
export function addPayloadOptions (command) {
  return command
    .option('--alert <text>', 'text to show')
    .option('--title <text>', 'title over the text')
    .option('--sound <name>', 'sound to play; default is the usual one')
    .option('--badge <number>', 'number on the icon; 0 takes it away', readBadge)
    .option('--payload <json>', 'the whole payload, a JSON object or @FILE, of at most 4,096 bytes (voip: 5,120; ' +
      'binary protocol: 2,048); alert, title, sound and badge are put into its aps')
    .option('--expiration <time>', 'when it is worth nothing any more: a time from now as 30s, 5m, 2h or 1d, or Unix ' +
      'seconds; 0: the gateway tries once and stores nothing (default: the gateway decides)')
    .addOption(new Option('--priority <number>', '10: at once, 5: when it suits the battery, 1: HTTP/2, when the ' +
      'phone is awake anyway (default: 10, or 5 where the payload only says content-available)')
      .choices(['1', '5', '10']))
}

/**
 * @param {PayloadOptions} options
 * @returns {Promise<{ payload: string | object, priority: 1 | 5 | 10 | undefined }>}
 */
export async function readPayload ({ alert, title, sound, badge, payload, priority }) {
  const text = payload?.startsWith('@') ? await readText(payload.slice(1)) : payload
  const shorthand = given({ alert: title === undefined ? alert : given({ title, body: alert }), badge, sound })
  const isShort = Object.keys(shorthand).length > 0
  if (text === undefined && !isShort) throw usage('what is to be said? Give --alert TEXT or --payload JSON')
  if (text !== undefined) checkPayload(payloadBytes(text), 65_535)
  const parsed = text === undefined ? {} : JSON.parse(text)
  const asked = /** @type {1 | 5 | 10 | undefined} */ (priority && Number(priority))
  // Untouched where nothing is put into it: parsing would round its large numbers.
  if (!isShort) return { payload: /** @type {string} */ (text), priority: asked }
  checkNumbers(text ?? '')
  const { aps = {} } = parsed
  if (typeof aps !== 'object' || aps === null || Array.isArray(aps)) throw usage('aps in the payload must be an object')
  return { payload: { ...parsed, aps: { ...aps, ...shorthand } }, priority: asked }
}

/** Without what is undefined. @param {Record<string, unknown>} options */
function given (options) {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

/** @param {string} json */
function checkNumbers (json) {
  const numbers = json.replace(/"(?:[^"\\]|\\.)*"/g, '""').match(/(?<![\d.])-?\d{16,}(?![\d.eE])/g) ?? []
  const rounded = numbers.find(number => String(Number(number)) !== number)
  if (rounded === undefined) return
  throw usage(`the number ${rounded} in the payload would be rounded when something is put into it: write alert, ` +
    'title, sound and badge into the payload yourself')
}

/** @param {string} path */
async function readText (path) {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw unreadable(path, error)
  }
}

/**
 * @param {string | undefined} text
 * @returns {number | undefined} Unix seconds
 */
export function readExpiration (text) {
  if (text === undefined) return undefined
  const now = Math.floor(Date.now() / 1000)
  const [, digits, unit] = /^(\d{1,10}) ?([smhd]?)$/.exec(text) ?? []
  const expiration = unit ? now + Number(digits) * SECONDS[unit] : Number(digits)
  if (digits === undefined || expiration > 0xffff_ffff) {
    throw usage(`--expiration ${text} is no time: write 30s, 5m, 2h or 1d from now, or Unix seconds up to 4294967295`)
  }
  if (!unit && expiration !== 0 && expiration <= now) {
    throw usage(`--expiration ${text} is past (Unix seconds, now ${now}): for a time from now write ${text}s`)
  }
  return expiration
}

/** @param {string} text */
function readBadge (text) {
  const badge = Number(text)
  if (/^\d+$/.test(text) && badge <= 0x7fff_ffff) return badge
  throw new InvalidArgumentError('A whole number from 0 on is needed.')
}
