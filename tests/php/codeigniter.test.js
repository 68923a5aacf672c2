/**
 * An old CodeIgniter 3 site whose `Apns` and `Apns_model` are Bellpush's: a MariaDB, a sidecar, the site's pages, which
 * PHP serves over HTTP. Where BELLPUSH_CODEIGNITER names the folder of a CodeIgniter 3 they run in it, otherwise in a
 * stand-in.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { mariadb } from '../helpers/database-servers.js'
import { oldSite, sidecarOn } from '../helpers/php.js'
import { token, tokens } from '../helpers/ring.js'

/** @type {import('../helpers/database-servers.js').Server} */
let database
before(async () => { database = await mariadb() })
after(async () => database?.remove())

/** A token as the text of an NSData. @param {string} token */
const spaced = token => `<${token.replace(/.{8}(?=.)/g, '$& ')}>`

/** Text in the address of a page. @param {string} text */
const argument = text => text.replace(/[^0-9a-z]/gi, sign => `%${sign.charCodeAt(0).toString(16)}`)

/**
 * @param {import('node:test').TestContext} t
 * @param {{ phones?: [number, string][], dead?: string[], faults?: string[], binary?: boolean }}
 *   [options]
 */
async function site (t, { phones = [], dead = [], faults = [], binary } = {}) {
  const { url, simulator } = await sidecarOn(t, database, { simulated: { dead, faults }, binary })
  const values = phones.map(([client, token]) => `(${client}, '${token}')`).join(', ')
  if (values) await database.query(`insert into tb_apns (client_id, deviceToken) values ${values}`)
  const { page, logged } = await oldSite(t, database, url)
  /** @type {(...path: string[]) => Promise<any>} */
  const doorbell = (...path) => page('doorbell', ...path)
  return { simulator, doorbell, logged }
}

/** What is left in the table: clients and tokens. */
const left = async () => (await database.query('select client_id, deviceToken from tb_apns order by id'))
  .map(row => [row.client_id, row.deviceToken])

for (const protocol of ['HTTP/2', 'binary']) {
  test(`a thousand phones, fifty dead: 950 accepted once, and the dead are gone (${protocol})`, async t => {
    const all = tokens(1000)
    const dead = all.filter((_, i) => i % 20 === 19)
    const phones = all.map((token, i) => /** @type {[number, string]} */ ([i % 300 + 1, token]))
    const { simulator, doorbell } = await site(t, { phones, dead, binary: protocol === 'binary' })

    const { counts, removed } = await doorbell('ring_building', '1', '300')
    assert.deepEqual([counts.accepted, counts.rejected, removed], [950, 50, 50])
    assert.deepEqual([simulator.counts().accepted, simulator.counts().duplicates], [950, 0])
    assert.deepEqual((await left()).map(([, token]) => token), all.filter(token => !dead.includes(token)))

    simulator.reset()
    const again = await doorbell('ring_building', '1', '300')
    assert.deepEqual([again.counts.accepted, again.counts.rejected, simulator.counts().accepted], [950, 0, 950])
  })
}

test('the same by the old call, which has all thousand tokens in its list', async t => {
  const all = tokens(1000)
  const dead = all.filter((_, i) => i % 20 === 19)
  const { simulator, doorbell } = await site(t, { phones: all.map(token => [7, token]), dead })
  const outcomes = await doorbell('ring', '7')
  assert.deepEqual(outcomes, Object.fromEntries(all.map(token => [token, !dead.includes(token)])))
  assert.deepEqual([simulator.counts().accepted, simulator.counts().duplicates], [950, 0])
  assert.deepEqual((await left()).map(([, token]) => token), all.filter(token => !dead.includes(token)))
})

