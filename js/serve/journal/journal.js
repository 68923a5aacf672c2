/**
 * The journal: jobs and how far they are, in the SQL database, so that what was accepted survives this process.
 *
 * Whoever runs a job owns it. Every write of the owner names the job's *fence*, a number that grows with each owner:
 * one that was taken for dead and is not, finds that its fence is no more, and writes nothing. The *beat* grows with
 * every write: whoever sees it stand still for long enough may take the job.
 *
 * Not here: when a job may be taken (../jobs/runner.js), running it (../jobs/run.js).
 */
import { sql } from 'kysely'
import { openDatabase } from '../../stores/index.js'
import { Problem } from '../problem.js'
import { chunkOf, chunkRows, states } from './chunk.js'
import { migrate } from './migrations.js'
import { CALLS, CHUNKS, JOBS } from './tables.js'
import { jobOf, noTally, unknownOf } from './view.js'

/** Chunks that are read at once. */
const CHUNKS_READ = 4

/** Jobs that are looked at at once when something is to be done, and deleted at once when they are old. */
const JOBS_LOOKED_AT = 200
const JOBS_PURGED = 20

/** Another process owns this job now. */
export class LeaseLost extends Error {}

/** @typedef {import('./view.js').Tally} Tally */
/** @typedef {import('./view.js').Job} Job */
/** @typedef {import('kysely').Kysely<any>} Kysely */

/**
 * @typedef {object} Draft
 * @property {string} id
 * @property {string} app
 * @property {boolean} background whether it is shown as a job; else somebody waits for its report
 * @property {string} payload
 * @property {object} options
 * @property {import('../recipients.js').Recipients | { text: string }} audience as it was looked up, or the body that
 *   says whom it is for: then it is looked up when the job runs
 * @property {string[]} unknown clients without a token, where that is known
 * @property {string} [key] the Idempotency-Key
 * @property {string} [digest] of the request
 * @property {string} [owner] who runs it at once: its chunks are in flight from the beginning
 */

export class Journal {
  #database

  /**
   * @param {string} where
   * @param {{ statementTimeout?: number }} [options]
   * @returns {Promise<Journal>}
   */
  static async open (where, options) {
    const database = await openDatabase(where, options)
    try {
      await migrate(database)
      return new Journal(database)
    } catch (error) {
      await database.close()
      throw error
    }
  }

  /** @param {import('../../stores/database.js').Database} database */
  constructor (database) {
    this.#database = database
  }

  /** Whether the database answers. */
  async check () {
    await this.#database.run(db => sql`select 1`.execute(db))
  }

