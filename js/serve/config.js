/**
 * What the sidecar is told: a file in TOML, the environment, and flags, the later before the earlier; read once,
 * checked whole, and every complaint names the file and the key.
 *
 * Not here: what an app's client may be told. That is the client's own to check.
 */
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parse } from 'smol-toml'
import { BellpushError } from '../errors.js'
import { integer, oneOf } from '../options.js'
import { Keys } from './keys.js'
import { legacyRules, readLegacy } from './legacy.js'
import { parseListen } from './listen.js'

/** @typedef {import('../options.js').Rule} Rule */

/**
 * @typedef {object} AppConfig
 * @property {string} name
 * @property {string} from where it is written, for messages
 * @property {Omit<import('../client.js').ClientOptions, 'tokens'>} client
 */

/**
 * @typedef {object} Config
 * @property {string} host
 * @property {number} port
 * @property {string} database where the tokens are
 * @property {string} journal the database of the jobs
 * @property {import('../stores/index.js').DatabaseOptions} tokens
 * @property {AppConfig[]} apps at least one
 * @property {Keys} keys
 * @property {{ bodyBytes: number, syncTokens: number, pushesAtOnce: number, requestsPerMinute: number }} limits
 * @property {{ atOnce: number, waiting: number, tokens: number, keepDays: number }} jobs
 * @property {{ url: string, secret: string } | undefined} webhook
 * @property {import('./legacy.js').LegacyConfig | undefined} legacy
 * @property {string} logLevel
 */

/**
 * @typedef {object} Flags
 * @property {string} [config] the file
 * @property {string} [listen]
 * @property {string} [database]
 * @property {string} [logLevel]
 * @property {{ port?: number, feedbackPort?: number }} [legacy] instead of what the section `[legacy]` says
 * @property {Record<string, unknown>} [app] an app without a file: what stands in its section otherwise
 */

/** The file that is read if none is named and it is there. */
export const USUAL_FILE = 'bellpush.toml'

/** Tokens that a client holds at once: what is lost to doubt if this process is killed, at most, a job and a time. */
const MAX_IN_FLIGHT = 4096

const text = { fits: (/** @type {unknown} */ value) => typeof value === 'string' && value !== '', wants: 'text' }
const table = {
  fits: (/** @type {any} */ value) => typeof value === 'object' && value !== null && !Array.isArray(value) &&
    !(value instanceof Date),
  wants: 'a table'
}
const list = { fits: Array.isArray, wants: 'a list' }
const names = {
  fits: (/** @type {unknown} */ value) => Array.isArray(value) && value.every(text.fits),
  wants: 'a list of names of apps'
}

/** @type {Record<string, Rule>} */
const rules = {
  listen: { ...text, fallback: '127.0.0.1:8195' },
  database: text,
  journal: text,
  logLevel: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], 'info'),
  tokens: { ...table, fallback: {} },
  apps: { ...table, fallback: {} },
  keys: { ...list, fallback: [] },
  limits: { ...table, fallback: {} },
  jobs: { ...table, fallback: {} },
  webhook: table,
  legacy: table
}

const tokenRules = {
  table: text,
  columns: table,
  create: { fits: (/** @type {unknown} */ value) => typeof value === 'boolean', wants: 'true or false' },
  undated: oneOf(['keep', 'remove'])
}

const limitRules = {
  bodyBytes: integer(1024, 268_435_456, 16_777_216),
  syncTokens: integer(1, 10_000, 1000),
  pushesAtOnce: integer(1, 10_000, 200),
  requestsPerMinute: integer(0, 10_000_000, 0)
}

const jobRules = {
  atOnce: integer(1, 100, 4),
  waiting: integer(1, 1_000_000, 1000),
  tokens: integer(1, 10_000_000, 1_000_000),
  keepDays: integer(1, 3650, 7)
}

const keyRules = {
  name: text,
  key: { fits: (/** @type {any} */ key) => /^[\x21-\x7e]{16,256}$/.test(key), wants: '16 to 256 visible characters' },
  apps: names
}

const webhookRules = {
  url: { fits: (/** @type {any} */ url) => URL.canParse(url) && /^https?:/.test(url), wants: 'an http: or https: URL' },
  secret: {
    fits: (/** @type {any} */ secret) => typeof secret === 'string' && secret.length >= 16,
    wants: '16 characters or more'
  }
}

/** Keys of an app that are the client's credentials, and those whose value is the path of a file. */
const CREDENTIALS = ['cert', 'key', 'pfx', 'passphrase', 'keyId', 'teamId']
const PATHS = ['cert', 'key', 'pfx', 'ca']

