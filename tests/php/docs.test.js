/** docs/codeigniter.md, done as it is written: its commands and its controller. All tests use its configuration. */
import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { folder } from '../helpers/certificates.js'
import { mariadb } from '../helpers/database-servers.js'
import { databaseConfig, php, ran, sidecarOn, written } from '../helpers/php.js'

/** @type {import('../helpers/database-servers.js').Server} */
let database
before(async () => { database = await mariadb() })
after(async () => database?.remove())

test('a site with the old files keeps them aside, and rings with the new ones', async t => {
  const { url } = await sidecarOn(t, database)
  const home = await folder(t)
  const site = join(home, 'site')
  for (const old of ['libraries/Apns.php', 'models/Apns_model.php', 'config/apns.php']) {
    await mkdir(join(site, 'application', old, '..'), { recursive: true })
    await writeFile(join(site, 'application', old), '<?php // of 2016')
  }
  await ran(t, 'cp', [join(php, 'tests/CodeIgniter/site/index.php'), site])
  await mkdir(join(site, 'application/controllers'))
  await writeFile(join(site, 'application/config/database.php'), databaseConfig(database))
  const commands = (/** @type {RegExp} */ form) => ran(t, 'bash', ['-euc', written(form)
    .replaceAll(/^ {4}/gm, '')
    .replaceAll('/var/www/doorbell', site)
    .replaceAll('/opt/bellpush/node_modules/bellpush/php', php)], {
    env: { ...process.env, HOME: home, SYSTEM_PATH: join(php, 'tests/CodeIgniter/standin') }
  })

  await commands(/((?:^ {4}.*\n)*^ {4}cp -r \$bellpush.*\n(?:^ {4}.*\n)*)/m)
  assert.equal(await readFile(join(home, 'old-apns/Apns.php'), 'utf8'), '<?php // of 2016')
  const config = join(site, 'application/config/apns.php')
  await writeFile(config, (await readFile(config, 'utf8')).replace('http://127.0.0.1:8195', url))
  await writeFile(join(site, 'application/controllers/Bellpush_try.php'), written(/```php\n(.*?)```/s))
  assert.match(await commands(/((?:^ {4}.*\n)*^ {4}CI_ENV=.*\n)/m), /"(ab){32}"\]=>\n\s*bool\(true\)/)
  assert.deepEqual(await database.query('select * from tb_apns'), [])
})
