/**
 * What token stores in MariaDB and in PostgreSQL must do alike, besides what every store must: a file of tests each.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { inspect } from 'node:util'
import { labelOf } from '../../js/cli/store-options.js'
import { testTokenStore } from '../../js/stores/conformance.js'
import { openTokenStore } from '../../js/stores/index.js'
import { bellpush } from './command.js'
import { dingDong, doorbell, tokens } from './ring.js'
import { all, answerOf, dataText, token } from './sqlite.js'

const NOON = Date.UTC(2026, 0, 1, 12)
const DAY = 86_400_000
const STORES = JSON.stringify(new URL('../../js/stores/index.js', import.meta.url).href)

/** @typedef {import('../../js/stores/index.js').DatabaseOptions} DatabaseOptions */

/**
 * @param {string} name
 * @param {() => Promise<import('./database-servers.js').Server>} begin
 * @param {(database: { server: () => import('./database-servers.js').Server, open: typeof openTokenStore,
 *   table: () => string }) => void} [more] tests of this one only
 */
export function testServerStores (name, begin, more) {
  /** @type {import('./database-servers.js').Server} */
  let server
  let tables = 0
  const table = () => `phones_${++tables}`
  /** @param {DatabaseOptions} [options] */
  const create = (options = {}) => openTokenStore(server.url, { table: table(), create: true, ...options })

  before(async () => { server = await begin() })
  after(async () => server?.remove())

  describe(`the store in ${name}`, () => {
    testTokenStore({ test, open: create })
  })

  test('a missing table and a missing column are errors that name what there is', async () => {
    const name = 'a_table'
    await (await create({ table: name })).close()
    await assert.rejects(openTokenStore(server.url, { table: 'nowhere' }),
      { code: 'BELLPUSH_STORE_SCHEMA', message: new RegExp(`no table nowhere.*${name}`) })
    await assert.rejects(openTokenStore(server.url, { table: name, columns: { token: 'deviceToken' } }),
      { code: 'BELLPUSH_STORE_SCHEMA', message: /no column deviceToken.*client_id, token, registered_at/ })
  })

  test('an old tb_apns works as it is, without a key, in whatever spelling it holds its tokens', async () => {
    const name = table()
    const texts = [token(1), token(1).toUpperCase(), dataText(token(2)), token(3), token(3), 'no token']
    await server.query(`create table ${name} (client_id int, deviceToken varchar(200))`)
    await server.query(`insert into ${name} values ${texts.map((text, n) => `(${n}, '${text}')`).join(', ')}`)
    const store = await openTokenStore(server.url, { table: name, columns: { token: 'deviceToken' } })
    try {
      assert.equal(store.dated, false)
      assert.equal((await all(store.list())).length, 4)
      assert.equal(await store.count(), 4)
      assert.deepEqual(await all(store.list([2, 'alice', '02', '99999999999'])), [dataText(token(2))])
      await store.put(7, token(2))
      assert.deepEqual(await all(store.list('7')), [dataText(token(2))])
      await assert.rejects(store.put('alice', token(4)), { code: 'BELLPUSH_STORE_SCHEMA', message: /holds numbers/ })
      assert.equal(await store.remove(token(1), { unlessSince: NOON }), false)
      for (const n of [1, 2]) assert.equal(await store.remove(token(n)), true)
      assert.deepEqual((await all(store.entries())).map(row => row.clientId).sort(), ['3', '4', '5'])
    } finally {
      await store.close()
    }
  })

  test('ids of 64 bits are told apart', async () => {
    const name = table()
    await server.query(`create table ${name} (id bigint primary key, client_id bigint, token varchar(200))`)
    await server.query(`insert into ${name} values (9007199254740992, 9007199254740992, '${token(1)}'),
      (9007199254740993, 9007199254740993, '${token(2)}')`)
    const store = await openTokenStore(server.url, { table: name })
    try {
      assert.deepEqual(await all(store.list(9007199254740993n)), [token(2)])
      assert.deepEqual((await all(store.entries())).map(row => row.clientId), ['9007199254740992', '9007199254740993'])
      assert.equal(await store.remove(token(1)), true)
      assert.deepEqual(await all(store.list()), [token(2)])
    } finally {
      await store.close()
    }
  })

  for (const type of ['timestamp', 'int', 'varchar(40)']) {
    test(`a registered_at of ${type} is left alone, and an error if it was asked for`, async () => {
      const name = table()
      await server.query(`create table ${name} (client_id int, token varchar(200), registered_at ${type} null)`)
      const store = await openTokenStore(server.url, { table: name })
      assert.equal(store.dated, false)
      await store.put(1, token(1))
      await store.close()
      await assert.rejects(openTokenStore(server.url, { table: name, columns: { registeredAt: 'registered_at' } }),
        { code: 'BELLPUSH_STORE_SCHEMA', message: /milliseconds/ })
    })
  }

  test('clients whose ids differ by case, accent or trailing space are different clients', async () => {
    const name = table()
    await server.query(`create table ${name} (client_id varchar(50), token varchar(200), registered_at bigint)`)
    const store = await openTokenStore(server.url, { table: name })
    try {
      const ids = ['anna', 'Anna', 'änna', 'anna ']
      for (const [n, id] of ids.entries()) await store.put(id, token(n))
      for (const [n, id] of ids.entries()) assert.deepEqual(await all(store.list(id)), [token(n)])
      assert.equal(await store.removeClient('anna'), 1)
      assert.equal(await store.count(['anna', 'Anna']), 1)
    } finally {
      await store.close()
    }
  })

  test('transactions that meet are begun again: nothing is lost, and nothing fails', async () => {
    const store = await create()
    try {
      const some = Array.from({ length: 40 }, (_, n) => token(n))
      await Promise.all(Array.from({ length: 12 }, (_, n) => store.putMany(
        (n % 2 ? some.toReversed() : some).map(token => ({ clientId: n, token, at: NOON + n })))))
      assert.equal(await store.count(), 40)
      await Promise.all([store.removeMany(some.map(token => ({ token, unlessSince: NOON - 1 }))),
        store.removeMany(some.toReversed().map(token => ({ token, unlessSince: NOON - 1 })))])
      assert.equal(await store.count(), 40)
    } finally {
      await store.close()
    }
  })

  test('a registration that is newer than the death survives, whichever transaction comes first', async () => {
    const store = await create()
    try {
      for (let round = 0; round < 20; round++) {
        await store.put('1', token(round), { at: NOON })
        await Promise.all([
          store.put('2', token(round), { at: NOON + DAY }),
          store.remove(token(round), { unlessSince: NOON })
        ])
        assert.deepEqual((await all(store.entries('2'))).length, round + 1)
      }
    } finally {
      await store.close()
    }
  })

  test('a listing holds no connection: many that are left open, or left early, stop nobody', async () => {
    const store = await create()
    try {
      await store.putMany(Array.from({ length: 1_500 }, (_, n) => ({ clientId: '1', token: token(n) })))
      const open = Array.from({ length: 30 }, () => store.list()[Symbol.asyncIterator]())
      for (const listing of open) assert.equal((await listing.next()).done, false)
      await store.put('2', token(2_000))
      assert.equal(await store.count(), 1_501)
      for (const listing of open) await listing.return?.(undefined)
    } finally {
      await store.close()
    }
  })

  test('a thousand phones, fifty dead: 950 accepted once, and the database lost exactly the dead ones', async t => {
    const store = await create()
    t.after(() => store.close())
    const everybody = tokens(1000)
    const dead = everybody.filter((_, i) => i % 20 === 0)
    await store.putMany(everybody.map((token, i) => ({ clientId: i % 300, token, at: Date.now() - DAY })))
    const bell = await doorbell(t, { dead }, { tokens: store })
    const report = await bell.client.send(dingDong, { clientId: Array.from({ length: 300 }, (_, i) => i) })
    assert.deepEqual([report.accepted, report.rejected.length, report.removalError], [950, 50, undefined])
    assert.deepEqual(report.removed.toSorted(), dead.toSorted())
    assert.deepEqual([bell.simulator.counts().accepted, bell.simulator.counts().duplicates], [950, 0])
    assert.deepEqual((await all(store.list())).sort(), everybody.filter(token => !dead.includes(token)))
  })

  test('the command line takes its URL wherever it takes a file', async t => {
    const db = ['--db', server.url, '--table', table()]
    assert.equal((await bellpush(t, ['tokens', 'add', ...db, 'alice', token(1), token(2)])).code, 0)
    const csv = `client_id,token\nbob,${token(3)}\n`
    assert.equal((await bellpush(t, ['tokens', 'import', ...db, '-'], { input: csv })).code, 0)
    assert.equal((await bellpush(t, ['tokens', 'count', ...db])).stdout.trim(), '3')
    assert.equal((await bellpush(t, ['tokens', 'remove', ...db, token(1)])).code, 0)
    const listed = await bellpush(t, ['tokens', 'list', ...db, '--client', 'alice'])
    assert.match(listed.stdout, new RegExp(token(2)))
  })

  test('people do not read the password of the database, and feedback wants a folder for its journal', async t => {
    const label = labelOf({ db: server.url })
    assert.equal(label, server.url.replace(`:${encodeURIComponent(server.password)}@`, '@'))
    assert.equal(labelOf({ db: 'mysql://u:hu@sh@host/db' }), 'mysql://u@host/db')
    await (await create({ table: 'fed' })).close()
    const db = ['--db', server.url, '--table', 'fed', '--gateway', 'apns://127.0.0.1:1']
    const { code, stderr } = await bellpush(t, ['feedback', ...db, '--cert', 'none.pem', '--key', 'none.pem'])
    assert.equal(code, 2)
    assert.match(stderr, /--journal FOLDER/)
  })

  test('no error holds the password or a whole token, its cause neither', async () => {
    const name = table()
    await server.query(`create table ${name} (client_id int not null, token varchar(200), other int not null,
      registered_at bigint, check (client_id <> 5))`)
    const store = await openTokenStore(server.url, { table: name })
    const wrong = new URL(server.url)
    wrong.password = 'hush'
    const unknown = new URL(server.url)
    unknown.pathname = '/nowhere'
    try {
      for (const fails of [
        () => store.put(1, token(1)),
        () => openTokenStore(String(wrong)),
        () => openTokenStore(String(unknown)),
        () => openTokenStore(server.url, { table: 'nowhere' })
      ]) {
        const error = await fails().then(() => assert.fail('it went well'), error => error)
        assert.match(error.code, /^BELLPUSH_STORE_(FAILED|UNAVAILABLE|SCHEMA)$/)
        const text = inspect(error, { depth: 9, showHidden: true })
        assert.ok(!text.includes('hush') && !text.includes(server.password) &&
          !text.includes(encodeURIComponent(server.password)) && !text.includes(token(1)), text)
      }
    } finally {
      await store.close()
    }
  })

  test('a URL that is none is refused and not repeated', async () => {
    const scheme = server.url.slice(0, server.url.indexOf(':'))
    for (const rest of ['', '//', '//host', '//u:hush@host', '//u:hu#sh@host/db', '//u:1?hush@host/db',
      '//u:hush@host/db?x=1', '//u:%hush@host/db', '//u:hush@host:99999/db']) {
      await assert.rejects(openTokenStore(`${scheme}:${rest}`), error =>
        /** @type {any} */ (error).code === 'BELLPUSH_OPTION_INVALID' && !/hu#?sh/.test(inspect(error)))
    }
  })

  more?.({ server: () => server, open: openTokenStore, table })

  test('a database that goes away is a clear error, and when it is back the next call works', async () => {
    const store = await create()
    try {
      await store.put('1', token(1))
      await server.stop()
      await assert.rejects(store.put('1', token(2)), { code: 'BELLPUSH_STORE_UNAVAILABLE', message: /127\.0\.0\.1/ })
      await assert.rejects(async () => all(store.list()), { code: 'BELLPUSH_STORE_UNAVAILABLE' })
      await assert.rejects(openTokenStore(server.url), { code: 'BELLPUSH_STORE_UNAVAILABLE' })
      await server.start()
      await store.put('1', token(3))
      assert.deepEqual((await all(store.list())).sort(), [token(1), token(3)])
    } finally {
      await store.close()
    }
  })
}

/**
 * What is said where a driver is not installed.
 * @param {string} driver
 * @param {string} url
 */
export async function errorWithout (driver, url) {
  const hooks = `export const resolve = (name, context, next) => {
    if (name === '${driver}') throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' })
    return next(name, context)
  }`
  return await answerOf(`
    import { register } from 'node:module'
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}))
    const { openTokenStore } = await import(${STORES})
    const error = await openTokenStore(process.argv[1]).catch(error => error)
    process.send({ code: error.code, message: error.message })
  `, { args: [url] })
}