/** What the sidecar itself tells each client. */
const OURS = ['tokens', 'maxListed', 'auth']

/**
 * @param {Flags} [flags]
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Config}
 * @throws {BellpushError} BELLPUSH_OPTION_INVALID
 */
export function readConfig (flags = {}, env = process.env) {
  const file = readFile(flags.config ?? env.BELLPUSH_CONFIG)
  const from = file.name
  const content = /** @type {Record<string, unknown>} */ (resolved(file.content, env, from, ''))
  const given = checked(from, '', rules, overridden(content, flags, env))
  const { host, port } = parseListen(given.listen)
  const apps = readApps(given.apps, file)
  if (flags.app) apps.push(readApp('default', flags.app, { name: 'the command line', folder: process.cwd() }))
  if (apps.length === 0) {
    throw invalid(`${from} names no app: there must be a section like [apps.doorbell] with its gateway and ` +
      'certificate, or --gateway on the command line')
  }
  if (given.database === undefined) {
    throw invalid(`${from} names no database: database = "sqlite:doorbell.db" (or BELLPUSH_DATABASE, or --database)`)
  }
  const keys = readKeys(given.keys, from, apps)
  if (keys.isEmpty && !isLoopback(host)) {
    throw invalid(`listening on ${host}, which others can reach, needs keys: a section [[keys]] with name and key ` +
      `in ${from}`)
  }
  return {
    host,
    port,
    database: located(given.database, file.folder),
    journal: located(given.journal ?? given.database, file.folder),
    tokens: readTokens(given.tokens, from),
    apps,
    keys,
    limits: /** @type {Config['limits']} */ (checked(from, 'limits', limitRules, given.limits)),
    jobs: /** @type {Config['jobs']} */ (checked(from, 'jobs', jobRules, given.jobs)),
    webhook: given.webhook && readWebhook(given.webhook, from),
    legacy: readLegacySection(given.legacy, flags.legacy, file),
    logLevel: given.logLevel
  }
}

/** @typedef {{ name: string, folder: string, content: Record<string, unknown> }} File */

/**
 * @param {string | undefined} path
 * @returns {File}
 */
function readFile (path) {
  const name = path ?? USUAL_FILE
  const folder = dirname(resolve(name))
  let content
  try {
    content = readFileSync(name, 'utf8')
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error)
    if (path === undefined && code === 'ENOENT') return { name: `(there is no ${USUAL_FILE})`, folder, content: {} }
    throw invalid(`${name} cannot be read: ${code === 'ENOENT' ? 'there is no such file' : code}`)
  }
  try {
    return { name, folder, content: parse(content) }
  } catch (error) {
    // The library's message shows lines of the file, and a line may hold a secret.
    const { message, line, column } = /** @type {import('smol-toml').TomlError} */ (error)
    throw invalid(`${name}, line ${line}, column ${column}: ${String(message).split('\n', 1)[0]}`)
  }
}

/**
 * Puts the value of an environment variable wherever `{ env = "NAME" }` stands: secrets need not be in the file.
 * @param {any} value
 * @param {NodeJS.ProcessEnv} env
 * @param {string} from
 * @param {string} path
 * @returns {unknown}
 */
function resolved (value, env, from, path) {
  if (Array.isArray(value)) return value.map((item, i) => resolved(item, env, from, `${path}[${i}]`))
  if (!table.fits(value)) return value
  const keys = Object.keys(value)
  if (keys.length === 1 && keys[0] === 'env' && typeof value.env === 'string') {
    const found = env[value.env]
    if (found === undefined) {
      throw invalid(`${from}: ${path} is to come from the environment, where there is no ${value.env}`)
    }
    return found
  }
  return Object.fromEntries(keys.map(key => {
    return [key, resolved(value[key], env, from, path === '' ? key : `${path}.${key}`)]
  }))
}

/**
 * @param {Record<string, unknown>} content
 * @param {Flags} flags
 * @param {NodeJS.ProcessEnv} env
 */
function overridden (content, { listen, database, logLevel }, env) {
  const later = {
    listen: listen ?? env.BELLPUSH_LISTEN,
    database: database ?? env.BELLPUSH_DATABASE,
    logLevel: logLevel ?? env.BELLPUSH_LOG_LEVEL
  }
  return { ...content, ...Object.fromEntries(Object.entries(later).filter(([, value]) => value !== undefined)) }
}

/**
 * @param {string} from
 * @param {string} section
 * @param {Record<string, Rule>} rules
 * @param {Record<string, unknown>} given
 * @returns {Record<string, any>}
 */
