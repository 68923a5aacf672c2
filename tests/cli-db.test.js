/** `bellpush db`: the tables of the token store and of the journal, in real SQLite files. */

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { folder } from './helpers/certificates.js'
import { bellpush } from './helpers/command.js'
import { query, sqliteFile } from './helpers/sqlite.js'

/** @param {string} file */
const tablesOf = file =>
  query(file, "select name as text from sqlite_master where type = 'table' order by name").map(({ text }) => text)

test('migrate makes what is missing, says so, and does nothing the second time', async t => {
  const cwd = await folder(t)
  const migrate = () => bellpush(t, ['db', 'migrate', '--db', 'sqlite:doorbell.db'], { cwd })
  const first = await migrate()
  assert.deepEqual([first.code, first.stdout, first.stderr], [0, 'migrated: 0001_journal\n', ''])
  assert.deepEqual(tablesOf(join(cwd, 'doorbell.db')), ['bellpush_job_chunks', 'bellpush_jobs', 'bellpush_migrations',
    'bellpush_migrations_lock', 'bellpush_webhook_calls', 'device_tokens'])
  assert.equal((await migrate()).stdout, 'up to date\n')
})

test('several that migrate at once do no harm', async t => {
  const cwd = await folder(t)
  const all = await Promise.all([1, 2, 3].map(() =>
    bellpush(t, ['db', 'migrate', '--db', 'sqlite:doorbell.db', '--json'], { cwd })))
  for (const { code, stderr } of all) assert.deepEqual([code, stderr], [0, ''])
  assert.equal(all.flatMap(({ stdout }) => JSON.parse(stdout).ran).length, 1)
})

test('a table of somebody else is not touched, and no other is made beside it', async t => {
  const file = await sqliteFile(t, 'create table tb_apns (clientId text, deviceToken text)')
  const { code, stderr } = await bellpush(t, ['db', 'migrate', '--db', `sqlite:${file}`, '--table', 'tb_apns',
    '--client-column', 'clientId', '--token-column', 'deviceToken'])
  assert.deepEqual([code, stderr], [0, ''])
  assert.ok(!tablesOf(file).includes('device_tokens'))
  const missing = await bellpush(t, ['db', 'migrate', '--db', `sqlite:${file}`, '--table', 'tokens'])
  assert.equal(missing.code, 2)
  assert.match(missing.stderr, /tokens/)
})

test('status tells what was done and what was not', async t => {
  const cwd = await folder(t)
  const status = () => bellpush(t, ['db', 'status', '--db', 'sqlite:doorbell.db'], { cwd })
  assert.equal((await status()).stdout, '0001_journal\tnot yet\n')
  await bellpush(t, ['db', 'migrate', '--db', 'sqlite:doorbell.db'], { cwd })
  assert.match((await status()).stdout, /^0001_journal\t\d{4}-\d\d-\d\dT/)
})
