/**
 * What only a store in a SQLite file can meet: other processes, other rights, other files, a large audience.
 */
import assert from 'node:assert/strict'
import { chmod, cp, mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { BellpushError } from '../js/errors.js'
import { openTokenStore } from '../js/stores/index.js'
import { all, answerOf, lockFile, query, sqliteFile, temporaryFolder, token } from './helpers/sqlite.js'

const STORES = new URL('../js/stores/index.js', import.meta.url).href

test('a file that is not there is an error, and is not made', async t => {
  const folder = await temporaryFolder(t)
  await assert.rejects(openTokenStore(`sqlite:${folder}/typo.db`), {
    code: 'BELLPUSH_STORE_UNAVAILABLE',
    message: /no token database .*typo\.db/
  })
  assert.deepEqual(await readdir(folder), [])
})

test('create makes the file and the table, and what was put is there the next time', async t => {
  const folder = await temporaryFolder(t)
  const first = await openTokenStore(`sqlite:${folder}/doorbell.db`, { create: true })
  await first.put('1', token(1))
  await first.close()
  const second = await openTokenStore(`sqlite://${folder}/doorbell.db`, { create: true })
  assert.deepEqual(await all(second.list('1')), [token(1)])
  await second.close()
  const third = await openTokenStore(`sqlite:${folder}/doorbell.db`)
  assert.equal(await third.count(), 1)
  assert.equal(third.dated, true)
  await third.close()
  assert.deepEqual(query(`${folder}/doorbell.db`, 'pragma journal_mode'), [{ journal_mode: 'wal' }])
})

test('once closed, the file alone holds everything', async t => {
  const folder = await temporaryFolder(t)
  const store = await openTokenStore(`sqlite:${folder}/doorbell.db`, { create: true })
  await store.put('1', token(1))
  await store.close()
  await cp(`${folder}/doorbell.db`, `${folder}/copy.db`)
  assert.equal(query(`${folder}/copy.db`, 'select * from device_tokens').length, 1)
})

test('create adds the table to an existing database and leaves the rest as it is', async t => {
  const file = await sqliteFile(t, "create table people (name text); insert into people values ('Ada')")
  const store = await openTokenStore(`sqlite:${file}`, { create: true, table: 'phones', columns: { token: 'device' } })
  await store.put('1', token(1))
  await store.close()
  assert.deepEqual(query(file, 'select name from people'), [{ name: 'Ada' }])
  assert.equal(query(file, 'select device from phones')[0].device, token(1))
  assert.deepEqual(query(file, 'pragma journal_mode'), [{ journal_mode: 'delete' }])
})

test('a new table keeps a token from being in two rows and finds a client by an index', async t => {
  const file = join(await temporaryFolder(t), 'doorbell.db')
  await (await openTokenStore(`sqlite:${file}`, { create: true })).close()
  const plan = query(file, "explain query plan select token from device_tokens where client_id in ('1') order by token")
  assert.match(plan[0].detail, /SEARCH .* USING COVERING INDEX/)
  assert.equal(query(file, "select count(*) as n from pragma_index_list('device_tokens') where \"unique\"")[0].n, 1)
})

test('a missing table is an error that names the tables there are', async t => {
  const file = await sqliteFile(t, 'create table people (name text); create table tb_gcm (client_id, token)')
  await assert.rejects(openTokenStore(`sqlite:${file}`, { table: 'tb_apns' }), {
    code: 'BELLPUSH_STORE_SCHEMA',
    message: /no table tb_apns; its tables are: people, tb_gcm.*with table, or have it made: create: true does that/
  })
  await writeFile(`${file}.empty`, '')
  await assert.rejects(openTokenStore(`sqlite:${file}.empty`), { code: 'BELLPUSH_STORE_SCHEMA', message: /no tables/ })
})

test('a missing column is an error that names the columns there are', async t => {
  const file = await sqliteFile(t, 'create table tb_apns (client_id int, deviceToken text)')
  const open = (/** @type {object} */ columns) => openTokenStore(`sqlite:${file}`, { table: 'tb_apns', columns })
  await assert.rejects(open({}), {
    code: 'BELLPUSH_STORE_SCHEMA',
    message: /tb_apns .* has no column token\. Its columns are: client_id, deviceToken/
  })
  await assert.rejects(open({ token: 'deviceToken', registeredAt: 'since' }), {
    code: 'BELLPUSH_STORE_SCHEMA',
    message: /no column since/
  })
})

test('a table that goes missing later is the same error', async t => {
  const file = await sqliteFile(t, 'create table device_tokens (client_id text, token text)')
  const store = await openTokenStore(`sqlite:${file}`)
  query(file, 'drop table device_tokens')
  await assert.rejects(store.put('1', token(1)), { code: 'BELLPUSH_STORE_SCHEMA' })
  await assert.rejects(all(store.list()), { code: 'BELLPUSH_STORE_SCHEMA' })
  await store.close()
})

test('what is not a database is called that', async t => {
  const folder = await temporaryFolder(t)
  await writeFile(`${folder}/tokens.txt`, `${token(1)}\n`.repeat(100))
  for (const create of [false, true]) {
    await assert.rejects(openTokenStore(`sqlite:${folder}/tokens.txt`, { create }), {
      code: 'BELLPUSH_STORE_UNAVAILABLE',
      message: /not a SQLite database/
    })
  }
})

test('a folder, and a file in no folder, cannot be opened', async t => {
  const folder = await temporaryFolder(t)
  for (const path of [folder, `${folder}/none/doorbell.db`]) {
    await assert.rejects(openTokenStore(`sqlite:${path}`, { create: true }), { code: 'BELLPUSH_STORE_UNAVAILABLE' })
  }
})

test('a path is a file and never an address', async () => {
  for (const path of ['http://127.0.0.1:1/a.db', 'libsql://127.0.0.1/a', 'file:/none/a.db?mode=memory', '///none/a']) {
    for (const create of [false, true]) {
      await assert.rejects(openTokenStore(`sqlite:${path}`, { create }), error => {
        assert.ok(error instanceof BellpushError)
        assert.equal(error.code, 'BELLPUSH_STORE_UNAVAILABLE')
        return error.message.includes(resolve(path.replace(/^\/\//, '')))
      })
    }
  }
})

test('a database that another process has locked cannot be opened', async t => {
  const file = await sqliteFile(t, 'create table device_tokens (client_id text, token text)')
  await lockFile(t, file)
  await assert.rejects(openTokenStore(`sqlite:${file}`, { lockTimeout: 20 }), {
    code: 'BELLPUSH_STORE_LOCKED',
    message: /old\.db is locked by another process/
  })
})

test('while another process holds the lock nothing is changed, and afterwards everything works', async t => {
  const file = join(await temporaryFolder(t), 'doorbell.db')
  const store = await openTokenStore(`sqlite:${file}`, { create: true, lockTimeout: 0 })
  t.after(() => store.close())
  await store.put('1', token(1))
  const release = await lockFile(t, file)
  await assert.rejects(store.put('1', token(2)), { code: 'BELLPUSH_STORE_LOCKED' })
  await assert.rejects(store.removeMany([{ token: token(1) }]), { code: 'BELLPUSH_STORE_LOCKED' })
  await assert.rejects(store.removeClient('1'), { code: 'BELLPUSH_STORE_LOCKED' })
  assert.deepEqual(await all(store.list()), [token(1)], 'whoever reads is not stopped by whoever writes')
  await release()
  await store.put('1', token(2))
  assert.equal(await store.count(), 2)
})

test('a listing that met a lock leaves nothing behind that would stop a later change', async t => {
  const file = await sqliteFile(t, `
    create table device_tokens (client_id text, token text);
    with recursive n (i) as (select 0 union all select i + 1 from n where i < 2499)
    insert into device_tokens select i, printf('%064x', i) from n`)
  const store = await openTokenStore(`sqlite:${file}`, { lockTimeout: 0 })
  t.after(() => store.close())
  const release = await lockFile(t, file)
  await assert.rejects(all(store.list()), { code: 'BELLPUSH_STORE_LOCKED' })
  await assert.rejects(store.put('1', token(1)), { code: 'BELLPUSH_STORE_LOCKED' })
  await release()
  await store.put('1', token(1))
  assert.equal((await all(store.list())).length, 2_501)
  assert.equal(await store.remove(token(1)), true)
})

test('a registration waits for the lock, and this process goes on meanwhile', async t => {
  const file = join(await temporaryFolder(t), 'doorbell.db')
  const store = await openTokenStore(`sqlite:${file}`, { create: true, lockTimeout: 60_000 })
  t.after(() => store.close())
  const release = await lockFile(t, file)
  const put = store.put('1', token(1))
  await release()
  await put
  assert.equal(await store.count(), 1)
})

test('two processes that register at the same time lose nothing', async t => {
  const file = join(await temporaryFolder(t), 'doorbell.db')
  const code = `
    import { openTokenStore } from ${JSON.stringify(STORES)}
    const [file, first] = process.argv.slice(1)
    const store = await openTokenStore('sqlite:' + file, { create: true })
    for (let n = 0; n < 100; n++) await store.put(first, 'ab' + first + String(n).padStart(4, '0'))
    for (let n = 0; n < 20; n++) await store.put(first, 'cd' + String(n).padStart(4, '0'))
    await store.close()
    process.send('done')
  `
  await Promise.all(['11', '22'].map(first => answerOf(code, { args: [file, first] })))
  const store = await openTokenStore(`sqlite:${file}`)
  assert.equal(await store.count(), 220)
  await store.close()
})

for (const place of ['file', 'folder']) {
  test(`a read-only ${place} can be listed and not changed`, async t => {
    const file = await sqliteFile(t, `
      create table device_tokens (client_id text, token text unique, registered_at integer);
      insert into device_tokens values ('1', '${token(1)}', 5)`)
    await chmod(file, place === 'file' ? 0o444 : 0o666)
    await chmod(dirname(file), place === 'file' ? 0o777 : 0o555)
    assert.deepEqual(await asUnprivileged(file, 'list'), { listed: 1 })
    for (const method of ['put', 'remove', 'removeClient']) {
      assert.deepEqual(await asUnprivileged(file, method), { code: 'BELLPUSH_STORE_READ_ONLY' }, method)
    }
  })
}

test('a new file in a folder that cannot be written is an error that says so', async t => {
  const folder = await temporaryFolder(t)
  await chmod(folder, 0o555)
  assert.deepEqual(await asUnprivileged(`${folder}/new.db`, 'list'), { code: 'BELLPUSH_STORE_READ_ONLY' })
})

test('removals are all or nothing when the database fails half-way', async t => {
  const file = await sqliteFile(t, `
    create table device_tokens (client_id text, token text unique, registered_at integer);
    create trigger half_way before delete on device_tokens when old.token = '${token(700)}'
    begin select raise(abort, 'out of order'); end`)
  const store = await openTokenStore(`sqlite:${file}`)
  const tokens = Array.from({ length: 1_000 }, (_, n) => token(n))
  await store.putMany(tokens.map(token => ({ clientId: '1', token })))
  await assert.rejects(store.removeMany(tokens.map(token => ({ token }))), { code: 'BELLPUSH_STORE_FAILED' })
  assert.equal(await store.count(), 1_000)
  query(file, 'drop trigger half_way')
  assert.equal((await store.removeMany(tokens.map(token => ({ token })))).length, 1_000)
  await store.close()
})

test('no error tells a whole token', async t => {
  const file = await sqliteFile(t, 'create table device_tokens (client_id text, token text, model text not null)')
  const store = await openTokenStore(`sqlite:${file}`)
  await assert.rejects(store.put('1', token(1)), error => {
    assert.ok(error instanceof Error)
    assert.match(error.message, /device_tokens\.model/)
    assert.doesNotMatch(error.message + String(error.cause), new RegExp(token(1)))
    return true
  })
  await store.close()
})

test('names that are not plain are refused before anything is opened', async t => {
  const folder = await temporaryFolder(t)
  const hostile = ['x"; drop table a; --', 'a b', 'a.b', '', 'é', '1a', 'a-b', '`a`', '[a]', "a'", 'a'.repeat(64), 7]
  for (const name of hostile) {
    const bad = /** @type {any} */ (name)
    for (const options of [
      { table: bad }, { columns: { clientId: bad } }, { columns: { token: bad } }, { columns: { registeredAt: bad } }
    ]) {
      await assert.rejects(openTokenStore(`sqlite:${folder}/new.db`, { ...options, create: true }), {
        code: 'BELLPUSH_OPTION_INVALID'
      })
    }
  }
  assert.deepEqual(await readdir(folder), [])
})

test('options that do not exist, or do not go together, are refused', async () => {
  for (const options of [
    { tabel: 'a' }, { columns: { tokens: 'a' } }, { columns: { clientId: 'A', token: 'a' } }, { undated: 'maybe' },
    { lockTimeout: -1 }, { lockTimeout: '5' }
  ]) {
    await assert.rejects(openTokenStore('sqlite::memory:', /** @type {any} */ (options)), {
      code: 'BELLPUSH_OPTION_INVALID'
    })
  }
})

test('names that SQL keeps for itself are names like any other', async () => {
  const store = await openTokenStore('sqlite::memory:', {
    table: 'order', columns: { clientId: 'group', token: 'select', registeredAt: 'as' }
  })
  await store.put('1', token(1), { at: 5 })
  await store.put('2', token(1), { at: 6 })
  assert.deepEqual(await all(store.entries('2')), [{ clientId: '2', token: token(1), registeredAt: 6 }])
  assert.equal(await store.remove(token(1), { unlessSince: 6 }), true)
  await store.close()
})

test('a store may have no registration times from the start', async () => {
  const store = await openTokenStore('sqlite::memory:', { columns: { registeredAt: null } })
  await store.put('1', token(1))
  assert.equal(store.dated, false)
  assert.deepEqual(await all(store.entries()), [{ clientId: '1', token: token(1), registeredAt: null }])
  await store.close()
})

test('close waits for what is under way, and ends a listing', async t => {
  const file = join(await temporaryFolder(t), 'doorbell.db')
  const store = await openTokenStore(`sqlite:${file}`, { create: true })
  await store.putMany(Array.from({ length: 1_500 }, (_, n) => ({ clientId: '1', token: token(n) })))
  const listing = store.list()[Symbol.asyncIterator]()
  await listing.next()
  const removals = Array.from({ length: 1_000 }, (_, n) => ({ token: token(n) }))
  const [removed] = await Promise.all([store.removeMany(removals), store.put('2', token(2_000)), store.close()])
  assert.equal(removed.length, 1_000)
  assert.equal(query(file, 'select count(*) as n from device_tokens')[0].n, 501)
  await assert.rejects(async () => { while (!(await listing.next()).done); }, { code: 'BELLPUSH_CLOSED' })
})

for (const constraint of ['unique', '']) {
  test(`memory is the same for 100,000 tokens as for 10,000 (${constraint || 'not unique'})`, async t => {
    const file = await sqliteFile(t, `
      create table device_tokens (client_id text, token text ${constraint});
      with recursive numbers (n) as (select 0 union all select n + 1 from numbers where n < 99999)
      insert into device_tokens select n % 1000, printf('%064x', n) from numbers`)
    const { tokens, growth } = await answerOf(`
      import { openTokenStore } from ${JSON.stringify(STORES)}
      const store = await openTokenStore('sqlite:' + process.argv[1])
      let tokens = 0
      let base = 0
      let growth = 0
      for await (const token of store.list()) {
        if (++tokens % 10_000 !== 0) continue
        gc()
        const { heapUsed, external } = process.memoryUsage()
        if (base === 0) base = heapUsed + external
        growth = Math.max(growth, heapUsed + external - base)
      }
      process.send({ tokens, growth })
    `, { args: [file], flags: ['--expose-gc'] })
    assert.equal(tokens, 100_000)
    assert.ok(growth < 2e6, `grew by ${growth} bytes`)
  })
}

test('whoever keeps tokens in memory needs neither a driver nor a query builder', async t => {
  const folder = await temporaryFolder(t)
  const root = fileURLToPath(new URL('..', import.meta.url))
  for (const name of ['js', 'pkg', 'package.json']) {
    const there = await stat(join(root, name)).then(() => true, () => false)
    if (there) await cp(join(root, name), join(folder, name), { recursive: true })
  }
  await mkdir(join(folder, 'node_modules'))
  const stores = JSON.stringify(join(folder, 'js/stores/index.js'))
  const answer = await answerOf(`
    const { openTokenStore } = await import(${stores})
    const store = await openTokenStore('memory:')
    await store.put('1', 'ab')
    const sqlite = await openTokenStore('sqlite::memory:').catch(error => error.code)
    process.send({ count: await store.count(), sqlite })
  `)
  assert.equal(answer.count, 1)
  assert.equal(answer.sqlite, 'ERR_MODULE_NOT_FOUND')
})

/**
 * Does something in a process that may not do everything, as root may.
 * @param {string} file
 * @param {string} method
 * @returns {Promise<{ listed?: number, code?: string }>}
 */
async function asUnprivileged (file, method) {
  return answerOf(`
    import 'libsql'
    import 'kysely'
    import ${JSON.stringify(new URL('../js/stores/sqlite.js', import.meta.url).href)}
    import { openTokenStore } from ${JSON.stringify(STORES)}
    const [file, method] = process.argv.slice(1)
    if (process.getuid?.() === 0) {
      process.setgid(65534)
      process.setuid(65534)
    }
    const token = ${JSON.stringify(token(1))}
    const answer = {}
    try {
      const store = await openTokenStore('sqlite:' + file, { create: file.endsWith('new.db') })
      if (method === 'list') for await (const _ of store.list()) answer.listed = (answer.listed ?? 0) + 1
      if (method === 'put') await store.put('1', token)
      if (method === 'remove') await store.remove(token)
      if (method === 'removeClient') await store.removeClient('1')
      await store.close()
    } catch (error) {
      answer.code = error.code
    }
    process.send(answer)
  `, { args: [file, method] })
}
