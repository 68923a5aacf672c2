/**
 * `kill -9` at twenty random moments while jobs of 100,000 tokens are run, under both policies for what is in doubt.
 * The simulator's ledger is one witness, the journal as the dead process left it the other: every token is accounted
 * for, none is lost, and none rings twice unless it was in doubt and that was asked for.
 *
 * BELLPUSH_SEED=NUMBER repeats the moments; the seed is told.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { states } from '../../js/serve/journal/chunk.js'
import { Journal } from '../../js/serve/journal/journal.js'
import { settledOf, tallyOf } from '../../js/serve/journal/view.js'
import { chance, seed } from '../helpers/chance.js'
import { start } from '../helpers/command.js'
import { localGateway } from '../helpers/gateway.js'
import { token } from '../helpers/ring.js'
import { ended, listening, over, overBinary, overHttp2 } from '../helpers/sidecar.js'

/** What is under way at once, in the hands of each process until it is killed. */
const pushes = /** @type {const} */ ([
  { app: 'binary', inDoubt: 'report', count: 20_000 },
  { app: 'binary', inDoubt: 'resend', count: 20_000 },
  { app: 'http2', inDoubt: 'report', count: 100_000 },
  { app: 'http2', inDoubt: 'resend', count: 100_000 }
])

/** @typedef {'accepted' | 'preparing' | 'starting' | 'pushing' | 'end'} Moment */

/** When the process is killed: just after a 202, while it looks up, while it starts, while it pushes, at the end. */
const moments = /** @type {Moment[]} */ (['accepted', 'accepted', 'preparing', 'starting', 'preparing', 'preparing',
  'pushing', 'pushing', 'starting', 'pushing', 'pushing', 'pushing', 'pushing', 'starting', 'pushing', 'pushing',
  'pushing', 'end', 'starting', 'end'])

/** @typedef {{ id: string, app: string, inDoubt: string, audience: string[], doubts: Map<string, number> }} Job */

test(`killed twenty times, whatever it was doing: nothing is lost (BELLPUSH_SEED=${seed})`, async t => {
  const { simulator, cwd, paths } = await localGateway(t)
  await writeFile(join(cwd, 'bellpush.toml'), `listen = "127.0.0.1:0"
database = "sqlite:doorbell.db"
[apps.http2]
${overHttp2(simulator)}
ca = ${JSON.stringify(paths.ca)}
maxInFlight = 512
[apps.binary]
${overBinary(simulator, paths)}
ca = ${JSON.stringify(paths.ca)}
maxInFlight = 512`)
  const random = chance(seed)
  const journal = await Journal.open(`sqlite:${join(cwd, 'doorbell.db')}`)
  t.after(() => journal.close())
  /** @type {Job[]} */
  const jobs = []
  const starts = () => start(t, ['serve'], { cwd }).child
  let startTime = 0
  const run = async () => {
    const began = performance.now()
    const child = starts()
    const sidecar = { child, ...over(await listening(child)) }
    startTime = performance.now() - began
    return sidecar
  }

  const rows = async () => /** @type {Record<string, any>[]} */ (
    await Promise.all(jobs.map(({ id }) => journal.get(id))))

  /** Everything that can be pushed to now, and what becomes of the rest is settled without the gateway. */
  const remaining = async () => {
    let count = 0
    for (const { id, inDoubt, audience } of jobs) {
      const row = /** @type {Record<string, any>} */ (await journal.get(id))
      if (Number(row.done) === 1) continue
      count += row.audience === null ? Number(row.total) - settledOf(tallyOf(row)) : audience.length
      if (inDoubt === 'report') for await (const tokens of inDoubtOf(journal, id)) count -= tokens.length
    }
    return count
  }

  /** @type {Record<Moment, (sidecar: Awaited<ReturnType<typeof run>>) => Promise<unknown>>} */
  const until = {
    accepted: async ({ push }) => {
      for (const { app, inDoubt, count } of pushes.slice(jobs.length, jobs.length + 2)) {
        const audience = Array.from({ length: count }, (_, i) => token((jobs.length + 1) * 1_000_000 + i))
        const { status, body } = await push({ app, tokens: audience, options: { inDoubt } })
        assert.equal(status, 202, JSON.stringify(body))
        jobs.push({ id: body.id, app, inDoubt, audience, doubts: new Map() })
      }
    },
    preparing: async () => {
      // So many writes after it took a job that is not looked up yet: with 100,000 tokens there are 15. The first time
      // as soon as it was taken, which cannot be too late.
      const writes = left('preparing') === 3 ? 1 : Math.floor(1 + random() * 7)
      const before = await rows()
      for (;;) {
        const open = (await rows()).filter(({ audience }) => audience !== null)
        const reached = open.some(({ id, fence, beat }) => before.some(row =>
          row.id === id && fence > row.fence && Number(beat) >= Number(row.beat) + writes))
        if (reached || open.length === 0) return
        await setTimeout(1)
      }
    },
    starting: async () => {},
    pushing: async sidecar => pushed(sidecar, 2 * random() * await remaining() / (left('pushing') + 2)),
    end: async sidecar => pushed(sidecar, await remaining() - 2000 * random())
  }
  let killed = 0
  const left = (/** @type {Moment} */ name) => moments.slice(killed).filter(moment => moment === name).length
  const pushed = async (/** @type {Awaited<ReturnType<typeof run>>} */ { call }, /** @type {number} */ more) => {
    const wanted = simulator.counts().accepted + more
    const enough = new AbortController()
    await Promise.race([
      simulator.until(({ accepted }) => accepted >= wanted, { signal: enough.signal }),
      Promise.all(jobs.map(({ id }) => ended(call, id)))
    ]).catch(() => {})
    enough.abort()
  }

  const seen = new Set()
  for (const moment of moments) {
    if (moment === 'starting') {
      const child = starts()
      await setTimeout(random() * startTime)
      child.kill('SIGKILL')
      await once(child, 'close')
    } else {
      const sidecar = await run()
      await until[moment](sidecar)
      sidecar.child.kill('SIGKILL')
      await once(sidecar.child, 'close')
    }
    killed++
    const found = []
    for (const { id, doubts } of jobs) {
      const row = /** @type {Record<string, any>} */ (await journal.get(id))
      const phase = phaseOf(row)
      seen.add(phase)
      let open = 0
      for await (const tokens of inDoubtOf(journal, id)) {
        open += tokens.length
        for (const token of tokens) doubts.set(token, (doubts.get(token) ?? 0) + 1)
      }
      found.push(`${phase} ${settledOf(tallyOf(row))}+${open}?`)
    }
    t.diagnostic(`${killed}. ${moment}: ${found.join(', ')}`)
  }
  for (const phase of ['accepted', 'preparing', 'pushing']) assert.ok(seen.has(phase), `never killed while ${phase}`)

  const { call } = await run()
  for (const job of jobs) await t.test(`${job.app}, ${job.inDoubt}`, async t => account(t, job, call, simulator))
  const everybody = new Set(jobs.flatMap(({ audience }) => audience))
  assert.deepEqual([...simulator.accepted.keys()].filter(token => !everybody.has(token)), [])
})

