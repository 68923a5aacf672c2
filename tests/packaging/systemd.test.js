/** packaging/bellpush.service: what systemd's own tools say about it, and how it runs under a real systemd. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { root } from '../../scripts/lib/files.js'
import { freePort } from '../helpers/database-servers.js'
import { localGateway } from '../helpers/gateway.js'
import { tokens } from '../helpers/ring.js'
import { over } from '../helpers/sidecar.js'
import { systemd } from '../helpers/systemd.js'

/** As systemd-analyze counts: 100 is everything allowed, 0 nothing. It calls up to 20 "safe". */
const EXPOSED_AT_MOST = 20

const unit = join(root, 'packaging/bellpush.service')
const analyze = (/** @type {string[]} */ ...args) => spawnSync('systemd-analyze', [...args, unit], { encoding: 'utf8' })
const skip = analyze('--version').error ? 'not installed: systemd' : false

test('nothing outside of the unit is exposed that need not be', { skip }, () => {
  const { status, stdout } = analyze('security', '--offline=true', '--no-pager', `--threshold=${EXPOSED_AT_MOST}`)
  assert.equal(status, 0, stdout)
})

test('under systemd', { skip }, async t => {
  const { simulator, paths } = await localGateway(t, { http2: { latency: 300 } })
  const port = await freePort()
  const [key, cert, ca] = await Promise.all([paths.key, paths.cert, paths.ca].map(path => readFile(path)))
  const machine = await systemd(t, {
    files: {
      'bellpush.toml': toml(simulator.http2),
      environment: 'DATABASE_URL=sqlite:/var/lib/bellpush/doorbell.db',
      'key.pem': key,
      'cert.pem': cert,
      'ca.pem': ca
    },
    settings: `Environment=BELLPUSH_LISTEN=127.0.0.1:${port}
LoadCredential=key.pem:/etc/bellpush/key.pem
LoadCredential=cert.pem:/etc/bellpush/cert.pem
LoadCredential=ca.pem:/etc/bellpush/ca.pem`
  })
  if (typeof machine === 'string') return t.skip(machine)
  const { systemctl, log } = machine
  const { call, push } = over(`http://127.0.0.1:${port}`)
  /** @param {string} name */
  const property = async name => (await systemctl('show', 'bellpush', '--value', '-p', name)).stdout.trim()
  /** @param {() => Promise<boolean> | boolean} isSo */
  const until = async isSo => {
    for (let tries = 400; tries > 0; tries--) {
      if (await isSo()) return
      await setTimeout(25)
    }
    assert.fail(`${(await systemctl('status', 'bellpush')).stdout}\n${await log()}`)
  }
  const answering = () => until(() => call('GET', '/healthz').then(({ status }) => status === 200, () => false))

  await t.test('it starts, and what it may read only root may read besides', async () => {
    const { code, stderr } = await systemctl('start', 'bellpush')
    assert.equal(code, 0, stderr)
    await answering()
    const { body } = await push({ tokens: tokens(3) })
    assert.equal(body.counts.accepted, 3)
  })

  await t.test('it is no root, and may become none', async () => {
    const of = await machine.read(`/proc/${await property('MainPID')}/status`)
    const [, uid] = /^Uid:\t(\d+)/m.exec(of) ?? []
    assert.ok(Number(uid) > 60000, of)
    assert.match(of, /^CapEff:\t0+$/m)
    assert.match(of, /^NoNewPrivs:\t1$/m)
  })

  await t.test('it is there again when it was killed', async () => {
    const before = await property('MainPID')
    await systemctl('kill', '--signal=KILL', 'bellpush')
    await until(async () => await property('MainPID') !== before)
    await answering()
    assert.equal(await property('NRestarts'), '1')
  })

  await t.test('when it is stopped, what is under way gets its verdict, and it ends with 0', async () => {
    simulator.reset()
    const pushed = push({ tokens: tokens(500) })
    await until(() => simulator.counts().received > 0)
    const [{ status, body }, stopped] = await Promise.all([pushed, systemctl('stop', 'bellpush')])
    assert.deepEqual([status, body.counts.accepted, simulator.counts().accepted], [200, 500, 500])
    assert.equal(stopped.code, 0)
    assert.deepEqual([await property('ActiveState'), await property('Result')], ['inactive', 'success'])
    assert.equal(await property('ExecMainStatus'), '0')
  })

  await t.test('a mistake in its configuration is told, and not tried again', async () => {
    await machine.write('/etc/bellpush/bellpush.toml', 'database = 7')
    await systemctl('start', 'bellpush')
    await until(async () => await property('ActiveState') === 'failed')
    assert.deepEqual([await property('Result'), await property('ExecMainStatus')], ['exit-code', '2'])
    assert.match(await log(), /error: .*bellpush\.toml: database/)
  })

  await t.test('what is not there yet is waited for, however long', async () => {
    const config = toml(simulator.http2)
    await machine.write('/etc/bellpush/bellpush.toml', config.replace('lib/bellpush/', 'lib/no/'))
    await systemctl('start', 'bellpush')
    await until(async () => Number(await property('NRestarts')) >= 2)
    assert.equal(await property('StartLimitIntervalUSec'), '0')
    await machine.write('/etc/bellpush/bellpush.toml', config)
    await answering()
  })
})

/** @param {string} gateway */
const toml = gateway => `database = { env = "DATABASE_URL" }
journal = "sqlite:/var/lib/bellpush/jobs.db"
[apps.doorbell]
gateway = "${gateway}"
topic = "com.example.doorbell"
key = "/run/credentials/bellpush.service/key.pem"
cert = "/run/credentials/bellpush.service/cert.pem"
ca = "/run/credentials/bellpush.service/ca.pem"
`
