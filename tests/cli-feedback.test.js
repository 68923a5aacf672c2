/** `bellpush feedback`: the simulator's list of dead tokens, removed from real databases or printed. */

import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { openTokenStore } from '../js/stores/index.js'
import { folder } from './helpers/certificates.js'
import { bellpush, simulate } from './helpers/command.js'
import { localGateway } from './helpers/gateway.js'
import { token, tokens } from './helpers/ring.js'
import { closedPort, plainServer } from './helpers/servers.js'
import { query, sqliteFile } from './helpers/sqlite.js'

/** When the tokens died, Unix seconds. */
const death = Date.parse('2021-03-31T12:00:00Z') / 1000
const db = ['--db', 'sqlite:doorbell.db']

/**
 * @param {import('node:test').TestContext} t
 * @param {string[]} dead
 */
async function service (t, dead) {
  const { cwd, simulator, certificate } = await localGateway(t, { dead: dead.map(token => ({ token, time: death })) })
  return {
    cwd,
    /** @param {string[]} args */
    feedback: (...args) => bellpush(t, ['feedback', '--gateway', simulator.feedback, ...certificate, ...args], { cwd }),
    /** Registers tokens at a time. @param {string[]} tokens @param {number} at Unix seconds */
    register: async (tokens, at) => {
      const store = await openTokenStore(`sqlite:${join(cwd, 'doorbell.db')}`, { create: true })
      await store.putMany(tokens.map(token => ({ clientId: 'alice', token, at: at * 1000 })))
      await store.close()
    },
    /** @returns {string[]} */
    registered: () => query(join(cwd, 'doorbell.db'), 'select token from device_tokens order by token')
      .map(({ token }) => token)
  }
}

describe('with a database', () => {
  test('removes what was registered before its death, and nothing else', async t => {
    const { feedback, register, registered } = await service(t, tokens(4))
    await register([token(1), token(2), token(9)], death - 1)
    await register([token(3)], death + 1)
    const { code, stdout, stderr } = await feedback(...db)
    assert.deepEqual([code, stderr], [0, ''])
    assert.equal(stdout, [
      '4 dead tokens from the feedback service:',
      '  2 removed from sqlite:doorbell.db',
      '  2 not removed: not there, registered again since, or without a time of registration',
      ''
    ].join('\n'))
    assert.deepEqual(registered(), [token(3), token(9)])
  })

  test('--json, and a list that is empty as it was read before', async t => {
    const { feedback, register } = await service(t, [token(1)])
    await register([token(1)], death - 1)
    const first = await feedback(...db, '--json')
    assert.deepEqual(JSON.parse(first.stdout), { received: 1, resumed: 0, removed: 1, kept: 0, problem: null })
    const second = await feedback(...db, '--json')
    assert.equal(second.code, 0)
    assert.deepEqual(JSON.parse(second.stdout), { received: 0, resumed: 0, removed: 0, kept: 0, problem: null })
  })

  test('that cannot be written: nothing is lost, and the next run removes it', async t => {
    const { feedback, register, registered, cwd } = await service(t, [token(1)])
    await register(tokens(2), death - 1)
    const file = join(cwd, 'doorbell.db')
    const bytes = await readFile(file)
    const format = bytes[18]
    bytes[18] = 3 // a format newer than SQLite's own: even root may only read it
    await writeFile(file, bytes)
    const failed = await feedback(...db)
    assert.deepEqual([failed.code, failed.stdout], [3, ''])
    assert.match(failed.stderr, /^error: the dead tokens in the journal .* could not be removed; the next run .*\n$/)
    bytes[18] = format
    await writeFile(file, bytes)
    const { code, stdout } = await feedback(...db)
    assert.equal(code, 0)
    assert.match(stdout, /^0 dead tokens from .* service, 1 from the journal of an earlier run:\n {2}1 removed/)
    assert.deepEqual(registered(), [token(2)])
    assert.deepEqual((await readdir(cwd)).filter(name => name.startsWith('feedback')), [], 'no journal is left')
  })

  for (const { what, sql } of [
    {
      what: 'does not know when tokens were registered',
      sql: 'create table tb_apns (client_id integer, deviceToken text)'
    },
    {
      what: 'knows it of none of its rows',
      sql: 'create table tb_apns (client_id integer, deviceToken text, registered_at integer)'
    }
  ]) {
    test(`whose table ${what}: the list stays where it is until it is said what to do`, async t => {
      const { cwd, feedback } = await service(t, [token(1)])
      const file = await sqliteFile(t, `${sql};
        insert into tb_apns (client_id, deviceToken) values (7, '${token(1)}'), (7, '${token(2)}')`)
      const table = ['--db', `sqlite:${file}`, '--table', 'tb_apns', '--token-column', 'deviceToken', '--journal', '.']
      const left = () => query(file, 'select deviceToken as token from tb_apns').map(({ token }) => token)

      const refused = await feedback(...table)
      assert.deepEqual([refused.code, refused.stdout], [2, ''])
      assert.match(refused.stderr, /^error: .*nothing was fetched.* --undated remove.*\n$/)
      assert.deepEqual(left(), tokens(2))

      const { code, stdout } = await feedback(...table, '--undated', 'remove')
      assert.equal(code, 0)
      assert.match(stdout, /^1 dead token from the feedback service:\n {2}1 removed/)
      assert.deepEqual(left(), [token(2)])
      assert.deepEqual((await readdir(cwd)).filter(name => name.startsWith('feedback')), [], 'no journal is left')
    })
  }
})

