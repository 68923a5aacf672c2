/**
 * A table that somebody else's program made, and goes on using: Bellpush works with it as it is.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { normalizeToken } from '../js/core.js'
import { openTokenStore } from '../js/stores/index.js'
import { all, dataText, query, sqliteFile, token } from './helpers/sqlite.js'

const NOON = Date.UTC(2026, 0, 1, 12)
const HOUR = 3_600_000
const TABLE = { table: 'tb_apns', columns: { clientId: 'client_id', token: 'deviceToken' } }

/**
 * @param {import('node:test').TestContext} t
 * @param {string} sql what the file holds; the table is tb_apns
 * @param {import('../js/stores/index.js').DatabaseOptions} [options]
 */
async function open (t, sql, options) {
  const file = await sqliteFile(t, sql)
  const store = await openTokenStore(`sqlite:${file}`, { ...TABLE, ...options })
  t.after(() => store.close())
  return { file, store }
}

const PLAIN = `
  create table tb_apns (client_id integer, deviceToken varchar(64));
  insert into tb_apns values (1, '${token(1)}'), (1, '${token(2)}'), (7, '${token(3)}');`

test('a table of clients and tokens works unchanged', async t => {
  const { file, store } = await open(t, PLAIN)
  const schema = query(file, 'select sql from sqlite_master')
  assert.deepEqual(await all(store.list('1')), [token(1), token(2)])
  assert.deepEqual(await all(store.list([7])), [token(3)])
  assert.deepEqual(await all(store.entries(7)), [{ clientId: '7', token: token(3), registeredAt: null }])
  await store.put('7', token(1))
  await store.put(8, token(4))
  assert.equal(await store.remove(token(2)), true)
  assert.equal(await store.count(), 3)
  assert.deepEqual(query(file, 'select client_id, deviceToken from tb_apns order by deviceToken'), [
    { client_id: 7, deviceToken: token(1) },
    { client_id: 7, deviceToken: token(3) },
    { client_id: 8, deviceToken: token(4) }
  ])
  assert.deepEqual(query(file, 'select sql from sqlite_master'), schema)
  assert.deepEqual(query(file, 'pragma journal_mode'), [{ journal_mode: 'delete' }])
})

test('names are found whatever their case', async t => {
  const { store } = await open(t, PLAIN, { table: 'TB_APNS', columns: { clientId: 'Client_ID', token: 'devicetoken' } })
  assert.equal(await store.count('1'), 2)
})

test('columns without a type work, whether they hold numbers or text', async t => {
  const { store } = await open(t, `
    create table tb_apns (client_id, deviceToken);
    insert into tb_apns values (7, '${token(1)}'), ('7', '${token(2)}'), ('07', '${token(3)}'), (null, '${token(4)}')`)
  assert.deepEqual(await all(store.list(7)), [token(1), token(2)])
  assert.deepEqual(await all(store.list(['07'])), [token(3)])
  assert.deepEqual((await all(store.entries())).map(({ clientId }) => clientId), ['7', '7', '07', null])
  assert.equal(await store.removeClient('7'), 2)
})

test('a number column takes ids and tokens that look like no number, as SQLite does with UUID and STRING', async t => {
  const { store } = await open(t, `
    create table tb_apns (client_id uuid, deviceToken string);
    insert into tb_apns values ('0e1c-aa', '${token(1)}')`)
  await store.put('1b2d-bb', token(2))
  assert.deepEqual(await all(store.list('0e1c-aa')), [token(1)])
  assert.deepEqual(await all(store.list(['1b2d-bb'])), [token(2)])
})

test('a client id that a number column would take for another client finds nobody and is not stored', async t => {
  const { store } = await open(t, `
    create table tb_apns (client_id integer, deviceToken text);
    insert into tb_apns values (1000, '${token(1)}'), (7, '${token(2)}')`)
  for (const clientId of ['1e3', '1000.0', '+7', ' 7', '07', '7.', '.7e1']) {
    assert.deepEqual(await all(store.list(clientId)), [], clientId)
    assert.equal(await store.count([clientId]), 0)
    assert.equal(await store.removeClient(clientId), 0)
    await assert.rejects(store.put(clientId, token(3)), { code: 'BELLPUSH_STORE_SCHEMA' })
  }
  assert.equal(await store.count(), 2)
})

