/**
 * Runs the jobs of the journal, the oldest first, some at a time; takes over those whose owner is dead.
 *
 * An owner is dead if it is a process of this machine that is no more, or if its job's beat stood still for as long as
 * a lease, by this process's own clock: no two machines need to agree on the time.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { leave, isSurelyDead, newOwner } from './owner.js'
import { JobRun } from './run.js'

/** Milliseconds for which a job whose beat stands still is left alone. */
const LEASE = 15_000

/** Milliseconds between two looks for jobs that other processes took in, or left. */
const LOOK_INTERVAL = 1_000

/** Milliseconds between two purges of old jobs. */
const PURGE_INTERVAL = 600_000

/**
 * @typedef {object} RunnerParts
 * @property {import('../journal/journal.js').Journal} journal
 * @property {import('../apps.js').Apps} apps
 * @property {import('../../stores/token-store.js').TokenStore} store
 * @property {import('../metrics.js').Metrics} metrics
 * @property {import('../webhook.js').Webhook} [webhook]
 * @property {import('../config.js').Config['jobs']} limits
 * @property {import('fastify').FastifyBaseLogger} log
 */

export class Runner {
  #parts
  #owner = newOwner()
  /** @type {Map<string, { run: JobRun, over: Promise<string>, background: boolean }>} by the job's id */
  #runs = new Map()
  /** What was seen of jobs that have another owner. @type {Map<string, { fence: string, beat: string, at: number }>} */
  #seen = new Map()
  #closing = new AbortController()
  /** @type {Promise<void>} */
  #loop = Promise.resolve()
  #wake = () => {}
  #purgedAt = -Infinity

  /** @param {RunnerParts} parts */
  constructor (parts) {
    this.#parts = parts
  }

  start () {
    this.#loop = this.#look()
  }

  /** There is something to do, or to stop. */
  wake () {
    this.#wake()
  }

  /**
   * Takes a push into the journal.
   * @param {Omit<import('../journal/journal.js').Draft, 'id' | 'owner'>} draft
   */
  async accept (draft) {
    const { journal, limits } = this.#parts
    const owner = draft.background ? undefined : this.#owner
    return await journal.accept({ ...draft, id: randomUUID(), owner }, limits.waiting)
  }

  /**
   * Runs a job that was accepted for this owner.
   * @param {Record<string, any>} row
   * @returns {Promise<string>} 'over', or it goes on elsewhere
   */
  async runNow (row) {
    return await this.#begin(row)
  }

  /**
   * The job as it is now, if it runs here.
   * @param {string} id
   */
  view (id) {
    return this.#runs.get(id)?.run.view
  }

  /** @param {string} id that the journal knows is to be stopped */
  stop (id) {
    this.#runs.get(id)?.run.stop()
    this.wake()
  }

  /** Ends in order: what has been sent gets its verdict, what has not stays in the journal. */
  async drain () {
    this.#closing.abort()
    this.wake()
    for (const { run } of this.#runs.values()) run.drain()
    await Promise.all([this.#loop, ...[...this.#runs.values()].map(({ over }) => over)])
    leave(this.#owner)
  }

  /** Looks for what there is to do, now and then and when it is woken, until this runner is closed. */
  async #look () {
    const { log } = this.#parts
    while (!this.#closing.signal.aborted) {
      const woken = new Promise(resolve => { this.#wake = () => resolve(undefined) })
      try {
        await this.#takeJobs()
        await this.#purge()
      } catch (error) {
        log.warn({ err: error }, 'the journal cannot be read: trying again')
      }
      if (this.#closing.signal.aborted) return
      const pause = new AbortController()
      await Promise.race([woken, setTimeout(LOOK_INTERVAL, undefined, { signal: pause.signal }).catch(() => {})])
      pause.abort()
    }
  }

  async #takeJobs () {
    const { journal, limits, apps, metrics } = this.#parts
    const open = await journal.open()
    const ids = new Set(open.map(({ id }) => String(id)))
    for (const id of this.#seen.keys()) if (!ids.has(id)) this.#seen.delete(id)
    for (const job of open) {
      if (this.#closing.signal.aborted) return
      const isFull = [...this.#runs.values()].filter(({ background }) => background).length >= limits.atOnce
      if (isFull && Number(job.stop_wanted) === 0) continue
      // An app that is not in this configuration may be in another sidecar's.
      if (this.#runs.has(String(job.id)) || !apps.get(job.app) || !this.#isFree(job)) continue
      const row = await journal.claim(job, this.#owner)
      if (row) this.#begin(row)
    }
    const { queued, running } = await journal.openCounts()
    metrics.jobs.set({ state: 'queued' }, queued)
    metrics.jobs.set({ state: 'running' }, running)
  }

  /** @param {Record<string, any>} job */
  #isFree ({ id, owner, fence, beat }) {
    if (owner === null || isSurelyDead(owner)) return true
    const now = { fence: String(fence), beat: String(beat), at: performance.now() }
    const before = this.#seen.get(id)
    if (before && before.fence === now.fence && before.beat === now.beat) return now.at - before.at >= LEASE
    this.#seen.set(id, now)
    return false
  }

  /**
   * @param {Record<string, any>} row that this owner has
   * @returns {Promise<string>}
   */
  #begin (row) {
    const { journal, apps, store, metrics, webhook, limits, log } = this.#parts
    const id = String(row.id)
    const isBackground = Number(row.background) === 1
    const app = /** @type {import('../apps.js').App} */ (apps.get(row.app))
    const run = new JobRun(row, { journal, app, store, metrics, webhook, mostTokens: limits.tokens, log })
    if (this.#closing.signal.aborted) run.drain()
    const over = run.run().catch(error => {
      log.error({ err: error, job: id }, 'a job failed in a way that nobody foresaw')
      return 'lost'
    }).finally(() => {
      this.#runs.delete(id)
      if (isBackground) this.wake() // there is room for another one
    })
    this.#runs.set(id, { run, over, background: isBackground })
    return over
  }

  async #purge () {
    const { journal, limits } = this.#parts
    if (performance.now() - this.#purgedAt < PURGE_INTERVAL) return
    const before = Date.now() - limits.keepDays * 86_400_000
    while (await journal.purge(before)) if (this.#closing.signal.aborted) return
    this.#purgedAt = performance.now()
  }
}
