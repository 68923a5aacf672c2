/** The main job: a thousand phones in a real database, some dead, a ring over real TLS; the dead ones are gone. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'libsql'
import { openTokenStore } from '../js/stores/index.js'
import { dingDong, doorbell, token, tokens } from './helpers/ring.js'

const DAY = 86_400_000

/** @param {import('node:test').TestContext} t */
async function folder (t) {
  const path = await mkdtemp(join(tmpdir(), 'bellpush-'))
  t.after(() => rm(path, { recursive: true, force: true }))
  return path
}

/** @param {AsyncIterable<string>} listing */
async function all (listing) {
  const list = []
  for await (const token of listing) list.push(token)
  return list.sort()
}

/** @param {(number: number) => boolean} is */
const numbers = is => Array.from({ length: 1000 }, (_, i) => i + 1).filter(is).map(token)

const isDead = (/** @type {number} */ number) => number % 20 === 0

test('a thousand phones, fifty dead: 950 accepted once, and the database lost exactly the dead ones', async t => {
  const store = await openTokenStore(`sqlite:${join(await folder(t), 'doorbell.db')}`, { create: true })
  t.after(() => store.close())
  const at = Date.now() - DAY
  await store.putMany(tokens(1000).map((token, i) => ({ clientId: String(i % 300), token, at })))
  const bell = await doorbell(t, { dead: numbers(isDead) }, { tokens: store })
  /** @type {string[]} */
  const removedEvents = []
  bell.client.on('tokenRemoved', token => removedEvents.push(token))
  const everybody = { clientId: Array.from({ length: 300 }, (_, i) => i) }

  const report = await bell.client.send(dingDong, everybody)
  assert.deepEqual([report.total, report.accepted, report.rejected.length], [1000, 950, 50])
  assert.deepEqual([report.inDoubt, report.notSent, report.removalError], [[], [], undefined])
  assert.deepEqual(report.removed.toSorted(), numbers(isDead))
  assert.deepEqual(removedEvents.sort(), numbers(isDead))
  assert.equal(bell.simulator.counts().accepted, 950)
  assert.equal(bell.simulator.counts().duplicates, 0)
  assert.deepEqual([...bell.simulator.accepted.keys()].sort(), numbers(number => !isDead(number)))
  assert.deepEqual(await all(store.list()), numbers(number => !isDead(number)))

  const again = await bell.client.send(dingDong, everybody)
  assert.deepEqual([again.total, again.accepted, again.connections], [950, 950, 1])
})

test('an old tb_apns works as it is, in whatever spelling it holds its tokens', async t => {
  const path = join(await folder(t), 'old.db')
  const database = new Database(path)
  database.exec('CREATE TABLE tb_apns (id INTEGER PRIMARY KEY, client_id INTEGER, deviceToken VARCHAR(200))')
  const insert = database.prepare('INSERT INTO tb_apns (client_id, deviceToken) VALUES (?, ?)')
  const spaced = `<${token(0xbeef).replace(/.{8}/g, '$& ').trim()}>`
  for (const [client, text] of [[1, token(0xcafe).toUpperCase()], [1, spaced], [2, token(3)], [2, 'no token']]) {
    insert.run(client, text)
  }
  const columns = { clientId: 'client_id', token: 'deviceToken' }
  const store = await openTokenStore(`sqlite:${path}`, { table: 'tb_apns', columns })
  t.after(() => store.close())
  const dead = [token(0xcafe), token(0xbeef)]
  const bell = await doorbell(t, { dead }, { tokens: store })
  // The client must have seen more accepted than dead before it removes anything.
  await bell.client.send(dingDong, tokens(3))
  bell.simulator.reset()

  const report = await bell.client.send(dingDong, { clientId: [1, 2] })
  assert.deepEqual(report.counts, { accepted: 1, rejected: 3, exhausted: 0, expired: 0, inDoubt: 0, notSent: 0 })
  assert.deepEqual(report.removed.toSorted(), [token(0xcafe).toUpperCase(), spaced].sort())
  const left = database.prepare('SELECT client_id, deviceToken FROM tb_apns').all()
  assert.deepEqual(left.map((/** @type {any} */ row) => row.deviceToken), [token(3), 'no token'])
  database.close()
})

test('clients are an id, or any iterable of ids; none of them is nobody', async t => {
  const store = await openTokenStore('memory:')
  for (const client of [1, 2, 3]) await store.put(client, token(client))
  const bell = await doorbell(t, {}, { tokens: store })
  for (const [clientId, accepted] of /** @type {const} */ ([[[], 0], [2n, 1], [new Set(['1', 3]), 2]])) {
    assert.equal((await bell.client.send(dingDong, { clientId })).accepted, accepted)
  }
})

test('a token that was registered again during the push stays', async t => {
  const store = await openTokenStore('memory:')
  await store.put('1', token(1), { at: Date.now() - DAY })
  await store.put('1', token(2), { at: Date.now() - DAY })
  await store.put('1', token(3), { at: Date.now() - DAY })
  const bell = await doorbell(t, { dead: [token(2)] }, { tokens: store })
  bell.simulator.once('rejected', () => store.put('1', token(2), { at: Date.now() + 1000 }))
  const report = await bell.client.send(dingDong, { clientId: '1' })
  assert.deepEqual([report.rejected[0].dead, report.removed, report.kept], [true, [], [token(2)]])
  assert.equal(await store.count(), 3)
})

test('nothing is removed while more tokens were called dead than were accepted', async t => {
  const store = await openTokenStore('memory:')
  for (const token of tokens(3)) await store.put('1', token, { at: Date.now() - DAY })
  const bell = await doorbell(t, { dead: [token(1), token(2)] }, { tokens: store })
  const first = await bell.client.send(dingDong, { clientId: '1' })
  assert.deepEqual([first.accepted, first.removed, first.kept.toSorted()], [1, [], [token(1), token(2)]])
  await bell.client.send(dingDong, tokens(100).slice(10))
  const second = await bell.client.send(dingDong, { clientId: '1' })
  assert.deepEqual(second.removed.toSorted(), [token(1), token(2)])
})

test('a store that cannot remove does not spoil the report', async t => {
  const store = await openTokenStore({
    list: async function * () { yield * tokens(3) },
    remove: async () => { throw new Error('read-only') }
  })
  const bell = await doorbell(t, { dead: [token(2)] }, { tokens: store })
  const report = await bell.client.send(dingDong, { clientId: '1' })
  assert.deepEqual([report.accepted, report.rejected[0].token, report.removed], [2, token(2), []])
  assert.match(String(report.removalError), /read-only/)
})