describe('without a database', () => {
  test('prints when each died, a tab, the token', async t => {
    const { feedback } = await service(t, tokens(2))
    const { code, stdout, stderr } = await feedback()
    assert.deepEqual([code, stderr], [0, ''])
    assert.equal(stdout, `2021-03-31T12:00:00Z\t${token(1)}\n2021-03-31T12:00:00Z\t${token(2)}\n`)
  })

  test('--json prints an object a line', async t => {
    const { feedback } = await service(t, [token(1)])
    const { stdout } = await feedback('--json')
    assert.deepEqual(JSON.parse(stdout), { token: token(1), time: death, at: '2021-03-31T12:00:00Z' })
  })

  test('an empty list prints nothing', async t => {
    const { feedback } = await service(t, [])
    const { code, stdout, stderr } = await feedback()
    assert.deepEqual([code, stdout, stderr], [0, '', 'no dead tokens\n'])
  })
})

test('what a push finds dead, the process of the simulator lists', async t => {
  const cwd = await folder(t, { 'dead.txt': token(2) })
  const apple = await simulate(t, '--dead', join(cwd, 'dead.txt'))
  const { code, stdout } = await bellpush(t, ['feedback', ...apple.feedback], { cwd })
  assert.equal(code, 0)
  assert.match(stdout, RegExp(`^\\d{4}-\\d\\d-\\d\\dT[0-9:]{8}Z\t${token(2)}\n$`))
})

describe('exit codes of what goes wrong', () => {
  test('3: nothing listens, or what does is no TLS', async t => {
    const { port } = await plainServer(t, socket => socket.end('hello\r\n'))
    for (const [to, says] of /** @type {[number, RegExp][]} */ ([
      [await closedPort(t), /nothing listens there/], [port, /is not TLS/]
    ])) {
      const { code, stdout, stderr } = await bellpush(t, ['feedback', '--gateway', `apns://127.0.0.1:${to}`])
      assert.deepEqual([code, stdout], [3, ''])
      assert.match(stderr, says)
    }
  })

  test('2: a table, a journal or what to do with undated tokens, but no database', async t => {
    for (const args of [['--table', 'tb_apns'], ['--journal', '.'], ['--undated', 'remove']]) {
      const { code, stderr } = await bellpush(t, ['feedback', '--gateway', 'apns://127.0.0.1', ...args])
      assert.equal(code, 2)
      assert.match(stderr, /name it with --db sqlite:FILE/)
    }
  })
})
