/**
 * Reading files of tokens, line by line: memory is bounded whatever the file, and a line that is wrong is named by its
 * number while the others go on.
 *
 * Not here: whether a field is a device token. The core knows that.
 */
import { open } from 'node:fs/promises'
import { usage } from './exit.js'
import { printable } from './output.js'

/** Characters of the longest line that is taken for one: a token has 200 digits, a client id 255 characters. */
const LONGEST_LINE = 4096

/**
 * @typedef {object} Line
 * @property {number} number from 1
 * @property {string} text without its end; '' where there is a `problem`
 * @property {string} [problem] why it cannot be read
 */

/** A file of lines, or stdin. */
export class LineSource {
  #stream
  /** Bytes read so far. */
  bytesRead = 0

  /**
   * @param {import('node:stream').Readable} stream
   * @param {string} name for messages
   * @param {number | undefined} size bytes, where it is known
   */
  constructor (stream, name, size) {
    this.#stream = stream
    this.name = name
    this.size = size
  }

  /**
   * @param {string} path `-` is stdin
   * @returns {Promise<LineSource>}
   * @throws {import('../errors.js').BellpushError} BELLPUSH_OPTION_INVALID where it cannot be opened
   */
  static async open (path) {
    if (path === '-') return new LineSource(process.stdin, 'stdin', undefined)
    try {
      const file = await open(path)
      const stats = await file.stat()
      return new LineSource(file.createReadStream(), path, stats.isFile() ? stats.size : undefined)
    } catch (error) {
      throw unreadable(path, error)
    }
  }

  /**
   * Lines that say something: empty ones and comments (from # on) are left out.
   * @returns {AsyncGenerator<Line, void, undefined>}
   */
  async * lines () {
    let number = 0
    for await (const text of this.#rawLines()) {
      number++
      if (text === undefined) {
        yield { number, text: '', problem: `it has more than ${LONGEST_LINE} characters: is this a text file?` }
      } else if (text.trim() !== '' && !text.trimStart().startsWith('#')) {
        yield { number, text }
      }
    }
  }

  /** @returns {AsyncGenerator<string | undefined, void, undefined>} undefined: a line that is too long */
  async * #rawLines () {
    const decoder = new TextDecoder() // drops a byte order mark
    let rest = ''
    let tooLong = false
    for await (const bytes of this.#chunks()) {
      this.bytesRead += bytes.length
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
      rest = /** @type {string} */ (lines.pop())
      for (const line of lines) {
        yield tooLong || line.length > LONGEST_LINE ? undefined : line.replace(/\r$/, '')
        tooLong = false
      }
      if (rest.length > LONGEST_LINE) {
        tooLong = true
        rest = ''
      }
    }
    if (tooLong) yield undefined
    else if (rest !== '') yield rest
  }

  async * #chunks () {
    try {
      yield * this.#stream
    } catch (error) {
      throw unreadable(this.name, error)
    }
  }

  /** Lets go of the file; of stdin too, so that it does not keep the process. */
  close () {
    this.#stream.destroy()
  }
}

/**
 * @param {string} path
 * @param {unknown} error
 */
export function unreadable (path, error) {
  const { code, message } = /** @type {NodeJS.ErrnoException} */ (error)
  const reasons = /** @type {Record<string, string>} */ ({
    ENOENT: 'there is no such file',
    EACCES: 'this user may not read it',
    EISDIR: 'it is a directory'
  })
  return usage(`${printable(path)} cannot be read: ${reasons[code ?? ''] ?? message}`)
}

/** What divides fields, in the order in which it is looked for. */
const SEPARATORS = ['\t', ',', ';']

/**
 * The fields of a line: divided by tabs, else by commas, else by semicolons; a field may be in double quotes.
 * @param {string} text
 * @returns {string[]}
 */
export function fieldsOf (text) {
  const bare = text.replace(/"(?:[^"]|"")*"/g, quoted => '"'.repeat(quoted.length))
  const separator = SEPARATORS.find(separator => bare.includes(separator))
  if (separator === undefined) return [unquoted(text)]
  const fields = []
  let start = 0
  for (let at = bare.indexOf(separator); at >= 0; at = bare.indexOf(separator, start)) {
    fields.push(unquoted(text.slice(start, at)))
    start = at + 1
  }
  return [...fields, unquoted(text.slice(start))]
}

/** @param {string} field */
function unquoted (field) {
  const trimmed = field.trim()
  return /^".*"$/s.test(trimmed) ? trimmed.slice(1, -1).replaceAll('""', '"') : trimmed
}

/**
 * A client and a token, as `tokens import` takes them.
 * @param {string} text
 * @returns {{ client: string, token: string } | { problem: string }}
 */
export function pairOf (text) {
  const fields = fieldsOf(text)
  if (fields.length > 2) return { problem: `there are ${fields.length} fields, and two are wanted: client,token` }
  // Without a separator the client ends at the first space: a token may have spaces of its own.
  const [, client, token] = fields.length === 2 ? ['', ...fields] : /^(\S+)\s+(.+)$/.exec(fields[0]) ?? []
  if (client === undefined || token === undefined) {
    return { problem: 'there is one field, and two are wanted: client,token' }
  }
  if (client === '') return { problem: 'the client is empty' }
  return { client, token }
}

/**
 * A token, as `push --tokens` takes it: alone, or behind its client as `tokens list` prints it; a comment may follow.
 * @param {string} text
 */
export function tokenOf (text) {
  return fieldsOf(text.replace(/\s#[^\t]*$/, '')).at(-1) ?? ''
}
