/**
 * One job on its way in this process, from where the journal says it is.
 *
 * A chunk is written down as in flight before its first token is sent, and what has settled is written down in batches.
 * So what a dead process leaves behind is: chunks that are settled, chunks that nothing was sent of, and at most some
 * chunks in flight, of which the tokens that are not written down as settled are in doubt.
 */
import { setTimeout } from 'node:timers/promises'
import { AbortError, BellpushError } from '../../errors.js'
import { CHUNK, states } from '../journal/chunk.js'
import { LeaseLost } from '../journal/journal.js'
import { add, jobOf, settledOf, tallyOf, unknownOf } from '../journal/view.js'
import { audienceOf } from '../push-request.js'
import { RecipientList } from '../recipients.js'
import { stopOf } from '../report.js'

/** What has settled is written down after so many tokens, or milliseconds: until then it is in doubt if we die. */
const WRITE_COUNT = 512
const WRITE_INTERVAL = 250

/** Tokens of a look-up that are written at once: whole chunks. */
const WRITTEN_AT_ONCE = 16 * CHUNK

/** Milliseconds between two signs of life where nothing has settled. */
const BEAT_INTERVAL = 2_000

/** Milliseconds before a write is tried again that the database did not take; doubled each time, up to the longest. */
const FIRST_WAIT = 100
const LONGEST_WAIT = 5_000

/** Milliseconds that the database gets to take what is written when this process is to end. */
const DRAIN_PATIENCE = 10_000

/** The database did not take the last words of a job: whoever comes next takes what was in flight for in doubt. */
class GaveUp extends Error {}

/** Why a push ends early that is not a failure: the tokens, the notification or the gateway gave reason to stop it. */
const STOPS = new Set(['BELLPUSH_MOSTLY_INVALID', 'BELLPUSH_NOTIFICATION_REFUSED', 'BELLPUSH_GATEWAY_FAILING'])

/** @typedef {import('../journal/chunk.js').Chunk} Chunk */

/**
 * @typedef {object} RunParts
 * @property {import('../journal/journal.js').Journal} journal
 * @property {import('../apps.js').App} app
 * @property {import('../../stores/token-store.js').TokenStore} store
 * @property {import('../metrics.js').Metrics} metrics
 * @property {import('../webhook.js').Webhook} [webhook]
 * @property {number} mostTokens
 * @property {import('fastify').FastifyBaseLogger} log
 */

export class JobRun {
  #parts
  #row
  #lease
  #tally
  /** @type {GaveUp | undefined} */
  #gaveUp
  /** Aborted when the database has been waited for long enough. */
  #patience = new AbortController()
  /** Aborted when nothing more is to be sent. */
  #halt = new AbortController()
  /** Why it was halted. @type {'stop' | 'drain' | 'lost' | undefined} */
  #halted
  /** Where each token is that was handed to the client and has not settled. @type {Map<string, [Chunk, number]>} */
  #inFlight = new Map()
  /** Chunks that are in flight by the journal. @type {Set<Chunk>} */
  #begun = new Set()
  #ending = false
  /** Chunks in flight of which something has settled since the last write. @type {Set<Chunk>} */
  #changed = new Set()
  /** Dead tokens, which the client may remove at the end. @type {Set<string>} */
  #dead = new Set()
  /** The last write; the next one waits for it. @type {Promise<unknown>} */
  #writing = Promise.resolve()
  #writtenAt = performance.now()
  #isWriting = false
  /** Settled since the last write. */
  #unwritten = 0
  /** Accepted since the last count of the metrics. */
  #accepted = 0

  /**
   * @param {Record<string, any>} row as claimed
   * @param {RunParts} parts
   */
  constructor (row, parts) {
    this.#parts = parts
    this.#row = row
    this.#lease = { id: String(row.id), fence: Number(row.fence) }
    this.#tally = tallyOf(row)
    if (Number(row.stop_wanted) === 1) this.stop()
  }

