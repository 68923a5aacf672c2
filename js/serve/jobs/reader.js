/**
 * Reads jobs for callers: as they are now, and what became of single tokens, page by page.
 */
import { states } from '../journal/chunk.js'
import { jobOf, tallyOf } from '../journal/view.js'
import { Problem } from '../problem.js'

/** @typedef {import('../keys.js').Caller} Caller */
/** @typedef {import('../report.js').SentResult} SentResult */

export class JobReader {
  #journal
  #runner

  /**
   * @param {import('../journal/journal.js').Journal} journal
   * @param {import('./runner.js').Runner} runner
   */
  constructor (journal, runner) {
    this.#journal = journal
    this.#runner = runner
  }

  /**
   * @param {string} id
   * @param {Caller} caller
   * @throws {Problem} BELLPUSH_JOB_UNKNOWN, also where it is another app's
   */
  async get (id, caller) {
    const live = this.#runner.view(id)
    if (live && caller.maySee(live.app)) return live
    const row = await this.#journal.get(id)
    if (!row || !caller.maySee(row.app)) throw new Problem('BELLPUSH_JOB_UNKNOWN', `there is no job ${id}`)
    return this.of(row)
  }

  /** @param {Record<string, any>} row */
  of (row) {
    return this.#runner.view(String(row.id)) ?? jobOf(row)
  }

  /**
   * The report of a job that is over and small.
   * @param {string} id
   */
  async report (id) {
    const row = /** @type {Record<string, any>} */ (await this.#journal.get(id))
    const { counts, removed, unknown } = tallyOf(row)
    const job = jobOf(row)
    const { results } = await this.results(job, { limit: Infinity })
    const { total, stopped } = job
    return { counts, total, removed, unknownClients: unknown, results, stopped }
  }

  /**
   * @param {{ id: string, state: string }} job
   * @param {{ outcome?: string, limit: number, after?: [n: number, index: number] }} which
   * @returns {Promise<{ results: SentResult[], next: string | null }>} what was not accepted, as the tokens come
   */
  async results ({ id, state }, { outcome, limit, after: [fromChunk, fromIndex] = [0, -1] }) {
    /** @type {SentResult[]} */
    const results = []
    let last = ''
    for (let from = /** @type {number | undefined} */ (fromChunk); from !== undefined;) {
      const { chunks, next } = await this.#journal.chunks(id, { from })
      for (const { chunk, state: chunkState } of chunks) {
        const isOver = state !== 'queued' && state !== 'running'
        for (const { index, ...result } of resultsOf(chunk, isOver && chunkState !== states.settled)) {
          if (chunk.n === fromChunk && index <= fromIndex) continue
          if (outcome !== undefined && result.outcome !== outcome) continue
          if (results.length === limit) return { results, next: last }
          results.push(result)
          last = `${chunk.n}-${index}`
        }
      }
      from = next
    }
    return { results, next: null }
  }
}

/**
 * @param {import('../journal/chunk.js').Chunk} chunk
 * @param {boolean} isLeft whether what has not settled never will
 */
function resultsOf (chunk, isLeft) {
  if (!isLeft) return chunk.results()
  for (const index of chunk.open()) chunk.settle(index, 'notSent', 'Stopped', null)
  return chunk.results()
}