test('numbers of 64 bits are told apart', async t => {
  const ids = ['9007199254740992', '9007199254740993', '9223372036854775807']
  const { store } = await open(t, `
    create table tb_apns (client_id integer primary key, deviceToken text);
    ${ids.map((id, n) => `insert into tb_apns values (${id}, '${token(n)}');`).join('')}`)
  for (const [n, id] of ids.entries()) {
    assert.deepEqual(await all(store.entries(id)), [{ clientId: id, token: token(n), registeredAt: null }])
  }
})

test('a token that is in several rows is listed and counted once', async t => {
  const { store } = await open(t, `
    create table tb_apns (client_id integer, deviceToken text);
    with recursive n (i) as (select 0 union all select i + 1 from n where i < 6999)
    insert into tb_apns select i, printf('%064x', i % 3500) from n`)
  const listed = await all(store.list())
  assert.equal(listed.length, 3_500)
  assert.equal(new Set(listed).size, 3_500)
  const everyClient = Array.from({ length: 7_000 }, (_, n) => n)
  assert.equal((await all(store.list(everyClient))).length, 3_500)
  assert.equal(await store.count(), 3_500)
  assert.equal(await store.count(everyClient), 3_500)
  assert.equal((await all(store.entries())).length, 7_000)
})

for (const unique of ['', 'unique']) {
  const table = `create table tb_apns (client_id integer, deviceToken text ${unique});`

  test(`a token in several spellings is listed and counted once, ${unique || 'not unique'}`, async t => {
    // In the order of its rows and of its texts every token is far from its other spellings.
    const { store } = await open(t, `${table}
      with recursive n (i) as (select 0 union all select i + 1 from n where i < 2499)
      insert into tb_apns select i, printf('a%063x', i) from n union all select i, printf('A%063X', i) from n
        union all select i, printf('<a%063x>', i) from n`)
    const canonical = Array.from({ length: 2_500 }, (_, n) => `a${n.toString(16).padStart(63, '0')}`)
    const listed = await all(store.list())
    assert.deepEqual(listed.map(text => normalizeToken(text)).sort(), canonical)
    const everyClient = Array.from({ length: 2_500 }, (_, n) => n)
    assert.deepEqual((await all(store.list(everyClient))).map(text => normalizeToken(text)).sort(), canonical)
    assert.equal(await store.count(), 2_500)
    assert.equal(await store.count(everyClient), 2_500)
    assert.equal((await all(store.entries())).length, 7_500)
    assert.equal((await store.removeMany(listed.map(token => ({ token })))).length, 2_500)
    assert.equal((await all(store.entries())).length, 0)
  })

  test(`space around a token makes no other one of it, ${unique || 'not unique'}`, async t => {
    const texts = ['', ' ', '\t', '\r', '\n', '\r\n'].flatMap(space => [token(1) + space, space + token(1)])
    const values = [...new Set(texts)].map(text => `(1, char(${[...text].map(each => each.charCodeAt(0)).join(', ')}))`)
    const { store } = await open(t, `${table} insert into tb_apns values ${values.join(', ')}`)
    assert.deepEqual((await all(store.list())).map(text => normalizeToken(text)), [token(1)])
    assert.equal(await store.count(), 1)
  })

  test(`of a token that has no canonical spelling one of the others is listed, ${unique || 'not unique'}`, async t => {
    const spellings = [token(1).toUpperCase(), dataText(token(1))]
    const { store } = await open(t, `${table}
      insert into tb_apns values (1, '${spellings[0]}'), (1, '${spellings[1]}')`)
    const [listed, ...others] = await all(store.list())
    assert.ok(spellings.includes(listed))
    assert.deepEqual(others, [])
    assert.equal(await store.count(), 1)
    assert.equal(await store.remove(token(1)), true)
    assert.equal((await all(store.entries())).length, 0)
  })

  test(`a spelling is listed for its client though another client has another, ${unique || 'not unique'}`, async t => {
    const { store } = await open(t, `${table}
      insert into tb_apns values (1, '${token(1)}'), (2, '${token(1).toUpperCase()}')`)
    assert.deepEqual(await all(store.list(2)), [token(1).toUpperCase()])
    assert.deepEqual(await all(store.list(1)), [token(1)])
    assert.equal((await all(store.list([2, 1]))).length, 1)
    assert.equal(await store.count(2), 1)
  })

  test(`texts that are no tokens are listed as they are, ${unique || 'not unique'}`, async t => {
    const { store } = await open(t, `${table}
      insert into tb_apns values (1, 'n/a'), (1, 'N/A'), (1, '<abc>'), (1, 'abc')`)
    assert.deepEqual((await all(store.list())).sort(), ['<abc>', 'N/A', 'abc', 'n/a'])
    assert.equal(await store.count(), 4)
  })
}

