/** `bellpush push`, against the simulator and real databases: reports, exit codes, and everything that can go wrong. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { encodePkcs12 } from '../js/simulator/pkcs12.js'
import { openTokenStore } from '../js/stores/index.js'
import { folder } from './helpers/certificates.js'
import { bellpush, hasStack, main, simulate, start } from './helpers/command.js'
import { localGateway } from './helpers/gateway.js'
import { token, tokens } from './helpers/ring.js'
import { closedPort, plainServer } from './helpers/servers.js'
import { query } from './helpers/sqlite.js'

const hello = ['--alert', 'Ding dong']
const db = ['--db', 'sqlite:doorbell.db']

/**
 * A gateway, and the command that pushes to it.
 * @param {import('node:test').TestContext} t
 * @param {import('../js/simulator/simulator.js').SimulatorOptions} [options]
 */
async function gateway (t, options) {
  const { cwd, simulator, certificate, paths } = await localGateway(t, options)
  const to = ['--gateway', simulator.binary]
  return {
    cwd,
    simulator,
    to,
    paths,
    start: (/** @type {string[]} */ ...args) => start(t, ['push', ...to, ...certificate, ...args], { cwd }),
    /** @param {string[]} args @param {{ input?: string, env?: NodeJS.ProcessEnv }} [options] */
    push: (args, options) => bellpush(t, ['push', ...to, ...certificate, ...args], { cwd, ...options })
  }
}

/**
 * @param {string} cwd
 * @param {Record<string, string[]>} clients
 */
async function register (cwd, clients) {
  const store = await openTokenStore(`sqlite:${join(cwd, 'doorbell.db')}`, { create: true })
  for (const [clientId, tokens] of Object.entries(clients)) {
    await store.putMany(tokens.map(token => ({ clientId, token })))
  }
  await store.close()
}

/** @param {string} cwd @returns {string[]} */
const registered = cwd => query(join(cwd, 'doorbell.db'), 'select token from device_tokens order by token')
  .map(({ token }) => token)

/**
 * The payloads that the simulator accepted, as they come.
 * @param {import('../js/simulator/index.js').Simulator} simulator
 */
function accepted (simulator) {
  /** @type {{ payload: any, expiration: number | undefined, priority: number | undefined }[]} */
  const notifications = []
  simulator.on('accepted', ({ payload, expiration, priority }) => {
    notifications.push({ payload: Buffer.from(payload).toString(), expiration, priority })
  })
  return notifications
}

test('1,000 tokens, 50 of them dead: 950 accepted, none twice, and the database loses exactly the dead', async t => {
  const all = tokens(1000)
  const dead = all.filter((_, i) => i % 20 === 19)
  const cwd = await folder(t, { 'dead.txt': dead.join('\n') })
  await register(cwd, { alice: all.slice(0, 500), bob: all.slice(500) })
  const apple = await simulate(t, '--dead', join(cwd, 'dead.txt'))

  const push = ['push', ...apple.gateway, ...db, '--client', 'alice', 'bob', ...hello, '--json']
  const { code, stdout, stderr } = await bellpush(t, push, { cwd })
  const report = JSON.parse(stdout)

  assert.equal(code, 1)
  assert.equal(stderr, '')
  const { accepted, duplicates } = await apple.count()
  assert.deepEqual({ accepted, duplicates }, { accepted: 950, duplicates: 0 })
  assert.equal(report.accepted, 950)
  assert.equal(report.complete, true)
  assert.equal(report.error, null)
  assert.deepEqual(report.rejected.map((/** @type {any} */ { token }) => token).sort(), dead)
  assert.ok(report.rejected.every((/** @type {any} */ { status, reason }) => status === 8 && reason === 'InvalidToken'))
  assert.deepEqual(report.removed.sort(), dead)
  assert.deepEqual(registered(cwd), all.filter(token => !dead.includes(token)))

  const again = await bellpush(t, push, { cwd })
  assert.equal(again.code, 0)
  assert.equal(JSON.parse(again.stdout).total, 950)
})

