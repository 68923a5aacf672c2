/** Token stores in a real PostgreSQL. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { postgres } from '../helpers/database-servers.js'
import { errorWithout, testServerStores } from '../helpers/server-stores.js'
import { testTls } from '../helpers/server-tls.js'
import { token } from '../helpers/sqlite.js'

testServerStores('PostgreSQL', postgres, database => {
  const { server, open, table } = database

  testTls(database, {
    mode: 'sslmode',
    ca: 'sslrootcert',
    cert: 'sslcert',
    key: 'sslkey',
    modes: { off: 'disable', nothing: 'require', authority: 'verify-ca', name: 'verify-full' }
  })

  test('a certificate is checked against an address', async () => {
    const secured = `sslmode=verify-full&sslrootcert=${server().files.ca}`
    await assert.rejects(open(`${server().url}?${secured}`),
      { code: 'BELLPUSH_STORE_UNAVAILABLE', message: /trust.*127\.0\.0\.1/ })
  })

  test('postgresql: is another name of postgres:', async () => {
    const url = server().url.replace('postgres:', 'postgresql:')
    const store = await open(url, { table: table(), create: true })
    await store.put('1', token(1))
    assert.equal(await store.count(), 1)
    await store.close()
  })
})

test('without the driver it is said what to install', async () => {
  const { code, message } = await errorWithout('pg', 'postgres://u:s3cret@127.0.0.1:1/db')
  assert.equal(code, 'BELLPUSH_STORE_UNAVAILABLE')
  assert.match(message, /npm install pg$/)
})