function checked (from, section, rules, given) {
  const pathOf = (/** @type {string} */ key) => section === '' ? key : `${section}.${key}`
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(rules, key)) {
      throw invalid(`${from}: there is no key ${pathOf(key)}; there are ${Object.keys(rules).join(', ')}`)
    }
  }
  return Object.fromEntries(Object.entries(rules).map(([key, rule]) => {
    const value = given[key]
    if (value !== undefined && !rule.fits(value)) {
      throw invalid(`${from}: ${pathOf(key)} must be ${rule.wants}, found ${shown(value, rule)}`)
    }
    return [key, value === undefined ? rule.fallback : value]
  }))
}

/**
 * @param {unknown} value
 * @param {Rule} rule
 */
function shown (value, { isTelling }) {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return isTelling ? `'${value}'` : 'another text'
  return Array.isArray(value) ? 'a list' : 'a table or date'
}

/**
 * @param {Record<string, any>} given
 * @param {File} file
 */
function readApps (given, file) {
  return Object.entries(given).map(([name, app]) => {
    if (!/^[\w.-]{1,64}$/.test(name)) {
      throw invalid(`${file.name}: the name of an app has 1 to 64 letters, digits, dots, dashes and underscores`)
    }
    if (!table.fits(app)) throw invalid(`${file.name}: apps.${name} must be a table`)
    return readApp(name, app, file)
  })
}

/**
 * @param {string} name
 * @param {Record<string, any>} given
 * @param {Pick<File, 'name' | 'folder'>} file
 * @returns {AppConfig}
 */
function readApp (name, given, file) {
  const from = `${file.name}: apps.${name}`
  /** @type {Record<string, any>} */
  const client = { maxInFlight: MAX_IN_FLIGHT, auth: {} }
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined) continue
    if (OURS.includes(key)) throw invalid(`${from}: there is no key ${key} of an app`)
    const isPath = PATHS.includes(key) && typeof value === 'string' && !value.includes('-----BEGIN')
    const read = isPath ? resolve(file.folder, value) : value
    if (CREDENTIALS.includes(key)) client.auth[key] = read
    else client[key] = read
  }
  return { name, from, client: /** @type {any} */ (client) }
}

/**
 * @param {unknown[]} given
 * @param {string} from
 * @param {AppConfig[]} apps
 */
function readKeys (given, from, apps) {
  const keys = given.map((entry, index) => {
    const section = `keys[${index}]`
    if (!table.fits(entry)) throw invalid(`${from}: ${section} must be a table: [[keys]]`)
    const { name, key, apps: bound } = checked(from, section, keyRules, /** @type {any} */ (entry))
    if (name === undefined || key === undefined) throw invalid(`${from}: ${section} needs a name and a key`)
    for (const app of bound ?? []) {
      if (!apps.some(({ name }) => name === app)) {
        throw invalid(`${from}: ${section}.apps names the app '${app}', and there is none of that name`)
      }
    }
    return { name, key, apps: bound }
  })
  return new Keys(keys)
}

/**
 * A table that was named is one that is there: made by mistake, an empty one would hide a misspelt name.
 * @param {Record<string, any>} given
 * @param {string} from
 */
function readTokens (given, from) {
  const { table, columns, undated, create = table === undefined } = checked(from, 'tokens', tokenRules, given)
  return { table, columns, create, undated }
}

/**
 * @param {Record<string, any> | undefined} given
 * @param {Flags['legacy']} flags
 * @param {File} file
 */
function readLegacySection (given, flags, file) {
  const later = Object.fromEntries(Object.entries(flags ?? {}).filter(([, value]) => value !== undefined))
  if (given === undefined && Object.keys(later).length === 0) return undefined
  return readLegacy(checked(file.name, 'legacy', legacyRules, { ...given, ...later }), file.folder)
}

/**
 * @param {Record<string, any>} given
 * @param {string} from
 */
function readWebhook (given, from) {
  const { url, secret } = checked(from, 'webhook', webhookRules, given)
  if (url === undefined || secret === undefined) throw invalid(`${from}: [webhook] needs a url and a secret`)
  return { url, secret }
}

/**
 * A file of SQLite lies where the configuration lies, wherever the process was started.
 * @param {string} database
 * @param {string} folder
 */
function located (database, folder) {
  const file = /^sqlite:(?!:memory:$|\/)(.+)/.exec(database)?.[1]
  return file === undefined ? database : `sqlite:${resolve(folder, file)}`
}

/** @param {string} host */
function isLoopback (host) {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

/** @param {string} message */
const invalid = message => new BellpushError('BELLPUSH_OPTION_INVALID', message)
