/**
 * Where a database server is and how the way to it is secured, from a URL like
 * `mysql://user:password@host:3306/database?ssl-mode=VERIFY_IDENTITY`.
 */
import { readFile } from 'node:fs/promises'
import net from 'node:net'
import { invalid } from './values.js'

/**
 * What the drivers take to log in with.
 * @typedef {object} Login
 * @property {string} [host] name or address
 * @property {number} port
 * @property {string} [socket] absolute path of a Unix socket, or of the folder that it is in, in the place of a host
 * @property {string} user
 * @property {string} password
 * @property {string} database
 * @property {Tls} [tls] nothing is encrypted without it
 */

/**
 * @typedef {object} Tls texts in PEM
 * @property {'nothing' | 'authority' | 'name'} verify of the server's certificate, each what comes before it too
 * @property {string} [ca] authorities that are trusted, in the place of those that Node comes with
 * @property {string} [cert] our own certificate
 * @property {string} [key]
 */

/**
 * How URLs for one kind of server say that the way to it is secured: the words of its own clients.
 * @typedef {object} Securing
 * @property {string} mode
 * @property {string} ca
 * @property {string} cert
 * @property {string} key
 * @property {Record<string, Tls['verify'] | null>} modes null: without TLS
 */

/**
 * @param {string} text
 * @param {{ port: number, securing: Securing }} kind `port`: where the URL names none
 * @returns {Promise<{ login: Login, label: string }>} `label` is what messages call the database: the URL without its
 *   password and what is behind the database's name
 * @throws {import('../errors.js').BellpushError} BELLPUSH_OPTION_INVALID; the URL, with its password, is not repeated
 */
export async function parseAddress (text, { port, securing }) {
  const scheme = text.slice(0, text.indexOf(':'))
  const wanted = invalid(`A database URL is written ${scheme}://user:password@host:port/database; what is not a letter ` +
    'or a digit in the user or the password is written as in any URL, an @ as %40.')
  if (!URL.canParse(text)) throw wanted
  const url = new URL(text)
  const parts = [url.username, url.password, url.hostname, url.pathname.slice(1)]
  const [user, password, host, database] = parts.map(part => {
    try {
      return decodeURIComponent(part)
    } catch {
      throw wanted
    }
  })
  // In a URL that is cut by a # or ? of the password, the rest of the password would be taken for something else.
  if (!host || !user || !database || database.includes('/') || url.hash) throw wanted
  const label = `${scheme}://${url.username}@${url.hostname}${host.startsWith('/') ? '' : `:${url.port || port}`}` +
    url.pathname
  const common = { port: Number(url.port || port), user, password, database }
  const tls = await readTls(url.searchParams, securing)
  if (!host.startsWith('/')) return { login: { ...common, host: host.replace(/^\[(.*)\]$/, '$1'), tls }, label }
  if (tls) throw invalid(`A Unix socket is not secured with TLS: leave ${securing.mode} out of the database URL.`)
  return { login: { ...common, socket: host }, label }
}

/**
 * @param {URLSearchParams} given
 * @param {Securing} securing
 * @returns {Promise<Tls | undefined>}
 */
async function readTls (given, { mode, ca, cert, key, modes }) {
  const known = [mode, ca, cert, key]
  for (const name of given.keys()) {
    if (!known.includes(name)) {
      throw invalid(`A database URL knows no ${JSON.stringify(name)} behind its ?, only ${known.join(', ')}.`)
    }
  }
  if (given.size === 0) return undefined
  const files = [ca, cert, key].filter(name => given.has(name))
  const word = given.get(mode)?.toLowerCase()
  // Who names files and no mode means the one that these files are good for.
  const verify = word === undefined ? 'name' : modes[word]
  if (verify === undefined) {
    throw invalid(`${mode} of a database URL must be ${Object.keys(modes).join(', ')}, found ${JSON.stringify(word)}.`)
  }
  if (verify === null) {
    if (files.length === 0) return undefined
    throw invalid(`A database URL has ${files.join(' and ')}, and ${mode}=${word}, which makes no use of it.`)
  }
  if (given.has(cert) !== given.has(key)) throw invalid(`${cert} and ${key} of a database URL need each other.`)
  const texts = await Promise.all([ca, cert, key].map(name => readText(name, given.get(name))))
  return {
    // As their own clients have it: an authority is there to be asked.
    verify: verify === 'nothing' && given.has(ca) ? 'authority' : verify,
    ...Object.fromEntries(['ca', 'cert', 'key'].map((name, index) => [name, texts[index]]))
  }
}

/**
 * @param {string} name
 * @param {string | null} file
 */
async function readText (name, file) {
  if (file === null) return undefined
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error)
    throw invalid(`${name} of the database URL, ${JSON.stringify(file)}, cannot be read: ${code}.`)
  }
}

/**
 * For servers whose driver checks a certificate against a name only.
 * @param {Login} login
 * @param {Securing} securing
 * @throws {import('../errors.js').BellpushError} BELLPUSH_OPTION_INVALID
 */
export function checkNamed ({ host = '', tls }, { mode }) {
  if (tls?.verify === 'name' && net.isIP(host)) {
    throw invalid(`${mode} of a database URL verifies a name, and ${host} is an address: name the server by the name ` +
      'in its certificate.')
  }
}
