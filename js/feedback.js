/**
 * The feedback service's client: it fetches the list of dead tokens and removes them from the token store, but for
 * those that were registered again since.
 *
 * The service forgets its list as it is read. So what comes is first written to a journal (feedback-journal.js), then
 * removed from the store, then taken from the journal: whatever fails on the way, the next run goes on from there.
 */
import { throwIfAborted } from './abort.js'
import { BellpushError } from './errors.js'
import { FeedbackJournal, leftJournals, readPages, removeJournal } from './feedback-journal.js'
import { chunks, readService, serviceRules } from './feedback-service.js'
import { ofType, readOptions } from './options.js'

/** @typedef {import('./core.js').FeedbackTuple} FeedbackTuple */
/** @typedef {import('./feedback-service.js').Service} Service */
/** @typedef {import('./feedback-service.js').ServiceOptions} ServiceOptions */
/** @typedef {import('./stores/token-store.js').TokenStore} TokenStore */
/** @typedef {Pick<TokenStore, 'removeMany'> & Partial<Pick<TokenStore, 'removesByTime'>>} Store */

/**
 * @typedef {object} StoreOptions
 * @property {Store} tokens where dead tokens are removed. One that knows of no token when it was registered must have
 *   been opened with `undated: 'remove'`: it would keep them all
 * @property {string} [journal] the folder of the journal ('.'): the same one each time for the same token store
 * @property {(progress: FeedbackCounts) => void} [onProgress] called after each step
 */

/**
 * @typedef {object} FeedbackCounts
 * @property {number} received tuples that came from the service
 * @property {number} resumed tuples that earlier runs had left in the journal
 * @property {number} removed tokens that were in the store and are gone
 * @property {number} kept tokens that were not removed: not in the store, registered again since, or registered at a
 *   time that the store does not know. They are not kept for another run: the service lists a token again once another
 *   notification to it fails
 */

/**
 * @typedef {FeedbackCounts & { problem: BellpushError | undefined }} FeedbackReport `problem`: why the list may not
 *   have come whole. What did come has been removed. What was lost on the way is lost, but the service lists a token
 *   again once another notification to it fails.
 */

const storeRules = {
  tokens: {
    fits: (/** @type {any} */ store) => typeof store?.removeMany === 'function',
    wants: 'a token store (openTokenStore makes one)'
  },
  journal: { ...ofType('string', 'the path of a folder'), fallback: '.' },
  onProgress: ofType('function')
}

/**
 * Fetches the list of dead tokens and removes them from the store. If it throws or is stopped, nothing that was
 * received is lost: the next run with the same journal goes on from there.
 * @param {ServiceOptions & StoreOptions} options
 * @returns {Promise<FeedbackReport>}
 * @throws {BellpushError} BELLPUSH_OPTION_INVALID, before anything is fetched, also where the store would keep every
 *   token; every code of credentials and connections; BELLPUSH_STORE_… where the store failed, with the
 *   journal's path in the message; BELLPUSH_JOURNAL_FAILED; an AbortError on abort
 */
export async function readFeedback (options) {
  const { tokens, journal: folder, onProgress, ...service } = readOptions('feedback option',
    { ...serviceRules, ...storeRules }, options)
  if (tokens === undefined) {
    throw new BellpushError('BELLPUSH_OPTION_INVALID', "the feedback option 'tokens' is missing: a token store")
  }
  const connection = readService(service)
  const name = journalName(connection)
  const removal = new FeedbackRemoval(tokens, onProgress, connection.signal)

  throwIfAborted(connection.signal)
  if (await tokens.removesByTime?.() === false) throw wouldKeepAll()
  const journal = await FeedbackJournal.create(folder, name)
  try {
    for (const { path, inUse } of await leftJournals(folder, name)) {
      if (path !== journal.path) await removal.resume(path, inUse)
    }
    await receive(connection, journal, removal)
    await journal.seal()
    await removal.finish(journal.path)
  } finally {
    await journal.seal()
  }
  return removal.report
}

/** The list would be gone, and every dead token still there. */
const wouldKeepAll = () => new BellpushError('BELLPUSH_OPTION_INVALID',
  'the token store does not know when any of its tokens was registered, and would keep every one that the feedback ' +
  "service calls dead; nothing was fetched. Open it with undated: 'remove', or give its table a column of " +
  'registration times and fill it')

/**
 * Journals of one folder are told apart by service and topic.
 * @param {Service} service
 */
function journalName ({ host, port, credentials }) {
  const parts = ['feedback', host, port, credentials?.certificate?.uid ?? []].flat()
  return parts.join('-').replace(/[^A-Za-z0-9.-]/g, '_').slice(0, 150)
}