/** @param {Record<string, any>} row */
function phaseOf ({ done, owner, audience }) {
  if (Number(done) === 1) return 'over'
  if (owner === null) return 'accepted'
  return audience === null ? 'pushing' : 'preparing'
}

/**
 * What a dead process leaves in doubt, by the journal: the tokens of chunks in flight that are not written down.
 * @param {Journal} journal
 * @param {string} id
 */
async function * inDoubtOf (journal, id) {
  for (let from = /** @type {number | undefined} */ (0); from !== undefined;) {
    const { chunks, next } = await journal.chunks(id, { states: [states.inFlight], from })
    for (const { chunk } of chunks) yield Array.from(chunk.open(), index => chunk.tokens[index])
    from = next
  }
}

/**
 * Every token has one outcome, and it is the truth.
 * @param {import('node:test').TestContext} t
 * @param {Job} job
 * @param {import('../helpers/sidecar.js').Call} call
 * @param {import('../../js/simulator/index.js').Simulator} simulator
 */
async function account (t, { id, inDoubt, audience, doubts }, call, simulator) {
  const job = await ended(call, id)
  assert.deepEqual([job.state, job.total, job.settled, job.stopped],
    ['finished', audience.length, audience.length, null], JSON.stringify(job))
  /** @type {Map<string, string>} */
  const others = new Map()
  for (let next = '0-0'; next;) {
    const page = await call('GET', `/v1/jobs/${id}/results?limit=9999${next === '0-0' ? '' : `&after=${next}`}`)
    for (const { token, outcome } of page.body.results) {
      assert.ok(!others.has(token), `${token} is listed once`)
      others.set(token, outcome)
    }
    next = page.body.next
  }
  const times = (/** @type {string} */ token) => simulator.accepted.get(token) ?? 0
  const twice = audience.filter(token => times(token) > 1)
  t.diagnostic(`${JSON.stringify(job.counts)}, ${doubts.size} were in doubt, ${twice.length} rang twice`)
  assert.equal(others.size + job.counts.accepted, audience.length, 'what is not listed was accepted')
  assert.equal(audience.filter(token => !others.has(token) && times(token) === 0).length, 0,
    'reported accepted, and was not')
  if (inDoubt === 'report') {
    assert.equal(twice.length, 0)
    assert.deepEqual([...others.values()].filter(outcome => outcome !== 'inDoubt'), [])
    assert.deepEqual([...others.keys()].sort(), [...doubts.keys()].sort(), 'in doubt is what a killed process left so')
  } else {
    assert.equal(job.counts.accepted, audience.length)
    assert.equal(twice.filter(token => times(token) > 1 + (doubts.get(token) ?? 0)).length, 0,
      'rang twice, and was not in doubt')
  }
}
