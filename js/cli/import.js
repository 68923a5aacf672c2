/**
 * `bellpush tokens import`: a file of clients and tokens, however large, into the database; lines that are wrong are
 * named, and the others go in.
 */
import { normalizeToken } from '../core.js'
import { BellpushError } from '../errors.js'
import { checkClientId } from '../stores/values.js'
import { exit, usage } from './exit.js'
import { count, counted, print, printable, printJson, tell } from './output.js'
import { startProgress } from './progress.js'
import { withStore } from './store-options.js'
import { LineSource, pairOf } from './token-lines.js'

/** Lines that are written at a time: as many as the store writes in one transaction. */
const PAGE = 1000

/** Malformed lines that a report for programs lists. All are told on stderr. */
const MAX_LISTED = 10_000

/** @typedef {{ line: number, clientId: string, token: string }} Registration */

/**
 * @param {string} path
 * @param {import('./store-options.js').StoreOptions & { json?: boolean }} options
 */
export async function importTokens (path, options) {
  const source = await LineSource.open(path)
  const bar = startProgress({ total: source.size, unit: source.size === undefined ? 'lines' : 'bytes' })
  /** @type {{ line: number, problem: string }[]} */
  const malformed = []
  let badLines = 0
  const complain = (/** @type {number} */ line, /** @type {string} */ problem) => {
    badLines++
    if (malformed.length < MAX_LISTED) malformed.push({ line, problem })
    bar.aside(() => tell(`${printable(source.name)}, line ${line}: ${printable(problem)}`))
  }
  let imported = 0
  let header = false
  try {
    await withStore(options, { create: true }, async store => {
      for await (const page of pagesOf(source, complain, () => { header = true })) {
        imported += await write(store, page, complain)
        bar.update(source.size === undefined ? imported : source.bytesRead, `${count(imported)} tokens`)
      }
    })
  } catch (error) {
    bar.stop()
    if (imported > 0) tell(`${counted(imported, 'line')} had been imported; importing again does no harm`)
    throw error
  } finally {
    bar.stop()
    source.close()
  }
  if (options.json) await printJson({ imported, malformed: badLines, header, lines: malformed })
  else await print(`${counted(imported, 'line')} imported, ${count(badLines)} malformed${header ? ', 1 header' : ''}`)
  process.exitCode = badLines > 0 ? exit.incomplete : exit.done
}

/**
 * @param {LineSource} source
 * @param {(line: number, problem: string) => void} complain
 * @param {() => void} headed called where the first line names the columns
 * @returns {AsyncGenerator<Registration[], void, undefined>}
 */
async function * pagesOf (source, complain, headed) {
  /** @type {Registration[]} */
  let page = []
  let isFirst = true
  for await (const { number, text, problem } of source.lines()) {
    const pair = problem === undefined ? pairOf(text) : { problem }
    const read = 'problem' in pair ? pair : checked(pair)
    if ('clientId' in read) page.push({ line: number, ...read })
    else if (isFirst && isHeader(pair)) headed()
    else complain(number, read.problem)
    isFirst = false
    if (page.length === PAGE) {
      yield page
      page = []
    }
  }
  if (page.length > 0) yield page
}

/**
 * @param {{ client: string, token: string }} pair
 * @returns {{ clientId: string, token: string } | { problem: string }}
 */
function checked ({ client, token }) {
  try {
    return { clientId: checkClientId(client), token: normalizeToken(token) }
  } catch (error) {
    return { problem: messageOf(error) }
  }
}

/**
 * Whether a line names the columns. Columns the other way round would make clients of tokens, so they are refused.
 * @param {ReturnType<typeof pairOf>} pair
 */
function isHeader (pair) {
  if ('problem' in pair) return false
  if (/token/i.test(pair.client) && !/token/i.test(pair.token)) {
    throw usage(`the first line names the columns ${printable(pair.client)} and ${printable(pair.token)}, in this ` +
      'order: the client must come first')
  }
  return /token/i.test(pair.token)
}

/**
 * Writes a page; where the database refuses it as a whole, line by line, to name those that it refuses. If that is
 * all of them, the lines are not at fault.
 * @param {import('../stores/token-store.js').TokenStore} store
 * @param {Registration[]} page
 * @param {(line: number, problem: string) => void} complain
 * @returns {Promise<number>} lines written
 */
async function write (store, page, complain) {
  try {
    return await store.putMany(page.map(({ clientId, token }) => ({ clientId, token, keepTime: true })))
  } catch (error) {
    if (!isMisfit(error)) throw error
    const { written, refused } = await writeSingly(store, page)
    if (written === 0 && page.length > 1) throw error
    for (const { line, problem } of refused) complain(line, problem)
    return written
  }
}

/**
 * @param {import('../stores/token-store.js').TokenStore} store
 * @param {Registration[]} page
 */
async function writeSingly (store, page) {
  const refused = []
  for (const { line, clientId, token } of page) {
    try {
      await store.put(clientId, token, { keepTime: true })
    } catch (error) {
      if (!isMisfit(error)) throw error
      refused.push({ line, problem: messageOf(error) })
    }
  }
  return { written: page.length - refused.length, refused }
}

/** Whether a column or a rule of the table may forbid only some lines. @param {unknown} error */
const isMisfit = error => error instanceof BellpushError &&
  ['BELLPUSH_STORE_SCHEMA', 'BELLPUSH_STORE_FAILED'].includes(error.code)

/** @param {unknown} error @returns {string} */
function messageOf (error) {
  if (error instanceof BellpushError) return error.message
  throw error
}
