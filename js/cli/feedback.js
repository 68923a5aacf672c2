/**
 * `bellpush feedback`: the tokens that the feedback service holds for dead, removed from the database, or printed.
 *
 * Not here: reading the service and keeping what it said until it is removed, which is js/feedback.js.
 */
import { dirname } from 'node:path'
import { Command, Option } from 'commander'
import { readFeedback } from '../feedback.js'
import { feedbackTuples } from '../feedback-service.js'
import { errorJson, exit, tellError, usage } from './exit.js'
import { addGatewayOptions, readGatewayOptions } from './gateway-options.js'
import { interruptible } from './interrupt.js'
import { count, counted, print, printJson, tell } from './output.js'
import { startProgress } from './progress.js'
import { addStoreOptions, fileOf, labelOf, namesTable, withStore } from './store-options.js'

/**
 * @typedef {import('./gateway-options.js').GatewayOptions & import('./store-options.js').StoreOptions &
 *   { journal?: string, undated?: 'keep' | 'remove', json?: boolean }} FeedbackOptions
 */

/** @returns {Command} */
export function feedbackCommand () {
  const command = new Command('feedback')
    .summary('remove the tokens that the feedback service calls dead')
    .description('Reads which tokens the feedback service holds for dead, and since when, and removes them from the ' +
      'database unless they were registered again after that. Without a database it prints them.')
  addGatewayOptions(command.optionsGroup('Feedback service:'), { what: 'feedback service', port: 2196 })
  addStoreOptions(command.optionsGroup('Database:'), 'token database: sqlite:FILE, mysql://… or postgres://…')
  return command
    .addOption(new Option('--undated <what>', 'what becomes of a dead token where the table does not know when it ' +
      'was registered (default: keep; where it knows that of no token, you must say remove)')
      .choices(['keep', 'remove']))
    .option('--journal <folder>', 'where what was read is kept until it is removed (default: beside ' +
      'the database\'s file)')
    .optionsGroup('Options:')
    .option('--json', 'print the counts as one JSON object; without a database, one JSON object a token')
    .addHelpText('after', help)
    .action(feedback)
}

const help = `
The service forgets its list as it is read. So what comes is written to a
journal first: if the database fails, the next run goes on from there. Without a
database nothing is kept but what is printed: print it into a file.

Exit codes: 0 done, 1 the list broke off (what came has been removed), 2 usage,
3 could not connect or authenticate, or the database could not be used.

Examples:
  $ bellpush feedback --gateway apns://127.0.0.1:2196 --ca ca.pem \\
      --cert cert.pem --key key.pem --db sqlite:doorbell.db
  $ bellpush feedback --gateway apns://127.0.0.1:2196 --ca ca.pem \\
      --cert cert.pem --key key.pem >> dead-tokens.txt`

/** @param {FeedbackOptions} options */
async function feedback (options) {
  const { db, journal, undated } = options
  if (db === undefined && (journal !== undefined || undated !== undefined || namesTable(options))) {
    throw usage('--table, --…-column, --undated and --journal are about a database: name it with --db sqlite:FILE')
  }
  if (db === undefined) await printTuples(options)
  else await withStore(options, { undated }, store => removeDead(options, store))
}

/** @param {FeedbackOptions} options */
async function printTuples (options) {
  const service = await readGatewayOptions(options)
  let tokens = 0
  let isHeard = true
  await stoppable('what has been printed is all that is known of it', async signal => {
    for await (const { time, token } of feedbackTuples({ ...service, signal })) {
      tokens++
      const at = new Date(time * 1000).toISOString().replace('.000', '')
      // The tuple is nowhere else any more: the next one is read when this one is written.
      isHeard = options.json ? await printJson({ token, time, at }) : await print(`${at}\t${token}`)
      if (!isHeard) break
    }
  })
  if (tokens === 0) tell('no dead tokens')
  if (isHeard) return
  tell('nobody reads the output any more: the rest of the list is lost')
  process.exitCode = exit.incomplete
}

/**
 * @param {FeedbackOptions} options
 * @param {import('../stores/token-store.js').TokenStore} store
 */
async function removeDead (options, store) {
  const { json } = options
  const file = fileOf(options)
  const journal = options.journal ?? (file && dirname(file))
  if (journal === undefined) throw usage('a database that is a server has no folder for the journal: --journal FOLDER')
  if (!await store.removesByTime()) {
    throw usage(`${labelOf(options)} does not know when any of its tokens was registered, and would keep every ` +
      'one that the feedback service calls dead; nothing was fetched. With --undated remove dead ones go all the ' +
      'same; or give the table a column of registration times, fill it, and name it with --time-column')
  }
  const service = await readGatewayOptions(options)
  const bar = startProgress({ total: undefined, unit: 'dead tokens' })
  const { problem, ...counts } = await stoppable('what has been read is in the journal, and the next run removes it',
    signal => readFeedback({
      ...service,
      tokens: store,
      journal,
      signal,
      onProgress: ({ received, resumed, removed }) => bar.update(received + resumed, `${count(removed)} removed`)
    })).finally(() => bar.stop())
  if (json) await printJson({ ...counts, problem: problem ? errorJson(problem) : null })
  else await print(countLines(counts, labelOf(options)))
  if (problem === undefined) return
  tellError(problem)
  process.exitCode = exit.incomplete
}

/**
 * @param {import('../feedback.js').FeedbackCounts} counts
 * @param {string | undefined} db
 * @returns {string[]}
 */
function countLines ({ received, resumed, removed, kept }, db) {
  return [
    `${counted(received, 'dead token')} from the feedback service` +
      `${resumed > 0 ? `, ${count(resumed)} from the journal of an earlier run` : ''}:`,
    `  ${count(removed)} removed from ${db}`,
    `  ${count(kept)} not removed: not there, registered again since, or without a time of registration`
  ]
}

/**
 * @template T
 * @param {string} rest what a person may want to know when it is stopped
 * @param {(signal: AbortSignal) => Promise<T>} run
 * @returns {Promise<T>}
 */
function stoppable (rest, run) {
  return interruptible({ stop: () => tell(`Stopping: ${rest}.`), end: () => process.exit(exit.incomplete) }, run)
}