/**
 * Reads the list to its end into the journal. What cannot be read any more is a problem only if something came before:
 * otherwise nothing is lost, and the caller had better know.
 * @param {Service} service
 * @param {FeedbackJournal} journal
 * @param {FeedbackRemoval} removal
 */
async function receive (service, journal, removal) {
  try {
    for await (const tuples of chunks(service)) {
      if (tuples.length === 0) continue
      try {
        await journal.append(tuples)
      } catch (error) {
        await removal.removeUnkept(tuples, error)
        throw error
      }
      removal.received(tuples.length)
    }
  } catch (error) {
    if (!(error instanceof BellpushError) || removal.report.received === 0) throw error
    removal.report.problem = error
  }
}

/** Takes tuples from journals to the store, and counts. */
class FeedbackRemoval {
  #store
  #progress
  #signal

  /** @type {FeedbackReport} */
  report = { received: 0, resumed: 0, removed: 0, kept: 0, problem: undefined }

  /**
   * @param {StoreOptions['tokens']} store
   * @param {StoreOptions['onProgress']} onProgress
   * @param {AbortSignal} [signal]
   */
  constructor (store, onProgress, signal) {
    this.#store = store
    this.#progress = onProgress
    this.#signal = signal
  }

  /** @param {number} tuples */
  received (tuples) {
    this.report.received += tuples
    this.#tell()
  }

  /**
   * Does what an earlier run could not.
   * @param {string} path its journal
   * @param {boolean} inUse
   */
  async resume (path, inUse) {
    const unreadable = await this.#empty(path, tuples => { this.report.resumed += tuples })
    // Of a file in use the last line may just be on its way.
    if (inUse) return
    if (unreadable > 0) this.report.problem ??= damaged(path, unreadable)
    await removeJournal(path)
  }

  /** @param {string} path the journal of this run */
  async finish (path) {
    await this.#empty(path)
    await removeJournal(path)
  }

  /**
   * With nowhere to keep them, tuples are removed at once.
   * @param {FeedbackTuple[]} tuples
   * @param {unknown} cause why they could not be kept
   */
  async removeUnkept (tuples, cause) {
    try {
      await this.#remove(tuples)
    } catch (error) {
      throw new BellpushError('BELLPUSH_JOURNAL_FAILED', `${tuples.length} dead tokens are lost: ` +
        `${messageOf(cause)}, and they could not be removed either: ${messageOf(error)}`, { cause: error })
    }
    this.received(tuples.length)
  }

  /**
   * @param {string} path
   * @param {(tuples: number) => void} [count]
   * @returns {Promise<number>} lines that could not be read
   */
  async #empty (path, count) {
    let lost = 0
    for await (const { tuples, unreadable } of readPages(path)) {
      throwIfAborted(this.#signal)
      count?.(tuples.length)
      lost += unreadable
      try {
        await this.#remove(tuples)
      } catch (error) {
        throw notRemoved(path, error)
      }
      this.#tell()
    }
    return lost
  }

  /** @param {FeedbackTuple[]} tuples */
  async #remove (tuples) {
    if (tuples.length === 0) return
    const removals = tuples.map(({ time, token }) => ({ token, unlessSince: deadSince(time) }))
    const removed = await this.#store.removeMany(removals)
    this.report.removed += removed.length
    this.report.kept += new Set(tuples.map(({ token }) => token)).size - removed.length
  }

  #tell () {
    const { received, resumed, removed, kept } = this.report
    this.#progress?.({ received, resumed, removed, kept })
  }
}

/** Unix seconds from which on the store would take milliseconds for what they are: in March 1973. */
const EARLIEST = 1e8

/**
 * The time of death in milliseconds since 1970. Nothing was registered before 1973: a time that early is as good as 0.
 * @param {number} time Unix seconds
 */
const deadSince = time => time < EARLIEST ? 0 : time * 1000

/**
 * @param {string} path
 * @param {unknown} error
 */
function notRemoved (path, error) {
  const code = error instanceof BellpushError ? error.code : 'BELLPUSH_STORE_FAILED'
  return new BellpushError(code, `the dead tokens in the journal ${path} could not be removed; the next run ` +
    `goes on with them: ${messageOf(error)}`, { cause: error })
}

/** @param {unknown} error */
const messageOf = error => error instanceof Error ? error.message : String(error)

/**
 * @param {string} path
 * @param {number} lines
 */
const damaged = (path, lines) => new BellpushError('BELLPUSH_JOURNAL_FAILED',
  `${lines} lines of the journal ${path}, which an earlier run left, were damaged and are lost`)
