/**
 * What sidecars do with a database server that they share: a file of tests for each kind of server.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { token, tokens } from './ring.js'
import { ended, sidecar } from './sidecar.js'

const nothing = { accepted: 0, rejected: 0, exhausted: 0, expired: 0, inDoubt: 0, notSent: 0 }

/**
 * @param {string} name
 * @param {() => Promise<import('./database-servers.js').Server>} begin
 * @param {{ locking: string, endless: string }} statements `locking` holds the table of the jobs for 8 seconds;
 *   `endless` makes a view of that name that nobody can read in a minute
 */
export function testServerSidecars (name, begin, { locking, endless }) {
  /** @type {import('./database-servers.js').Server} */
  let server
  before(async () => { server = await begin() })
  after(async () => server?.remove())

  test(`sidecars that start at once on an empty ${name} make its tables once`, async t => {
    const all = await Promise.all([1, 2, 3].map(() => sidecar(t, { database: server.url })))
    for (const { push } of all) assert.equal((await push({ tokens: [token(1)] })).status, 200)
    const ran = await server.query('select name from bellpush_migrations')
    assert.deepEqual(ran.map((/** @type {any} */ { name }) => name), ['0001_journal'])
  })

  test(`two sidecars on one ${name} share the jobs: none runs twice, and each sees what the other does`, async t => {
    const one = await sidecar(t, { database: server.url, toml: '[jobs]\natOnce = 1' })
    const other = await one.again()
    const ids = []
    for (let n = 0; n < 6; n++) {
      const audience = Array.from({ length: 2000 }, (_, i) => token(1 + n * 2000 + i))
      const { status, body } = await [one, other][n % 2].push({ tokens: audience })
      assert.equal(status, 202)
      ids.push(body.id)
    }
    for (const [n, id] of ids.entries()) {
      const job = await ended([other, one][n % 2].call, id)
      assert.deepEqual([job.state, job.counts], ['finished', { ...nothing, accepted: 2000 }])
    }
    const { accepted, duplicates } = one.simulator.counts()
    assert.deepEqual([accepted, duplicates], [12_000, 0])
  })

  test(`on ${name}, an owner whose fence is no more sends nothing new and writes nothing`, async t => {
    const { push, call, simulator, log } = await sidecar(t, { database: server.url, app: 'maxInFlight = 1000' })
    const { body } = await push({ tokens: tokens(60_000) })
    await simulator.until(({ accepted }) => accepted >= 1000)
    await server.query(`update bellpush_jobs set fence = fence + 1, owner = 'another' where id = '${body.id}'`)
    while (!log.text.includes('run by another sidecar now')) await setTimeout(20)
    const { accepted } = simulator.counts()
    assert.ok(accepted < 60_000, `${accepted}`)
    assert.equal((await call('GET', `/v1/jobs/${body.id}`)).body.state, 'running')
    assert.equal(simulator.counts().accepted, accepted)
    await server.query(`update bellpush_jobs set owner = null where id = '${body.id}'`)
    const job = await ended(call, body.id)
    assert.deepEqual([job.state, job.settled], ['finished', 60_000])
    assert.equal(simulator.counts().duplicates, 0)
    assert.ok(job.counts.inDoubt > 0 && job.counts.inDoubt < 10_000, `${job.counts.inDoubt} in doubt`)
  })

  for (const [what, away, back] of /** @type {const} */ ([
    ['is shut down', 'stop', 'start'], ['is killed', 'kill', 'start'], ['freezes', 'freeze', 'thaw']
  ])) {
    test(`a ${name} that ${what} in the midst of a job and comes back: clear answers, and nothing is lost`, async t => {
      const { push, call, simulator } = await sidecar(t, { database: server.url, app: 'maxInFlight = 1000' })
      const { body } = await push({ tokens: tokens(20_000) })
      await simulator.until(({ accepted }) => accepted >= 1000)
      await server[away]()
      const [ready, alive, ...answers] = await Promise.all([call('GET', '/readyz'), call('GET', '/healthz'),
        push({ clientIds: ['7'] }), push({ tokens: tokens(2000) }),
        push({ tokens: [token(1)] }, { 'idempotency-key': 'away' }),
        call('PUT', `/v1/clients/7/tokens/${token(1)}`), call('GET', '/v1/jobs')])
      await server[back]()
      assert.deepEqual([ready.status, ready.body.status, alive.status], [503, 'unready', 200])
      for (const refused of answers) {
        assert.deepEqual([refused.status, refused.body.code], [503, 'BELLPUSH_STORE_FAILED'], refused.body.detail)
        assert.equal(refused.headers['retry-after'], '1')
      }
      const job = await ended(call, body.id)
      assert.deepEqual([job.state, job.counts], ['finished', { ...nothing, accepted: 20_000 }])
      assert.equal(simulator.counts().duplicates, 0)
      assert.equal((await call('GET', '/readyz')).status, 200)
    })

    test(`a sidecar ends though its ${name} ${what}, and the next one goes on with what it had written`, async t => {
      const first = await sidecar(t, { database: server.url, app: 'maxInFlight = 1000' })
      const { body } = await first.push({ tokens: tokens(20_000) })
      await first.simulator.until(({ accepted }) => accepted >= 1000)
      await server[away]()
      await first.server.close()
      await server[back]()
      const { call } = await first.again()
      const job = await ended(call, body.id)
      assert.deepEqual([job.state, job.settled], ['finished', 20_000])
      assert.equal(job.counts.accepted + job.counts.inDoubt, 20_000)
      assert.equal(first.simulator.counts().duplicates, 0)
      assert.ok(job.counts.accepted <= first.simulator.counts().accepted)
    })
  }

  test(`a table of ${name} that somebody else locks is waited for, but not for ever`, async t => {
    const { push } = await sidecar(t, { database: server.url })
    assert.equal((await push({ tokens: [token(1)] }, { 'idempotency-key': 'before' })).status, 200)
    const locked = server.query(locking)
    await setTimeout(500) // the other one's transaction tells nobody that it has begun
    const refused = await push({ tokens: [token(1)] }, { 'idempotency-key': 'locked' })
    assert.deepEqual([refused.status, refused.body.code], [503, 'BELLPUSH_STORE_FAILED'])
    await locked
    assert.equal((await push({ tokens: [token(1)] }, { 'idempotency-key': 'locked' })).status, 200)
  })

  test(`a look-up in ${name} that does not end is given up`, async t => {
    await server.query(endless)
    const toml = `journal = "sqlite:jobs.db"\n[tokens]\ntable = "endless"`
    const { push, call } = await sidecar(t, { database: server.url, toml })
    const refused = await push({ clientIds: ['7'] })
    assert.deepEqual([refused.status, refused.body.code], [503, 'BELLPUSH_STORE_FAILED'])
    assert.equal((await call('GET', '/healthz')).status, 200)
  })

  test(`the tokens of clients in ${name}, and a repeat that is harmless`, async t => {
    const { push, call, simulator } = await sidecar(t, { database: server.url, simulated: { dead: [token(2)] } })
    for (const n of [1, 2, 3]) assert.equal((await call('PUT', `/v1/clients/häuser/tokens/${token(n)}`)).status, 204)
    const key = { 'idempotency-key': 'ding' }
    const answers = await Promise.all([1, 2, 3].map(() => push({ clientIds: ['häuser'] }, key)))
    const done = answers.filter(({ status }) => status === 200)
    assert.ok(done.length > 0)
    for (const { body } of done) assert.deepEqual([body.counts.accepted, body.results[0].clientId], [2, 'häuser'])
    assert.deepEqual([simulator.counts().accepted, simulator.counts().duplicates], [2, 0])
  })
}
