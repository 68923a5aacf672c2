/**
 * Where a database server is, from a URL like `mysql://user:password@host:3306/database`.
 */
import { invalid } from './values.js'

/**
 * What the drivers take to log in with.
 * @typedef {{ host: string, port: number, user: string, password: string, database: string }} Login
 */

/**
 * @param {string} text
 * @param {number} port where the URL names none
 * @returns {{ login: Login, label: string }} `label` is what messages call the database: the URL without its password
 * @throws {import('../errors.js').BellpushError} BELLPUSH_OPTION_INVALID; the URL, with its password, is not repeated
 */
export function parseAddress (text, port) {
  const scheme = text.slice(0, text.indexOf(':'))
  const wanted = invalid(`A database URL is written ${scheme}://user:password@host:port/database; what is not a letter ` +
    'or a digit in the user or the password is written as in any URL, an @ as %40.')
  if (!URL.canParse(text)) throw wanted
  const url = new URL(text)
  try {
    const [user, password, database] = [url.username, url.password, url.pathname.slice(1)].map(decodeURIComponent)
    // In a URL that is cut by a # or ? of the password, the rest of the password would be taken for something else.
    if (!url.hostname || !user || !database || database.includes('/') || url.search || url.hash) throw wanted
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
    const label = `${scheme}://${url.username}@${url.hostname}:${url.port || port}${url.pathname}`
    return { login: { host, port: Number(url.port || port), user, password, database }, label }
  } catch {
    throw wanted
  }
}