test('two listings at the same time do not disturb each other', async t => {
  const { store } = await open(t, `
    create table tb_apns (client_id integer, deviceToken text);
    with recursive n (i) as (select 0 union all select i + 1 from n where i < 4999)
    insert into tb_apns select i, printf('%064x', i) from n`)
  const listings = await Promise.all([all(store.list()), all(store.list()), all(store.list())])
  assert.deepEqual(listings.map(({ length }) => length), [5_000, 5_000, 5_000])
})

test('every spelling is listed as it is stored, and removed by what Apple calls it', async t => {
  const spellings = [
    token(0), token(1).toUpperCase(), dataText(token(2)), dataText(token(3)).toUpperCase(), `<${token(4)}>`,
    token(5).replace(/.{8}(?=.)/g, '$& ')
  ]
  const { store } = await open(t, `
    create table tb_apns (client_id integer, deviceToken text);
    ${spellings.map(text => `insert into tb_apns values (1, '${text}');`).join('')}`)
  assert.deepEqual(await all(store.list()), spellings)
  for (const n of spellings.keys()) assert.equal(await store.remove(token(n)), true, spellings[n])
  assert.equal(await store.count(), 0)
})

test('what a listing gave can be removed, whatever it is', async t => {
  const strange = [` ${token(1)}`, token(2).replace('b', 'B'), 'n/a', '', `${token(3)}\n`, "it's"]
  const { store } = await open(t, `
    create table tb_apns (client_id integer, deviceToken text);
    ${strange.map(text => `insert into tb_apns values (1, '${text.replaceAll("'", "''")}');`).join('')}
    insert into tb_apns values (1, null)`)
  const listed = await all(store.list())
  assert.deepEqual(listed, strange)
  assert.deepEqual(await store.removeMany(listed.map(token => ({ token }))), listed)
  assert.equal(await store.count(), 0)
})

test('registering again keeps the row, with its spelling and its other columns', async t => {
  const { file, store } = await open(t, `
    create table tb_apns (id integer primary key, client_id integer, deviceToken text unique, model text);
    insert into tb_apns values (3, 1, '${token(1).toUpperCase()}', 'iPhone 4')`)
  await store.put(2, token(1))
  assert.deepEqual(query(file, 'select * from tb_apns'), [
    { id: 3, client_id: 2, deviceToken: token(1).toUpperCase(), model: 'iPhone 4' }
  ])
})

test('a token in two spellings moves to a new client in both', async t => {
  const { store } = await open(t, `
    create table tb_apns (client_id integer, deviceToken text unique);
    insert into tb_apns values (1, '${token(1)}'), (2, '${token(1).toUpperCase()}')`)
  await store.put(3, token(1))
  assert.equal(await store.count([1, 2]), 0)
  assert.equal((await all(store.entries(3))).length, 2)
})

test('a registration that may be an old one leaves an unknown time unknown, and moves other rows', async t => {
  const { file, store } = await open(t, `
    create table tb_apns (client_id integer, deviceToken text, registered_at integer);
    insert into tb_apns values (1, '${token(1)}', null), (1, '${token(2)}', ${NOON}),
      (2, '${token(2).toUpperCase()}', ${NOON});`)
  await store.putMany([1, 2].map(n => ({ clientId: 1, token: token(n), at: NOON + HOUR, keepTime: true })))
  assert.deepEqual(query(file, 'select client_id as id, registered_at as at from tb_apns'), [
    { id: 1, at: null }, { id: 1, at: NOON }, { id: 1, at: NOON + HOUR }
  ])
})

test('without registration times a removal by time keeps the token, and the store says so', async t => {
  const { store } = await open(t, PLAIN)
  assert.equal(store.dated, false)
  assert.equal(await store.remove(token(1), { unlessSince: Date.now() }), false)
  assert.equal(await store.count(), 3)
  assert.equal(await store.remove(token(1)), true)
})

test('without registration times a removal by time takes the token if that was asked for', async t => {
  const { store } = await open(t, PLAIN, { undated: 'remove' })
  assert.equal(store.dated, false)
  assert.equal(await store.remove(token(1), { unlessSince: NOON }), true)
  assert.equal(await store.count(), 2)
})

const DATED = `
  create table tb_apns (client_id integer, deviceToken text, registered_at integer);
  insert into tb_apns values (1, '${token(1)}', ${NOON - HOUR}), (1, '${token(2)}', null);`

test('a row without a time, in a table that has times, is treated as undated', async t => {
  const removals = [1, 2].map(n => ({ token: token(n), unlessSince: NOON }))
  const keeping = await open(t, DATED)
  assert.equal(keeping.store.dated, true)
  assert.deepEqual(await keeping.store.removeMany(removals), [token(1)])
  const removing = await open(t, DATED, { undated: 'remove' })
  assert.deepEqual(await removing.store.removeMany(removals), [token(1), token(2)])
})

test('a store says whether a removal by time can remove anything', async t => {
  const noneDated = DATED.replace(/\(1, '[^']*', \d+\), /, '')
  for (const [sql, can] of /** @type {const} */ ([[PLAIN, false], [noneDated, false], [DATED, true]])) {
    const keeping = await open(t, sql)
    assert.equal(await keeping.store.removesByTime(), can, sql)
    const removing = await open(t, sql, { undated: 'remove' })
    assert.equal(await removing.store.removesByTime(), true)
  }
  const { store: empty } = await open(t, DATED.replace(/insert .*/s, ''))
  assert.equal(await empty.removesByTime(), true)
})

test('a token of which one row is younger than its death lives in all of them', async t => {
  const { store } = await open(t, `
    create table tb_apns (client_id integer, deviceToken text, registered_at integer);
    insert into tb_apns values (1, '${token(1)}', ${NOON - HOUR}), (2, '${token(1).toUpperCase()}', ${NOON + HOUR});`)
  assert.equal(await store.remove(token(1), { unlessSince: NOON }), false)
  assert.equal((await all(store.entries())).length, 2)
  assert.equal(await store.remove(token(1), { unlessSince: NOON + HOUR }), true)
  assert.equal(await store.count(), 0)
})

test('a registered_at for dates is left alone even while the table is empty', async t => {
  for (const type of ['datetime', 'timestamp', 'text']) {
    const { store } = await open(t, `create table tb_apns (client_id integer, deviceToken text, registered_at ${type})`)
    assert.equal(store.dated, false, type)
  }
})

for (const [what, value, found] of /** @type {[string, string, RegExp][]} */ ([
  ['dates as text', "'2026-01-01 12:00:00'", /text/],
  ['seconds', '1767268800', /1767268800/]
])) {
  const sql = `
    create table tb_apns (client_id integer, deviceToken text, registered_at datetime default 'somebody else''s');
    insert into tb_apns values (1, '${token(1)}', ${value});`

  test(`a registered_at of ${what} is left alone`, async t => {
    const { file, store } = await open(t, sql)
    assert.equal(store.dated, false)
    await store.put(1, token(2))
    assert.equal(await store.remove(token(1), { unlessSince: Date.now() }), false)
    assert.equal(query(file, `select registered_at from tb_apns where deviceToken = '${token(2)}'`)[0].registered_at,
      "somebody else's")
  })

  test(`a time column of ${what} that was asked for is an error`, async t => {
    const columns = { ...TABLE.columns, registeredAt: 'registered_at' }
    await assert.rejects(open(t, sql, { columns }), { code: 'BELLPUSH_STORE_SCHEMA', message: found })
    const { store } = await open(t, sql, { columns: { ...columns, registeredAt: null } })
    assert.equal(store.dated, false)
  })
}

test('a text column that takes tokens for numbers is never given one that it would damage', async t => {
  const digits = '1'.repeat(64)
  const { store } = await open(t, 'create table tb_apns (client_id integer, deviceToken string)')
  await store.put(1, token(1))
  assert.deepEqual(await all(store.list()), [token(1)])
  assert.equal(await store.remove(token(1)), true)
  for (const text of [digits, '1e30', '12e4', '00']) {
    await assert.rejects(store.put(1, text), { code: 'BELLPUSH_STORE_SCHEMA', message: /declare it as text/ })
  }
  assert.equal(await store.count(), 0)
})

test('tokens that such a column has damaged are not taken for one another', async t => {
  const { store } = await open(t, `
    create table tb_apns (client_id integer, deviceToken string);
    insert into tb_apns values (1, '${'1'.repeat(64)}')`)
  assert.equal(await store.remove('1'.repeat(63) + '2'), false)
  assert.equal(await store.count(), 1)
})

test('a column that compares without case works', async t => {
  const { store } = await open(t, `
    create table tb_apns (client_id integer, deviceToken text collate nocase unique);
    insert into tb_apns values (1, '${token(1).replace('b', 'B')}')`)
  await store.put(2, token(1))
  assert.equal(await store.count(), 1)
  assert.equal(await store.count(2), 1)
  assert.equal(await store.remove(token(1)), true)
})

test('a column with a name of SQLite\'s own row number is not taken for it', async t => {
  const { store } = await open(t, `
    create table tb_apns (client_id integer, deviceToken text, rowid text default 'same', oid text default 'same');
    with recursive n (i) as (select 0 union all select i + 1 from n where i < 2499)
    insert into tb_apns (client_id, deviceToken) select i, printf('%064x', i) from n`)
  assert.equal((await all(store.list())).length, 2_500)
  assert.equal(await store.remove('0'.repeat(64)), true)
  assert.equal(await store.count(), 2_499)
})

test('rows are paged through wherever their numbers begin', async t => {
  const { store } = await open(t, `
    create table tb_apns (id integer primary key, client_id integer, deviceToken text);
    with recursive n (i) as (select -1500 union all select i + 1 from n where i < 1499)
    insert into tb_apns select i, i, printf('%064x', i + 1500) from n;
    update tb_apns set id = -9223372036854775808 where id = -1500;
    update tb_apns set id = 9223372036854775807 where id = 1499`)
  assert.equal((await all(store.list())).length, 3_000)
})

for (const [what, sql] of Object.entries({
  'a view': `create table phones (client_id integer, deviceToken text);
    create view tb_apns as select * from phones;
    insert into phones`,
  'a table without row numbers': `create table tb_apns (client_id integer, deviceToken text,
      primary key (client_id, deviceToken)) without rowid;
    insert into tb_apns`
})) {
  test(`${what} is listed page by page`, async t => {
    const { store } = await open(t, `${sql}
      with recursive n (i) as (select 0 union all select i + 1 from n where i < 4499)
      select i, printf('%064x', i % 1500) from n`)
    assert.equal((await all(store.list())).length, 1_500)
    assert.equal(await store.count(), 1_500)
    assert.equal((await all(store.entries())).length, 4_500)
  })
}

test('bytes instead of text are an error, not a guess', async t => {
  const { store } = await open(t, `
    create table tb_apns (client_id integer, deviceToken blob); insert into tb_apns values (1, x'${token(1)}')`)
  await assert.rejects(all(store.list()), { code: 'BELLPUSH_STORE_SCHEMA', message: /holds bytes/ })
})