  /** Whether nobody had it before. */
  get #isFirst () {
    return this.#lease.fence === 1
  }

  /** The job as it is now. */
  get view () {
    return jobOf(this.#row, this.#tally)
  }

  /** Nothing more is sent; what has been sent gets its verdict, the rest is not sent. */
  stop () {
    this.#halted ??= 'stop'
    this.#halt.abort()
  }

  /** Nothing more is sent, and what was not sent stays to be sent by whoever comes next. */
  drain () {
    this.#halted ??= 'drain'
    this.#halt.abort()
    setTimeout(DRAIN_PATIENCE, undefined, { ref: false }).then(() => this.#patience.abort())
  }

  /**
   * Never rejects for what may happen to a job: that is in its row, or it is another's now.
   * @returns {Promise<'over' | 'released' | 'lost'>}
   */
  async run () {
    const { log, app } = this.#parts
    const removed = (/** @type {string} */ token) => { if (this.#dead.delete(token)) this.#tally.removed++ }
    app.client.on('tokenRemoved', removed)
    const beat = setInterval(() => this.#beat(), WRITE_INTERVAL)
    try {
      const error = await this.#work()
      clearInterval(beat)
      return await this.#end(error)
    } catch (error) {
      if (error instanceof GaveUp) {
        log.error({ err: error.cause, job: this.#lease.id, tokens: this.#inFlight.size + this.#unwritten },
          'a job is left as the journal has it: what was under way since will be in doubt')
        return 'lost'
      }
      if (!(error instanceof LeaseLost)) throw error
      log.warn({ job: this.#lease.id }, 'this job is run by another sidecar now')
      return 'lost'
    } finally {
      clearInterval(beat)
      app.client.off('tokenRemoved', removed)
    }
  }

  /** @returns {Promise<any>} what ended the push early, if anything did */
  async #work () {
    try {
      if (this.#row.audience !== null) await this.#persistently(() => this.#lookUp())
      await this.#settleDoubts()
      const bury = await this.#deadFoundBefore()
      const error = await this.#push()
      if (error?.code !== 'BELLPUSH_MOSTLY_INVALID' && !this.#gaveUp) await bury()
      return error
    } catch (error) {
      if (error instanceof BellpushError) return error
      throw error
    }
  }

  /** Writes its tokens, and those of its clients, into the journal; nothing has been sent of it yet. */
  async #lookUp () {
    const { journal, store, mostTokens } = this.#parts
    const { clientIds, tokens } = audienceOf(this.#row.audience)
    const list = new RecipientList()
    let next = 0
    const add = async () => {
      const some = list.take()
      next = await this.#write(() => journal.addLookedUp(this.#lease, next, some))
    }
    await this.#write(() => journal.forgetLookedUp(this.#lease))
    list.addTokens(tokens)
    if (clientIds.length > 0) {
      for await (const entry of store.entries(clientIds)) {
        if (this.#halted) return
        if (list.size > mostTokens) break
        list.addEntry(entry)
        if (list.recipients.tokens.length >= WRITTEN_AT_ONCE) await add()
      }
    }
    if (list.size > mostTokens) {
      throw new BellpushError('BELLPUSH_AUDIENCE_FAILED', `these are more than ${mostTokens} tokens`)
    }
    await add()
    Object.assign(this.#tally, unknownOf(list.unknown(clientIds)))
    await this.#write(() => journal.lookedUp(this.#lease, { total: list.size, tally: this.#tally }))
    this.#row = { ...this.#row, audience: null, total: list.size }
  }

  /**
   * @param {number[]} wanted states
   * @param {boolean} [refused] only those of which something was not accepted
   */
  async * #chunks (wanted, refused) {
    for (let from = /** @type {number | undefined} */ (0); from !== undefined;) {
      const start = from
      const read = () => this.#parts.journal.chunks(this.#lease.id, { states: wanted, from: start, refused })
      const { chunks, next } = await this.#persistently(read)
      yield * chunks
      from = next
    }
  }

  /** What another process had in flight when it died: nobody can know whether it was accepted. */
  async #settleDoubts () {
    const { journal, log } = this.#parts
    if (this.#isFirst || JSON.parse(this.#row.options).inDoubt === 'resend') return
    let count = 0
    for await (const { chunk } of this.#chunks([states.inFlight])) {
      count += this.#settleAll(chunk, 'inDoubt', 'Abandoned')
      await this.#write(() => journal.progress(this.#lease, { tally: this.#tally, chunks: [[chunk, states.settled]] }))
    }
    if (count > 0) log.warn({ job: this.#lease.id, tokens: count }, 'in doubt: their sidecar died')
  }

  /**
   * What processes before this one were told and did not live to do.
   * @returns {Promise<() => Promise<void>>} removes the tokens that they found dead, as the end of a push does
   */
  async #deadFoundBefore () {
    const { app } = this.#parts
    if (this.#isFirst) return async () => {}
    const { accepted } = this.#tally.counts
    /** @type {{ token: string, diedAt: Date | null }[]} */
    const dead = []
    for await (const { chunk } of this.#chunks(Object.values(states), true)) dead.push(...chunk.dead())
    return async () => {
      for (const { token } of dead) this.#dead.add(token)
      await app.client.removeDead(dead, { accepted, since: Number(this.#row.started_at) })
    }
  }

  /** @returns {Promise<any>} what ended it early, if anything did */
  async #push () {
    const { app } = this.#parts
    if (this.#halt.signal.aborted) return undefined
    const options = { ...JSON.parse(this.#row.options), signal: this.#halt.signal }
    try {
      for await (const result of app.client.stream(this.#row.payload, this.#audience(), options)) this.#settle(result)
      return undefined
    } catch (error) {
      if (!(error instanceof AbortError)) return error
      return undefined
    }
  }

  /** The tokens that have not settled; a chunk is in flight, and that is durable, before the first of its tokens. */
  async * #audience () {
    const { journal } = this.#parts
    for await (const { chunk, state } of this.#chunks([states.waiting, states.inFlight])) {
      const isBegun = await this.#write(async () => {
        // The push may be over while this waited for its turn.
        if (this.#halted || this.#ending) return false
        this.#begun.add(chunk)
        if (this.#isFirst && state === states.inFlight) return true // it was accepted so
        await journal.progress(this.#lease, { chunks: [[chunk, states.inFlight]] })
        return true
      })
      if (!isBegun) return
      for (const index of chunk.open()) this.#inFlight.set(chunk.tokens[index], [chunk, index])
      for (const index of chunk.open()) yield chunk.tokens[index]
    }
  }

  /** @param {import('../../report.js').Result} result */
  #settle ({ token, outcome, reason, status, dead, diedAt }) {
    const place = this.#inFlight.get(token)
    if (!place) return
    const [chunk, index] = place
    this.#inFlight.delete(token)
    this.#changed.add(chunk)
    // It was not sent because we go, not because anybody wanted so: whoever comes next sends it.
    if (outcome === 'notSent' && this.#halted === 'drain') return
    chunk.settle(index, outcome, reason, status, dead ? diedAt?.getTime() ?? 0 : undefined)
    this.#count(outcome, reason)
    if (dead) this.#dead.add(token)
    if (++this.#unwritten >= WRITE_COUNT) this.#beat()
  }

  /**
   * @param {Chunk} chunk
   * @param {string} outcome
   * @param {string} reason
   * @returns {number} how many
   */
  #settleAll (chunk, outcome, reason) {
    const open = [...chunk.open()]
    for (const index of open) chunk.settle(index, outcome, reason, null)
    this.#count(outcome, reason, open.length)
    return open.length
  }

  /**
   * @param {string} outcome
   * @param {string | null} reason
   * @param {number} [count]
   */
  #count (outcome, reason, count = 1) {
    add(this.#tally, outcome, reason, count)
    if (outcome === 'accepted') this.#accepted += count
    else this.#parts.metrics.settled(this.#parts.app.name, outcome, reason, count)
  }

  /** A metric costs more than the rest of a token's way through here: the accepted ones are counted together. */
  #meter () {
    this.#parts.metrics.settled(this.#parts.app.name, 'accepted', null, this.#accepted)
    this.#accepted = 0
  }

  /**
   * What the client said nothing of has not reached it, unless its core failed: then it is in doubt.
   * @param {any} error
   * @returns {Promise<'over' | 'released'>}
   */
  async #end (error) {
    const { journal, app, log, webhook } = this.#parts
    this.#ending = true
    if (this.#gaveUp) throw this.#gaveUp
    for (const [chunk] of this.#inFlight.values()) {
      if (error?.code === 'BELLPUSH_CORE_FAILED') this.#settleAll(chunk, 'inDoubt', 'Abandoned')
      else if (this.#halted !== 'drain') this.#settleAll(chunk, 'notSent', 'Stopped')
    }
    this.#inFlight.clear()
    const rest = Number(this.#row.total) - settledOf(this.#tally)
    if (this.#halted === 'drain' && !error && (rest > 0 || this.#row.audience !== null)) {
      await this.#flush(true)
      await this.#write(() => journal.release(this.#lease))
      log.info({ job: this.#lease.id, rest }, 'a job stays for whoever comes next')
      return 'released'
    }
    if (rest > 0) this.#count('notSent', 'Stopped', rest)
    if (error) app.failed(error)
    const isPartial = this.#row.audience !== null || this.#tally.counts.notSent > 0
    const { state, stopped } = endOf(error, this.#halted === 'stop' && isPartial)
    this.#meter()
    const finishedAt = Date.now()
    const ended = { ...this.#row, state, stopped: stopped && JSON.stringify(stopped), finished_at: finishedAt }
    const isTold = webhook && Number(this.#row.background) === 1
    const call = isTold ? webhook.call('job.finished', { job: jobOf(ended, this.#tally) }) : undefined
    await this.#write(() => journal.finish(this.#lease,
      { state, stopped, finishedAt, tally: this.#tally, chunks: this.#statesOf(this.#begun, states.waiting) }, call))
    log.info({ job: this.#lease.id, state, stopped, counts: this.#tally.counts }, 'a job is over')
    return 'over'
  }

  /** Writes what has settled, now and then; and that the owner lives, where nothing has. */
  #beat () {
    const silence = performance.now() - this.#writtenAt
    if (this.#isWriting || (this.#changed.size === 0 && silence < BEAT_INTERVAL)) return
    // What a write may end with ends the run where it is waited for; it is not waited for here.
    this.#flush().catch(() => this.#halt.abort())
  }

  /** @param {boolean} [isLast] what has not settled by now will not, and is in flight no more */
  async #flush (isLast = false) {
    this.#meter()
    await this.#write(async () => {
      const chunks = [...isLast ? this.#begun : this.#changed]
      this.#changed.clear()
      this.#unwritten = 0
      const settled = chunks.filter(chunk => chunk.isSettled)
      const open = isLast ? states.waiting : states.inFlight
      const { stopWanted } = await this.#parts.journal.progress(this.#lease, {
        tally: this.#tally,
        chunks: this.#statesOf(chunks, open)
      }).catch(error => {
        for (const chunk of chunks) this.#changed.add(chunk)
        throw error
      })
      for (const chunk of settled) this.#begun.delete(chunk)
      if (stopWanted) this.stop()
    })
  }

  /**
   * @param {Iterable<Chunk>} chunks
   * @param {number} open the state of one that has not settled
   * @returns {[Chunk, number][]}
   */
  #statesOf (chunks, open) {
    return Array.from(chunks, chunk => [chunk, chunk.isSettled ? states.settled : open])
  }

  /**
   * One write after the other; tried again until the database takes it.
   * @template T
   * @param {() => Promise<T>} write
   * @returns {Promise<T>}
   */
  async #write (write) {
    const before = this.#writing
    const done = (async () => {
      await before.catch(() => {})
      this.#isWriting = true
      try {
        return await this.#persistently(write)
      } finally {
        this.#isWriting = false
        this.#writtenAt = performance.now()
      }
    })()
    this.#writing = done
    return await done
  }

  /**
   * @template T
   * @param {() => Promise<T>} write
   * @returns {Promise<T>}
   */
  async #persistently (write) {
    for (let wait = FIRST_WAIT; ; wait = Math.min(2 * wait, LONGEST_WAIT)) {
      try {
        return await write()
      } catch (error) {
        const isPassing = error instanceof BellpushError && error.code.startsWith('BELLPUSH_STORE_')
        if (!isPassing) {
          if (error instanceof LeaseLost) this.#halted = 'lost'
          this.#halt.abort()
          throw error
        }
        this.#parts.log.warn({ err: error, job: this.#lease.id }, 'the journal cannot be written: trying again')
        const { signal } = this.#patience
        const isWaiting = !signal.aborted && await setTimeout(wait, true, { signal }).catch(() => false)
        if (!isWaiting) throw this.#gaveUp = new GaveUp('', { cause: error })
      }
    }
  }
}

/**
 * @param {any} error
 * @param {boolean} stopped by a caller
 * @returns {{ state: string, stopped: import('../journal/view.js').Stop | null }}
 */
function endOf (error, stopped) {
  if (error) return { state: STOPS.has(error.code) ? 'stopped' : 'failed', stopped: stopOf(error) }
  if (!stopped) return { state: 'finished', stopped: null }
  return { state: 'stopped', stopped: { code: 'BELLPUSH_JOB_STOPPED', detail: 'it was stopped by a caller' } }
}
