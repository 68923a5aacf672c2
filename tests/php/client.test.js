/** The PHP side by this machine's PHP: PHPUnit's tests, some of them against a real sidecar with a MariaDB. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { mariadb } from '../helpers/database-servers.js'
import { php, ran, sidecarOn } from '../helpers/php.js'

const KEY = 'a-key-of-the-tests-only'
const DEAD = 'dead'.padEnd(64, '0')

/** What the gateway thinks about each notification, milliseconds. */
const LATENCY = 100

/** @type {import('../helpers/database-servers.js').Server} */
let database
before(async () => { database = await mariadb() })
after(async () => database?.remove())

/** @param {string} suite */
const phpunit = suite => ['-c', `${php}phpunit.xml`, '--testsuite', suite]

test('without a sidecar', async t => {
  t.diagnostic(await ran(t, 'phpunit', phpunit('unit,wire')))
})

test('against a sidecar', async t => {
  const { url, simulator } = await sidecarOn(t, database, {
    simulated: { dead: [DEAD], http2: { latency: LATENCY } }, toml: `[[keys]]\nname = "php"\nkey = "${KEY}"`
  })
  const env = { ...process.env, BELLPUSH_TEST_URL: url, BELLPUSH_TEST_KEY: KEY }
  t.diagnostic(await ran(t, 'phpunit', phpunit('sidecar'), { env }))
  assert.equal(simulator.counts().duplicates, 0)
})