test('the old call tells of each token of a list what became of it, by its spelling', async t => {
  const [good, shouted, quoted, dead] = tokens(4)
  const phones = /** @type {[number, string][]} */ ([
    [7, good], [7, shouted.toUpperCase()], [7, spaced(quoted)], [7, dead], [7, 'no token'], [8, token(5)]
  ])
  const { simulator, doorbell } = await site(t, { phones, dead: [dead] })
  assert.deepEqual(await doorbell('ring', '7'), {
    [good]: true, [shouted.toUpperCase()]: true, [spaced(quoted)]: true, [dead]: false, 'no token': false
  })
  assert.deepEqual([...simulator.accepted.keys()].sort(), [good, shouted, quoted])
})

test('a list so long that the sidecar makes a job of it is waited for', async t => {
  const all = tokens(1500)
  const dead = all.slice(0, 3)
  const { simulator, doorbell } = await site(t, { phones: all.map(token => [7, token]), dead })
  const outcomes = await doorbell('ring', '7')
  assert.deepEqual(all.filter(token => outcomes[token] !== true), dead)
  assert.equal(Object.keys(outcomes).length, 1500)
  assert.deepEqual([simulator.counts().accepted, simulator.counts().duplicates], [1497, 0])
})

test('rows of the model and a whole payload are taken as they are', async t => {
  const { simulator, doorbell } = await site(t, { phones: [[7, token(1)]] })
  const [accepted] = await Promise.all([
    new Promise(resolve => simulator.once('accepted', resolve)), doorbell('ring_rows', '7')
  ])
  assert.equal(Buffer.from(accepted.payload).toString(), '{"aps":{"alert":"Ding dong"},"door":7}')
})

test('one token makes one answer; nobody makes none', async t => {
  const { doorbell } = await site(t, { dead: [token(2)] })
  assert.equal(await doorbell('ring_one', token(1)), true)
  assert.equal(await doorbell('ring_one', token(2)), false)
  assert.deepEqual(await doorbell('ring', '7'), [])
})

test('what nobody knows is neither true nor false', async t => {
  const { doorbell } = await site(t, { faults: ['accepted-kill@1'] })
  assert.equal(await doorbell('ring_one', token(1)), null)
})

test('while no sidecar runs the page goes on, and the log says what to start', async t => {
  await sidecarOn(t, database)
  const { page, logged } = await oldSite(t, database, 'http://127.0.0.1:1')
  assert.equal(await page('doorbell', 'ring_one', token(1)), false)
  assert.match(await logged(), /ERROR - .*Nothing listens at http:\/\/127.0.0.1:1 .*bellpush serve/)
})

test('a call that fails is false, tells why, and is in the log', async t => {
  const { doorbell, logged } = await site(t)
  assert.deepEqual(await doorbell('why'), [false, 'BELLPUSH_OPTION_INVALID'])
  assert.match(await logged(), /ERROR - .*apns: \$data must be/)
})

test('a phone is kept once, whatever its spelling, and moves to the client that registered it last', async t => {
  const { doorbell } = await site(t, { phones: [[1, spaced(token(1))]] })
  assert.equal(await doorbell('register', '7', token(1)), true)
  assert.equal(await doorbell('register', '7', token(2).toUpperCase()), true)
  assert.equal(await doorbell('register_row', '8', token(3)), true)
  assert.deepEqual(await left(), [[7, spaced(token(1))], [7, token(2)], [8, token(3)]])
})

test('a phone that leaves is gone in every spelling, and a client with all phones', async t => {
  const { doorbell } = await site(t, { phones: [[1, spaced(token(1))], [7, token(2)], [7, token(3)], [8, token(4)]] })
  assert.equal(await doorbell('unregister', token(1).toUpperCase()), true)
  assert.equal(await doorbell('leave', '7'), true)
  assert.deepEqual(await left(), [[8, token(4)]])
})

test('what looks like SQL is a value', async t => {
  const { doorbell } = await site(t, { phones: [[7, token(2)], [8, token(3)]] })
  await doorbell('leave', argument("0' or '1'='1"))
  await doorbell('unregister', argument("' or ''='"))
  assert.equal((await left()).length, 2)
})