describe('the report for a person', () => {
  test('counts, then tokens by reason, whole, and what was removed', async t => {
    const { push, cwd } = await gateway(t, { dead: [token(3)], faults: [`status-7@token:${token(4)}`] })
    await register(cwd, { alice: tokens(3) })
    await writeFile(join(cwd, 'tokens.txt'), `# the door\n${token(1)}\nxyz\n\nbob\t${token(2)}  # his\n${token(3)}\n`)
    const { code, stdout, stderr } = await push([...hello, ...db, '--tokens', 'tokens.txt'])
    assert.equal(code, 1)
    assert.equal(stderr, '', 'no progress bar in a pipe')
    assert.equal(stdout.replace(/^(4 tokens), .*:$/m, '$1'), [
      '4 tokens',
      '  2 accepted',
      '  2 rejected',
      '',
      '1 rejected: not a device token (hexadecimal, 1 to 100 bytes)',
      '  xyz  (line 3)',
      '',
      '1 rejected: status 8 InvalidToken',
      `  ${token(3)}`,
      '',
      'Removed from sqlite:doorbell.db: 1 dead token',
      ''
    ].join('\n'))
    assert.deepEqual(registered(cwd), tokens(2))
  })

  test('names each line of a malformed text that stands in several', async t => {
    const { push, cwd } = await gateway(t)
    await writeFile(join(cwd, 'tokens.txt'), `xyz\n${token(1)}\nxyz\n`)
    const { stdout } = await push([...hello, '--tokens', 'tokens.txt'])
    assert.match(stdout, /^ {2}xyz {2}\(line 1\)\n {2}xyz {2}\(line 3\)$/m)
  })

  test('says why dead tokens are kept when too few were accepted', async t => {
    const { push, cwd } = await gateway(t, { dead: [token(2)] })
    await register(cwd, { alice: tokens(2) })
    const { stdout } = await push([...hello, ...db, '--all'])
    assert.match(stdout, /^Nothing was removed from sqlite:doorbell\.db: as not more tokens were accepted than called/m)
    assert.deepEqual(registered(cwd), tokens(2))
  })

  test('shows ten tokens of a reason', async t => {
    const { push } = await gateway(t, { dead: tokens(30).slice(18) })
    const { stdout } = await push([...hello, '--tokens', '-'], { input: tokens(30).join('\n') })
    assert.equal(stdout.match(/^ {2}[0-9a-f]{64}$/gm)?.length, 10)
    assert.match(stdout, /^12 rejected: status 8 InvalidToken$[^]*^ {2}… and 2 more \(--json lists them\)$/m)
  })

  test('what is in doubt is said to be so', async t => {
    const { push } = await gateway(t, { faults: ['unknown-identifier@2'] })
    const { code, stdout } = await push([...hello, '--tokens', '-'], { input: tokens(3).join('\n') })
    assert.equal(code, 1)
    assert.match(stdout, /^ {2}\d in doubt: sent, but nobody can know whether they were accepted$/m)
    assert.match(stdout, /^\d in doubt: the gateway named a notification that it was never sent$/m)
  })

  test('malformed tokens do not reach the terminal as control sequences', async t => {
    const { push } = await gateway(t)
    const { stdout } = await push([...hello, '--tokens', '-'], { input: '\u001b[31mred\u202e\n' })
    assert.match(stdout, /^ {2}\\u\{1b\}\[31mred\\u\{202e\} {2}\(line 1\)$/m)
  })
})

describe('audiences', () => {
  for (const { of, args, input } of [
    { of: 'a client without tokens', args: [...db, '--client', 'nobody'], input: undefined },
    { of: 'an empty stdin', args: ['--tokens', '-'], input: '# nobody\n' }
  ]) {
    test(`${of}: done, zero`, async t => {
      const { push, cwd, simulator } = await gateway(t)
      await register(cwd, { alice: [token(1)] })
      const { code, stdout, stderr } = await push([...hello, ...args], { input })
      assert.deepEqual([code, stdout, stderr], [0, 'No tokens in this audience: nothing was sent.\n', ''])
      assert.equal(simulator.counts().connections, 0)
    })
  }

  test('--client is those clients, --all is everybody', async t => {
    const { push, cwd, simulator } = await gateway(t)
    await register(cwd, { alice: [token(1), token(2)], bob: [token(3)], carol: [token(4)] })
    assert.equal((await push([...hello, ...db, '--client', 'alice', 'carol'])).code, 0)
    assert.deepEqual([...simulator.accepted.keys()].sort(), [token(1), token(2), token(4)])
    simulator.reset()
    assert.equal((await push([...hello, ...db, '--all'])).code, 0)
    assert.deepEqual([...simulator.accepted.keys()].sort(), tokens(4))
  })

  test('what `tokens list` prints is an audience', async t => {
    const { push, cwd, simulator } = await gateway(t)
    await register(cwd, { 'Smith, A #4': [token(1), token(2)] })
    const { stdout } = await bellpush(t, ['tokens', 'list', ...db], { cwd })
    assert.equal((await push([...hello, '--tokens', '-'], { input: stdout })).code, 0)
    assert.deepEqual([...simulator.accepted.keys()].sort(), tokens(2))
  })

  for (const { args, says } of [
    { args: [], says: /who is it for\?/ },
    { args: ['--all', '--tokens', '-', ...db], says: /given twice, as --all and --tokens/ },
    { args: ['--client', 'alice'], says: /--client needs the database/ },
    { args: ['--tokens', '-', '--table', 'tb_apns'], says: /but no database/ },
    { args: ['--tokens', 'nothing.txt'], says: /nothing\.txt cannot be read: there is no such file/ }
  ]) {
    test(`usage: ${args.join(' ') || 'none'}`, async t => {
      const { push } = await gateway(t)
      const { code, stdout, stderr } = await push([...hello, ...args])
      assert.equal(code, 2)
      assert.equal(stdout, '')
      assert.match(stderr, says)
    })
  }
})

describe('notifications', () => {
  test('alert, title, sound and badge are put into the payload', async t => {
    const { push, simulator } = await gateway(t)
    const sent = accepted(simulator)
    const args = ['--alert', 'Ding', '--title', 'Door', '--sound', 'default', '--badge', '0']
    const own = ['--payload', '{"aps":{"x":1},"door":7}']
    assert.equal((await push([...args, ...own, '--priority', '5', '--tokens', '-'], { input: 'aa' })).code, 0)
    assert.deepEqual(sent.map(({ payload, ...rest }) => ({ payload: JSON.parse(payload), ...rest })), [{
      payload: { aps: { x: 1, alert: { title: 'Door', body: 'Ding' }, badge: 0, sound: 'default' }, door: 7 },
      expiration: undefined,
      priority: 5
    }])
  })

  test('a payload of a file goes out as it is, and one that only says content-available with priority 5', async t => {
    const { push, simulator, cwd } = await gateway(t)
    const sent = accepted(simulator)
    const payload = '{ "aps": {"content-available": 1}, "id": 12345678901234567890 }'
    await writeFile(join(cwd, 'payload.json'), payload)
    assert.equal((await push(['--payload', '@payload.json', '--tokens', '-'], { input: 'aa' })).code, 0)
    assert.deepEqual(sent, [{ payload, expiration: undefined, priority: 5 }])
  })

  for (const { expiration, after } of [
    { expiration: '0', after: undefined }, { expiration: '4000000000', after: undefined },
    { expiration: '30s', after: 30 }, { expiration: '2h', after: 7200 }, { expiration: '1d', after: 86_400 }
  ]) {
    test(`--expiration ${expiration}`, async t => {
      const { push, simulator } = await gateway(t)
      const sent = accepted(simulator)
      const earliest = Math.floor(Date.now() / 1000)
      assert.equal((await push([...hello, '--expiration', expiration, '--tokens', '-'], { input: 'aa' })).code, 0)
      const latest = Date.now() / 1000
      const [{ expiration: time = -1 }] = sent
      if (after === undefined) assert.equal(time, Number(expiration))
      else assert.ok(time >= earliest + after && time <= latest + after, `${time}`)
    })
  }

  for (const { args, says } of [
    { args: [], says: /what is to be said\?/ },
    { args: ['--payload', '{"aps":'], says: /is not JSON/ },
    { args: ['--payload', '[]'], says: /must be a JSON object/ },
    { args: ['--payload', '{"aps":1}', ...hello], says: /aps in the payload must be an object/ },
    { args: ['--payload', '{"id":12345678901234567890}', ...hello], says: /would be rounded/ },
    { args: ['--payload', '@nothing.json'], says: /nothing\.json cannot be read/ },
    { args: ['--alert', 'x'.repeat(2048)], says: /the 2048 that this channel takes/ },
    { args: [...hello, '--expiration', '30'], says: /is past .*write 30s/ },
    { args: [...hello, '--expiration', 'soon'], says: /is no time: write 30s/ },
    { args: [...hello, '--badge', '-1'], says: /A whole number from 0 on/ },
    { args: [...hello, '--priority', '7'], says: /Allowed choices are 1, 5, 10/ },
    { args: [...hello, '--connections', '0'], says: /A number from 1 to 100/ }
  ]) {
    test(`usage, and nothing is sent: ${args.join(' ').slice(0, 50) || 'nothing to say'}`, async t => {
      const { push, simulator } = await gateway(t)
      const { code, stdout, stderr } = await push([...args, '--tokens', '-'], { input: 'aa' })
      assert.equal(code, 2)
      assert.equal(stdout, '')
      assert.match(stderr, /^error: /)
      assert.match(stderr, says)
      assert.equal(simulator.counts().connections, 0)
    })
  }
})

describe('credentials', () => {
  test('a PKCS#12 file, its passphrase from the environment, a file or an argument', async t => {
    const { cwd, simulator, to, paths } = await gateway(t)
    const pem = { keyPem: await readFile(paths.key, 'utf8'), chainPem: [await readFile(paths.cert, 'utf8')] }
    await writeFile(join(cwd, 'cert.p12'), encodePkcs12({ ...pem, passphrase: 'ding dong' }))
    await writeFile(join(cwd, 'passphrase.txt'), 'ding dong\n')
    const push = (/** @type {string[]} */ args, /** @type {NodeJS.ProcessEnv} */ env = {}) => bellpush(t,
      ['push', ...to, '--ca', paths.ca, '--pfx', 'cert.p12', ...hello, '--tokens', '-', ...args],
      { cwd, input: token(1), env })
    for (const [args, env] of /** @type {[string[], NodeJS.ProcessEnv][]} */ ([
      [['--passphrase', 'ding dong'], {}],
      [[], { BELLPUSH_PASSPHRASE: 'ding dong' }],
      [['--passphrase-file', 'passphrase.txt'], { BELLPUSH_PASSPHRASE: 'of something else' }]
    ])) {
      simulator.reset()
      const { code, stderr } = await push(args, env)
      assert.equal(code, 0, stderr)
      assert.equal(simulator.counts().accepted, 1)
    }
    const wrong = await push(['--passphrase', 'knock knock'])
    assert.equal(wrong.code, 3)
    assert.equal(wrong.stdout, '')
    assert.match(wrong.stderr, /^error: the passphrase does not open .*cert\.p12.*\n$/)
    assert.doesNotMatch(wrong.stderr, /knock/)
    assert.equal((await push(['--cert', paths.cert])).code, 2)
  })

  test('none, where the gateway wants one', async t => {
    const { cwd, to, paths } = await gateway(t)
    const args = ['push', ...to, '--ca', paths.ca, ...hello, '--tokens', '-', '--json']
    const { code, stdout, stderr } = await bellpush(t, args, { cwd, input: token(1) })
    assert.equal(code, 3)
    assert.match(stderr, /^error: [^\n]*wants a client certificate[^\n]*\n$/)
    const { error, accepted, counts } = JSON.parse(stdout)
    assert.deepEqual([error.code, accepted, counts.notSent], ['BELLPUSH_CREDENTIALS_REFUSED', 0, 1])
  })

  test('a gateway that is not trusted', async t => {
    const { cwd, to } = await gateway(t)
    const args = ['push', ...to, ...hello, '--tokens', '-']
    const { code, stderr } = await bellpush(t, args, { cwd, input: token(1) })
    assert.equal(code, 3)
    assert.match(stderr, /not from an authority that is trusted here/)
  })
})

describe('gateways that cannot be used', () => {
  test('a port on which nothing listens', async t => {
    const port = await closedPort(t)
    const args = ['push', '--gateway', `apns://127.0.0.1:${port}`, ...hello, '--tokens', '-', '--json']
    const { code, stdout, stderr } = await bellpush(t, args, { input: token(1) })
    assert.equal(code, 3)
    assert.match(stderr, /^error: cannot connect to 127\.0\.0\.1:\d+: nothing listens there/)
    assert.equal(hasStack(stderr), false)
    const { error, notSent } = JSON.parse(stdout)
    assert.equal(error.code, 'BELLPUSH_CONNECT_FAILED')
    assert.deepEqual(notSent.map((/** @type {any} */ { token }) => token), [token(1)])
  })

  test('why nothing was sent comes before what was not sent', async t => {
    const port = await closedPort(t)
    const args = ['push', '--gateway', `apns://127.0.0.1:${port}`, ...hello, '--tokens', '-']
    // Through one pipe, as on a terminal.
    const { stdout } = spawnSync('sh', ['-c', 'exec "$0" "$@" 2>&1', process.execPath, main, ...args],
      { input: tokens(3).join('\n'), encoding: 'utf8' })
    assert.match(stdout, /^error: cannot connect .*\n3 tokens/)
  })

  test('a server that speaks plain text', async t => {
    const { port } = await plainServer(t, socket => socket.end('220 mail.example.com ESMTP\r\n'))
    const args = ['push', '--gateway', `apns://127.0.0.1:${port}`, ...hello, '--tokens', '-']
    const { code, stdout, stderr } = await bellpush(t, args, { input: token(1) })
    assert.equal(code, 3)
    assert.match(stdout, /^ {2}1 not sent, as the push ended before$/m)
    assert.match(stderr, /^error: 127\.0\.0\.1:\d+: what it answers is not TLS: is the port right\?.*\n$/)
  })

  test('an address that is none', async t => {
    for (const address of ['apns://', 'https://api.push.apple.com/3', 'gateway.example.com:2195']) {
      const { code, stderr } = await bellpush(t, ['push', '--gateway', address, ...hello, '--tokens', '-'])
      assert.equal(code, 2)
      assert.match(stderr, /(apns|https):\/\/host:port/)
    }
  })

  test('one that refuses the notification itself', async t => {
    const { push } = await gateway(t, { faults: ['status-7@1'] })
    const { code, stdout, stderr } = await push([...hello, '--tokens', '-', '--json'], { input: tokens(2).join('\n') })
    assert.equal(code, 1)
    assert.match(stderr, /^error: the gateway refused the notification itself/)
    const { error, accepted } = JSON.parse(stdout)
    assert.deepEqual([error.code, accepted], ['BELLPUSH_NOTIFICATION_REFUSED', 0])
  })
})

test('a database that cannot be written keeps its dead tokens, and the report says so', async t => {
  const { push, cwd, simulator } = await gateway(t, { dead: [token(3)] })
  await register(cwd, { alice: tokens(3) })
  const file = join(cwd, 'doorbell.db')
  const bytes = await readFile(file)
  bytes[18] = 3 // a format newer than SQLite's own: even root may only read it
  await writeFile(file, bytes)
  const { code, stdout } = await push([...hello, ...db, '--all'])
  assert.equal(code, 1)
  assert.equal(simulator.counts().accepted, 2)
  assert.match(stdout, /^Dead tokens are still in sqlite:doorbell\.db: .*cannot be written/m)
})

describe('Ctrl+C', () => {
  test('stops: what was sent is settled and reported', async t => {
    const { simulator, start } = await gateway(t)
    const { child, ended } = start(...hello, '--tokens', '-', '--json')
    child.stdin.write(tokens(3).join('\n') + '\n')
    await simulator.until(({ accepted }) => accepted === 3)
    child.kill('SIGINT')
    const { code, stdout, stderr } = await ended
    assert.equal(code, 1)
    assert.match(stderr, /^Stopping: .*\nerror: the operation was aborted\n$/)
    const { total, accepted, complete, error } = JSON.parse(stdout)
    assert.deepEqual({ total, accepted, complete, code: error.code },
      { total: 3, accepted: 3, complete: false, code: 'ABORT_ERR' })
  })

  test('twice ends at once: what was sent is in doubt', async t => {
    const { simulator, start } = await gateway(t, { faults: ['stall@2'] })
    const { child, ended } = start(...hello, '--tokens', '-', '--json')
    child.stdin.write(tokens(3).join('\n') + '\n')
    await simulator.until(({ received }) => received >= 2)
    child.kill('SIGINT')
    await once(child.stderr, 'data')
    child.kill('SIGINT')
    const { code, stdout } = await ended
    assert.equal(code, 1)
    const { counts } = JSON.parse(stdout)
    assert.equal(counts.inDoubt, 3)
  })
})