  /**
   * Takes a job in. When this is done it is durable.
   * @param {Draft} draft
   * @param {number} most jobs that are not over
   * @returns {Promise<{ row: Record<string, any>, isNew: boolean }>} the job; or the one that has its key already
   */
  async accept (draft, most) {
    const { id, app, background, payload, options, audience, unknown, key = null, owner = null } = draft
    const recipients = 'text' in audience ? undefined : audience
    const row = {
      id,
      app,
      background: background ? 1 : 0,
      state: owner === null ? 'queued' : 'running',
      done: 0,
      payload,
      options: JSON.stringify(options),
      audience: 'text' in audience ? audience.text : null,
      idempotency_key: key,
      digest: draft.digest ?? null,
      created_at: Date.now(),
      started_at: owner === null ? null : Date.now(),
      finished_at: null,
      total: recipients ? recipients.tokens.length : null,
      tally: JSON.stringify({ ...noTally(), ...unknownOf(unknown) }),
      stopped: null,
      stop_wanted: 0,
      owner,
      fence: 1,
      beat: 0
    }
    const state = owner === null ? states.waiting : states.inFlight
    const chunks = recipients ? chunkRows(id, 0, recipients, state) : []
    const accepted = await this.#database.transaction(async db => {
      const known = key === null ? undefined : await withKey(db, app, key)
      if (known) return { row: known, isNew: false }
      if (await openJobs(db) >= most) return undefined
      await db.insertInto(JOBS).values(row).execute()
      for (const chunk of chunks) await db.insertInto(CHUNKS).values(chunk).execute()
      return { row, isNew: true }
    })
    if (!accepted) throw new Problem('BELLPUSH_QUEUE_FULL', `${most} jobs are waiting or running: try again later`)
    return accepted
  }

  /**
   * @param {string} app
   * @param {string} key
   * @returns {Promise<Record<string, any> | undefined>}
   */
  async withKey (app, key) {
    return this.#database.run(db => withKey(db, app, key))
  }

  /** The jobs that are not over, the oldest first: what an owner is told by. */
  async open () {
    const columns = ['id', 'app', 'owner', 'fence', 'beat', 'stop_wanted', 'background']
    return this.#database.run(db => db.selectFrom(JOBS).select(columns).where('done', '=', 0)
      .orderBy('created_at').orderBy('id').limit(JOBS_LOOKED_AT).execute())
  }

  /** @returns {Promise<Record<string, number>>} how many jobs are queued and running */
  async openCounts () {
    const rows = await this.#database.run(db => db.selectFrom(JOBS).select(['state', sql`count(*)`.as('jobs')])
      .where('done', '=', 0).groupBy('state').execute())
    return { queued: 0, running: 0, ...Object.fromEntries(rows.map(({ state, jobs }) => [state, Number(jobs)])) }
  }

  /**
   * Takes a job, unless somebody else did, or its owner showed life.
   * @param {Record<string, any>} seen
   * @param {string} owner
   * @returns {Promise<Record<string, any> | undefined>} the job
   */
  async claim ({ id, fence, beat }, owner) {
    const taken = await this.#database.run(db => db.updateTable(JOBS).set({
      owner,
      fence: sql`fence + 1`,
      beat: sql`beat + 1`,
      state: 'running',
      started_at: sql`coalesce(started_at, ${Date.now()})`
    }).where('id', '=', id).where('fence', '=', fence).where('beat', '=', beat).where('done', '=', 0)
      .executeTakeFirst())
    return taken.numUpdatedRows === 0n ? undefined : this.get(id)
  }

  /**
   * Writes down how far the job is, all or nothing, if it is still this owner's.
   * @param {Lease} lease
   * @param {{ tally?: Tally, chunks?: [import('./chunk.js').Chunk, number][] }} progress chunks with
   *   their states
   * @returns {Promise<{ stopWanted: boolean }>}
   * @throws {LeaseLost}
   */
  async progress (lease, { tally, chunks = [] }) {
    return this.#fenced(lease, tally ? { tally: JSON.stringify(tally) } : {}, progressOf(lease.id, chunks))
  }

  /**
   * Adds what a look-up found.
   * @param {Lease} lease
   * @param {number} n the place of the first new chunk
   * @param {import('../recipients.js').Recipients} recipients
   * @returns {Promise<number>} the place of the next one
   */
  async addLookedUp (lease, n, recipients) {
    const rows = chunkRows(lease.id, n, recipients)
    await this.#fenced(lease, {}, async db => {
      for (const row of rows) await db.insertInto(CHUNKS).values(row).execute()
    })
    return n + rows.length
  }

  /** Forgets what a look-up found that did not come to its end: nothing was sent of it. @param {Lease} lease */
  async forgetLookedUp (lease) {
    await this.#fenced(lease, {}, db => db.deleteFrom(CHUNKS).where('job', '=', lease.id).execute())
  }

  /**
   * The look-up is complete.
   * @param {Lease} lease
   * @param {{ total: number, tally: Tally }} found
   */
  async lookedUp (lease, { total, tally }) {
    await this.#fenced(lease, { audience: null, total, tally: JSON.stringify(tally) }, async () => {})
  }

  /**
   * @param {Lease} lease
   * @param {{ state: string, tally: Tally, stopped: import('./view.js').Stop | null, finishedAt: number,
   *   chunks: [import('./chunk.js').Chunk, number][] }} end `chunks`: those that changed since the last progress
   * @param {import('../webhook.js').Call} [call] to make because of it
   */
  async finish (lease, { state, tally, stopped, finishedAt, chunks }, call) {
    const progress = progressOf(lease.id, chunks)
    await this.#fenced(lease, {
      state,
      done: 1,
      finished_at: finishedAt,
      tally: JSON.stringify(tally),
      stopped: stopped && JSON.stringify(stopped),
      owner: null
    }, async db => {
      await progress(db)
      if (call) await db.insertInto(CALLS).values(call).execute()
    })
  }

  /** Lets go of a job that is not over: whoever comes next goes on. @param {Lease} lease */
  async release (lease) {
    await this.#fenced(lease, { state: 'queued', owner: null }, async () => {})
  }

  /** @param {string} id */
  async wantStop (id) {
    await this.#database.run(db => db.updateTable(JOBS).set({ stop_wanted: 1 }).where('id', '=', id)
      .where('done', '=', 0).execute())
  }

  /**
   * @param {string} id
   * @returns {Promise<Record<string, any> | undefined>} the row
   */
  async get (id) {
    return this.#database.run(db => db.selectFrom(JOBS).selectAll().where('id', '=', id).executeTakeFirst())
  }

  /**
   * A few chunks of a job, in their order.
   * @param {string} id
   * @param {{ states?: number[], from: number, refused?: boolean }} which `from`: the place of the first one;
   *   `refused`: only those of which something was not accepted
   * @returns {Promise<{ chunks: { chunk: import('./chunk.js').Chunk, state: number }[], next: number | undefined }>}
   */
  async chunks (id, { states: wanted = Object.values(states), from, refused = false }) {
    const rows = await this.#database.run(db => {
      const query = db.selectFrom(CHUNKS).selectAll().where('job', '=', id).where('n', '>=', from)
        .where('state', 'in', wanted)
      return (refused ? query.where('others', 'is not', null) : query).orderBy('n').limit(CHUNKS_READ).execute()
    })
    return {
      chunks: rows.map(row => ({ chunk: chunkOf(row), state: Number(row.state) })),
      next: rows.length < CHUNKS_READ ? undefined : Number(rows[rows.length - 1].n) + 1
    }
  }

  /**
   * @param {{ apps: string[], state?: string, limit: number, after?: [time: number, id: string] }} which the newest
   *   first; `after`: older than that one
   * @returns {Promise<Job[]>}
   */
  async list ({ apps, state, limit, after }) {
    if (apps.length === 0) return []
    const rows = await this.#database.run(db => {
      let query = db.selectFrom(JOBS).selectAll().where('background', '=', 1).where('app', 'in', apps)
      if (state) query = query.where('state', '=', state)
      if (after) {
        const [time, id] = after
        query = query.where(eb => eb.or([eb('created_at', '<', time),
          eb.and([eb('created_at', '=', time), eb('id', '<', id)])]))
      }
      return query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit).execute()
    })
    return rows.map(row => jobOf(row))
  }

  /**
   * Deletes some of the jobs that were over by then.
   * @param {number} before milliseconds since 1970
   * @returns {Promise<boolean>} whether there may be more
   */
  async purge (before) {
    const old = await this.#database.run(db => db.selectFrom(JOBS).select('id').where('done', '=', 1)
      .where('finished_at', '<', before).limit(JOBS_PURGED).execute())
    const ids = old.map(({ id }) => id)
    if (ids.length > 0) {
      await this.#database.transaction(async db => {
        await db.deleteFrom(CHUNKS).where('job', 'in', ids).execute()
        await db.deleteFrom(JOBS).where('id', 'in', ids).execute()
      })
    }
    return ids.length === JOBS_PURGED
  }

  /** @param {import('../webhook.js').Call} call */
  async addCall (call) {
    await this.#database.run(db => db.insertInto(CALLS).values(call).execute())
  }

  /**
   * @param {number} now milliseconds since 1970
   * @param {number} most
   * @returns {Promise<import('../webhook.js').Call[]>} the ones that wait longest first
   */
  async dueCalls (now, most) {
    const rows = await this.#database.run(db => db.selectFrom(CALLS).selectAll().where('due_at', '<=', now)
      .orderBy('due_at').limit(most).execute())
    return rows.map(({ id, event, body, created_at: created, due_at: due, tries }) =>
      ({ id, event, body, created_at: Number(created), due_at: Number(due), tries: Number(tries) }))
  }

  /**
   * @param {import('../webhook.js').Call} call
   * @param {number} until milliseconds since 1970: nobody else makes it before that
   * @returns {Promise<boolean>} whether it is ours to make
   */
  async claimCall ({ id, tries }, until) {
    const { numUpdatedRows } = await this.#database.run(db => db.updateTable(CALLS)
      .set({ due_at: until, tries: tries + 1 }).where('id', '=', id).where('tries', '=', tries).executeTakeFirst())
    return numUpdatedRows > 0n
  }

  /**
   * @param {string} id
   * @param {number} until milliseconds since 1970
   */
  async postponeCall (id, until) {
    await this.#database.run(db => db.updateTable(CALLS).set({ due_at: Math.round(until) }).where('id', '=', id)
      .execute())
  }

  /** @param {string} id */
  async removeCall (id) {
    await this.#database.run(db => db.deleteFrom(CALLS).where('id', '=', id).execute())
  }

  async close () {
    await this.#database.close()
  }

  /**
   * @param {Lease} lease
   * @param {Record<string, unknown>} values
   * @param {(db: Kysely) => Promise<unknown>} more
   */
  async #fenced ({ id, fence }, values, more) {
    const written = await this.#database.transaction(async db => {
      const { numUpdatedRows } = await db.updateTable(JOBS).set({ ...values, beat: sql`beat + 1` })
        .where('id', '=', id).where('fence', '=', fence).where('done', '=', 0).executeTakeFirst()
      if (numUpdatedRows === 0n) return undefined
      await more(db)
      return db.selectFrom(JOBS).select('stop_wanted').where('id', '=', id).executeTakeFirstOrThrow()
    })
    if (!written) throw new LeaseLost(`the job ${id} is another's now`)
    return { stopWanted: Number(written.stop_wanted) === 1 }
  }
}

/** @typedef {{ id: string, fence: number }} Lease */

/**
 * The chunks as they are now, before anything is waited for: they and the job's tally belong together.
 * @param {string} job
 * @param {[import('./chunk.js').Chunk, number][]} chunks with their states
 * @returns {(db: Kysely) => Promise<void>} writes them
 */
function progressOf (job, chunks) {
  const rows = chunks.map(([chunk, state]) => ({ n: chunk.n, set: { state, ...chunk.progress() } }))
  return async db => {
    for (const { n, set } of rows) {
      await db.updateTable(CHUNKS).set(set).where('job', '=', job).where('n', '=', n).execute()
    }
  }
}

/**
 * @param {Kysely} db
 * @param {string} app
 * @param {string} key
 */
function withKey (db, app, key) {
  return db.selectFrom(JOBS).selectAll().where('app', '=', app).where('idempotency_key', '=', key).executeTakeFirst()
}

/** @param {Kysely} db */
async function openJobs (db) {
  const { jobs } = await db.selectFrom(JOBS).select(sql`count(*)`.as('jobs')).where('done', '=', 0)
    .executeTakeFirstOrThrow()
  return Number(jobs)
}
