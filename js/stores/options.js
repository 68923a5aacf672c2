/**
 * The options that every store in a database has, checked.
 */
import { checkLockTimeout, checkStatementTimeout } from './database.js'
import { checkNames } from './layout.js'
import { invalid } from './values.js'

const OPTIONS = ['table', 'columns', 'create', 'undated', 'lockTimeout', 'statementTimeout']

/**
 * @param {import('./index.js').DatabaseOptions} options
 * @param {import('./words.js').Words} words
 * @throws {import('../errors.js').BellpushError} BELLPUSH_OPTION_INVALID
 */
export function checkOptions (options, words) {
  const unknown = Object.keys(options).find(key => !OPTIONS.includes(key))
  if (unknown) throw invalid(`A token store in a database has no option ${JSON.stringify(unknown.slice(0, 40))}.`)
  const { undated = 'keep', lockTimeout } = options
  if (undated !== 'keep' && undated !== 'remove') throw invalid("undated must be 'keep' or 'remove'.")
  return {
    names: checkNames(options, words),
    undated,
    lockTimeout: checkLockTimeout(lockTimeout),
    statementTimeout: checkStatementTimeout(options.statementTimeout)
  }
}
