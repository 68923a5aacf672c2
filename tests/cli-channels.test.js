/** `bellpush channels` against the simulator: made, listed, read, sent to, deleted, and refusals that help. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { bellpush, hasStack } from './helpers/command.js'
import { localGateway } from './helpers/gateway.js'

const update = '{"aps":{"timestamp":1795510800,"event":"update","content-state":{"ringing":true}}}'
const NOWHERE = 'dHN0LXNyY2gtY2hubA=='

/** @param {import('node:test').TestContext} t */
async function gateway (t) {
  const { cwd, simulator, paths } = await localGateway(t)
  const { p8, keyId, teamId } = simulator.signing
  const to = ['--gateway', simulator.http2, '--ca', paths.ca, '--key', String(p8), '--key-id', keyId,
    '--team-id', teamId, '--topic', 'com.example.doorbell']
  /** @type {(...args: string[]) => ReturnType<typeof bellpush>} */
  const channels = (...args) => bellpush(t, ['channels', ...args, ...to], { cwd })
  return { simulator, to, channels }
}

test('a channel is made, listed, read, sent to and deleted', async t => {
  const { simulator, channels } = await gateway(t)
  const made = await channels('create', '--store-latest')
  const id = made.stdout.trim()
  assert.deepEqual([made.code, made.stderr], [0, ''])
  assert.match(id, /^[A-Za-z0-9+/]+=*$/)
  assert.equal((await channels('list')).stdout, `${id}\n`)
  assert.equal((await channels('read', id)).stdout, 'LiveActivity, the latest is stored\n')

  const [[broadcast], sent] = await Promise.all([
    once(simulator, 'broadcast'),
    channels('broadcast', id, '--payload', update, '--expiration', '1h', '--priority', '5')
  ])
  assert.deepEqual([sent.code, sent.stdout, broadcast.channelId], [0, '', id])
  assert.match(sent.stderr, /^Apple took it: .*nobody is told\.\n$/)

  assert.deepEqual((await channels('delete', id)).code, 0)
  assert.equal((await channels('list')).stdout, '')
  assert.equal((await channels('list', '--json')).stdout, '{"channels":[]}\n')
})

test('programs get JSON', async t => {
  const { channels } = await gateway(t)
  const made = JSON.parse((await channels('create', '--json')).stdout)
  assert.deepEqual([made.messageStoragePolicy, made.pushType], [0, 'LiveActivity'])
  assert.deepEqual(JSON.parse((await channels('read', made.id, '--json')).stdout), made)
  const sent = await channels('broadcast', made.id, '--json', '--payload', update)
  assert.match(JSON.parse(sent.stdout).id, /^[0-9a-f-]{36}$/i)
  assert.deepEqual(JSON.parse((await channels('delete', made.id, '--json')).stdout), { deleted: made.id })
})

test('a channel that is not there is told, with the exit code of a refusal', async t => {
  const { channels } = await gateway(t)
  const { code, stderr } = await channels('read', NOWHERE)
  assert.equal(code, 1)
  assert.match(stderr, /ChannelNotRegistered/)
  assert.ok(!hasStack(stderr))
  assert.equal(JSON.parse((await channels('read', NOWHERE, '--json')).stdout).error.code, 'BELLPUSH_CHANNEL_REFUSED')
})

test('what cannot be is told before anything is sent', async t => {
  const { channels, to } = await gateway(t)
  const binary = await bellpush(t, ['channels', 'list', '--gateway', 'apns://localhost'])
  assert.equal(binary.code, 2)
  assert.match(binary.stderr, /channels are of HTTP\/2/)
  const noActivity = await channels('broadcast', NOWHERE, '--payload', '{"aps":{"alert":"Ding dong"}}')
  assert.equal(noActivity.code, 2, noActivity.stderr)
  const noTopic = await bellpush(t, ['channels', 'list', ...to.slice(0, -2)])
  assert.equal(noTopic.code, 2)
  assert.match(noTopic.stderr, /--topic is missing/)
})

test('its help teaches', async t => {
  for (const command of [[], ['create'], ['list'], ['read'], ['delete'], ['broadcast']]) {
    const { code, stdout } = await bellpush(t, ['channels', ...command, '--help'])
    assert.equal(code, 0)
    assert.match(stdout, /Examples?, against a local APNs/)
    assert.ok(stdout.split('\n').every(line => line.length <= 80), stdout)
  }
})
