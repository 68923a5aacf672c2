/** What the sidecar is told: a file, the environment, flags; and that complaints name the place. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { readConfig } from '../js/serve/index.js'
import { folder } from './helpers/certificates.js'

const app = '[apps.doorbell]\ngateway = "apns://localhost"\n'
const whole = `database = "sqlite:doorbell.db"\n${app}`

/**
 * @param {import('node:test').TestContext} t
 * @param {string} toml
 */
async function written (t, toml) {
  const dir = await folder(t, { 'bellpush.toml': toml })
  return { dir, file: join(dir, 'bellpush.toml') }
}

test('what is left out has its usual value, and paths are relative to the file', async t => {
  const more = 'cert = "door.pem"\npassphrase = { env = "PASS" }\ninDoubt = "resend"\n'
  const { dir, file } = await written(t, whole + more)
  const config = readConfig({ config: file }, { PASS: 'hush' })
  assert.deepEqual([config.host, config.port, config.logLevel], ['127.0.0.1', 8195, 'info'])
  assert.equal(config.database, `sqlite:${join(dir, 'doorbell.db')}`)
  assert.equal(config.journal, config.database)
  assert.equal(config.tokens.create, true)
  assert.deepEqual(config.apps.map(({ name }) => name), ['doorbell'])
  const { gateway, inDoubt, auth } = config.apps[0].client
  assert.deepEqual([gateway, inDoubt], ['apns://localhost', 'resend'])
  assert.deepEqual(auth, { cert: join(dir, 'door.pem'), passphrase: 'hush' })
  assert.ok(config.keys.isEmpty)
})

test('flags go before the environment, and that before the file', async t => {
  const { file } = await written(t, `listen = "127.0.0.1:1"\nlogLevel = "warn"\n${whole}`)
  const env = { BELLPUSH_LISTEN: '127.0.0.1:2', BELLPUSH_LOG_LEVEL: 'error', BELLPUSH_CONFIG: file }
  assert.equal(readConfig({}, env).port, 2)
  const config = readConfig({ listen: '[::1]:3' }, env)
  assert.deepEqual([config.host, config.port, config.logLevel], ['::1', 3, 'error'])
})

test('no file is needed where flags say enough', () => {
  const config = readConfig({ database: 'sqlite::memory:', app: { gateway: 'apns://localhost', cert: '/c.pem' } }, {})
  assert.deepEqual(config.apps.map(({ name }) => name), ['default'])
  assert.equal(config.database, 'sqlite::memory:')
})

test('a table that was named is not made', async t => {
  const { file } = await written(t, `${whole}[tokens]\ntable = "tb_apns"\ncolumns = { token = "deviceToken" }\n`)
  assert.deepEqual(readConfig({ config: file }, {}).tokens,
    { table: 'tb_apns', columns: { token: 'deviceToken' }, create: false, undated: undefined })
})

test('the example has every key, and what it says is usual is', async t => {
  const example = await readFile(new URL('../packaging/bellpush.toml', import.meta.url), 'utf8')
  const env = { SHOP_KEY: '0123456789abcdef', WEBHOOK_SECRET: '0123456789abcdef' }
  const plain = readConfig({ config: (await written(t, example)).file }, env)
  const whole = (await written(t, example.replace(/^# (?=\[+\w+\]+$|\w+ = )/gm, ''))).file
  const { keys, webhook, tokens, journal, database, apps, legacy, ...rest } = readConfig({ config: whole }, env)
  assert.deepEqual(rest, {
    host: plain.host, port: plain.port, limits: plain.limits, jobs: plain.jobs, logLevel: plain.logLevel
  })
  assert.equal(plain.legacy, undefined)
  assert.deepEqual([legacy?.host, legacy?.port, legacy?.tls?.minVersion], ['127.0.0.1', 2195, 'TLSv1.2'])
  assert.deepEqual(apps[0].client, { ...plain.apps[0].client, inDoubt: 'report', auth: apps[0].client.auth })
  assert.equal(keys.find('0123456789abcdef')?.name, 'shop')
  assert.ok(webhook && tokens.table && journal !== database)
})

/** @type {[toml: string, message: RegExp][]} */
const mistakes = [
  [`listn = "x"\n${whole}`, /bellpush\.toml: there is no key listn; there are listen, database/],
  [`listen = 7\n${whole}`, /bellpush\.toml: listen must be text, found 7/],
  [`listen = "8195"\n${whole}`, /host:port.*'8195'/],
  [`logLevel = "loud"\n${whole}`, /logLevel must be one of 'trace'.*found 'loud'/],
  [`listen = "0.0.0.0:8195"\n${whole}`, /0\.0\.0\.0.*needs keys.*bellpush\.toml/],
  [app, /names no database/],
  ['database = "sqlite::memory:"', /names no app/],
  ['database = "sqlite:x"\nlisten =', /bellpush\.toml, line 2, column 9/],
  [`${whole}[limits]\nbodyBytes = 7`, /limits\.bodyBytes must be an integer from 1024 to \d+, found 7/],
  [`${whole}tokens = "mine"`, /apps\.doorbell: there is no key tokens of an app/],
  [`${whole}[[keys]]\nname = "shop"\nkey = "hush"`, /keys\[0\]\.key must be 16 to 256 visible/],
  [`${whole}[[keys]]\nname = "shop"`, /keys\[0\] needs a name and a key/],
  [`${whole}[[keys]]\nname = "shop"\nkey = "0123456789abcdef"\napps = ["gong"]`,
    /keys\[0\]\.apps names the app 'gong'/],
  [`${whole}[[keys]]\nname = "shop"\nkey = { env = "NOWHERE" }`, /keys\[0\]\.key is to come from.*no NOWHERE/],
  [`${whole}[webhook]\nurl = "ftp://x"\nsecret = "0123456789abcdef"`, /webhook\.url must be an http: or https: URL/]
]

for (const [toml, message] of mistakes) {
  test(`a mistake is named: ${message}`, async t => {
    const { file } = await written(t, toml)
    assert.throws(() => readConfig({ config: file }, {}), error => {
      assert.equal(/** @type {any} */ (error).code, 'BELLPUSH_OPTION_INVALID')
      assert.match(/** @type {any} */ (error).message, message)
      assert.ok(!/** @type {any} */ (error).message.includes('hush'), 'no secret is shown')
      return true
    })
  })
}

test('a file that was named must be there', () => {
  assert.throws(() => readConfig({ config: '/nowhere/bellpush.toml' }, {}), /there is no such file/)
})
