/** Token stores in a real MariaDB, which also stands for MySQL. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mariadb } from '../helpers/database-servers.js'
import { errorWithout, testServerStores } from '../helpers/server-stores.js'
import { testTls } from '../helpers/server-tls.js'
import { all, token } from '../helpers/sqlite.js'

testServerStores('MariaDB', mariadb, database => {
  const { server, open, table } = database

  testTls(database, {
    mode: 'ssl-mode',
    ca: 'ssl-ca',
    cert: 'ssl-cert',
    key: 'ssl-key',
    modes: { off: 'DISABLED', nothing: 'REQUIRED', authority: 'VERIFY_CA', name: 'VERIFY_IDENTITY' }
  })

  test('a certificate is not checked against an address', async () => {
    await assert.rejects(open(`${server().url}?ssl-mode=VERIFY_IDENTITY`),
      { code: 'BELLPUSH_OPTION_INVALID', message: /verifies a name.*127\.0\.0\.1/ })
  })

  test('mariadb: is another name of mysql:', async () => {
    const name = table()
    const url = server().url.replace('mysql:', 'mariadb:')
    const store = await open(url, { table: name, create: true })
    await store.put('1', token(1))
    assert.equal(await store.count(), 1)
    await store.close()
  })

  test('what is no token is removed as it is spelled, though the column compares without case', async () => {
    const name = table()
    await server().query(`create table ${name} (client_id int, token varchar(200) collate utf8mb4_general_ci)`)
    await server().query(`insert into ${name} values (1, 'No Token'), (2, 'no token'), (3, 'no token ')`)
    const store = await open(server().url, { table: name })
    assert.equal(await store.remove('no token'), true)
    assert.deepEqual((await all(store.entries())).map(({ clientId }) => clientId).sort(), ['1', '3'])
    await store.close()
  })
})

test('without the driver it is said what to install', async () => {
  const { code, message } = await errorWithout('mysql2', 'mysql://u:s3cret@127.0.0.1:1/db')
  assert.equal(code, 'BELLPUSH_STORE_UNAVAILABLE')
  assert.match(message, /npm install mysql2/)
})
