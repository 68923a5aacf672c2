/**
 * `kill -9` at random moments of a job. The simulator's ledger is the witness: every token is accounted for, none is
 * lost, and none rings twice unless that was asked for.
 *
 * BELLPUSH_SEED=NUMBER repeats the moments; the seed is told.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { chance, seed } from './helpers/chance.js'
import { start } from './helpers/command.js'
import { localGateway } from './helpers/gateway.js'
import { tokens } from './helpers/ring.js'
import { ended, listening, over, overBinary, overHttp2 } from './helpers/sidecar.js'

const TOKENS = 20_000
const KILLS = 6
const IN_FLIGHT = 512

/**
 * @param {import('node:test').TestContext} t
 * @param {'report' | 'resend'} inDoubt
 * @param {boolean} [http2]
 */
async function killedAgainAndAgain (t, inDoubt, http2 = false) {
  const { simulator, cwd, paths } = await localGateway(t)
  const app = http2 ? overHttp2(simulator) : overBinary(simulator, paths)
  await writeFile(join(cwd, 'bellpush.toml'), `listen = "127.0.0.1:0"
database = "sqlite:doorbell.db"
[apps.doorbell]
${app}
maxInFlight = ${IN_FLIGHT}
ca = ${JSON.stringify(paths.ca)}`)
  const random = chance(seed)
  const run = async () => {
    const { child } = start(t, ['serve'], { cwd })
    return { child, ...over(await listening(child)) }
  }
  const audience = tokens(TOKENS)
  const first = await run()
  const { status, body } = await first.push({ tokens: audience, options: { inDoubt } })
  assert.equal(status, 202)

  // What is accepted when it is killed lies anywhere between nothing and all.
  const moments = Array.from({ length: KILLS }, () => Math.floor(random() * TOKENS)).sort((a, b) => a - b)
  let { child, call } = first
  for (const moment of moments) {
    await Promise.race([simulator.until(({ accepted }) => accepted >= moment), ended(call, body.id)])
    child.kill('SIGKILL')
    await once(child, 'close')
    ;({ child, call } = await run())
  }
  const job = await ended(call, body.id)
  assert.deepEqual([job.state, job.settled], ['finished', TOKENS], JSON.stringify(job))

  const others = new Map()
  for (let next = '0-0'; next;) {
    const page = await call('GET', `/v1/jobs/${body.id}/results?limit=9999${next === '0-0' ? '' : `&after=${next}`}`)
    for (const { token, outcome } of page.body.results) others.set(token, outcome)
    next = page.body.next
  }
  assert.equal(others.size, TOKENS - job.counts.accepted)
  const times = audience.map(token => simulator.accepted.get(token) ?? 0)
  const lost = audience.filter((token, i) => !others.has(token) && times[i] === 0)
  assert.deepEqual(lost.length, 0, 'reported accepted, and was not')
  t.diagnostic(`killed at ${moments.join(', ')} accepted: ${JSON.stringify(job.counts)}, ` +
    `${times.filter(times => times > 1).length} twice`)
  return { job, times, others }
}

test(`in doubt is reported: none is lost, none rings twice (BELLPUSH_SEED=${seed})`, async t => {
  const { times, others, job } = await killedAgainAndAgain(t, 'report')
  assert.equal(times.filter(times => times > 1).length, 0)
  assert.ok(job.counts.accepted > 0, 'what was confirmed is not in doubt')
  assert.deepEqual([...new Set(others.values())].filter(outcome => outcome !== 'inDoubt'), [])
})

test(`over HTTP/2, too: none is lost, none rings twice (BELLPUSH_SEED=${seed})`, async t => {
  const { times } = await killedAgainAndAgain(t, 'report', true)
  assert.equal(times.filter(times => times > 1).length, 0)
})

test(`in doubt is sent again: every phone rings, some twice (BELLPUSH_SEED=${seed})`, async t => {
  const { times, job } = await killedAgainAndAgain(t, 'resend')
  assert.equal(times.filter(times => times === 0).length, 0)
  assert.equal(job.counts.accepted, TOKENS)
})
