/** `bellpush serve` as a process: it says where it listens, answers, and ends in order. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { bellpush, hasStack, start } from './helpers/command.js'
import { localGateway } from './helpers/gateway.js'
import { token } from './helpers/ring.js'
import { listening, over } from './helpers/sidecar.js'

test('it serves with nothing but flags, pushes, and ends on SIGTERM with 0', async t => {
  const { simulator, cwd, certificate } = await localGateway(t)
  const { child, ended } = start(t, ['serve', '--listen', '127.0.0.1:0', '--database', 'sqlite:doorbell.db',
    '--gateway', simulator.binary, ...certificate], { cwd })
  const { status, body } = await over(await listening(child)).push({ tokens: [token(1)] })
  assert.deepEqual([status, body.counts.accepted], [200, 1])
  child.kill('SIGTERM')
  assert.deepEqual(await ended.then(({ code, stderr }) => ({ code, stderr })), { code: 0, stderr: '' })
})

test('a caller that keeps its connection does not hold up the end', { timeout: 30_000 }, async t => {
  const { simulator, cwd, certificate } = await localGateway(t, { http2: { latency: 200 } })
  const { child, ended } = start(t, ['serve', '--listen', '127.0.0.1:0', '--database', 'sqlite:doorbell.db',
    '--gateway', simulator.http2, ...certificate], { cwd })
  const pushed = over(await listening(child)).push({ tokens: [token(1)] })
  await new Promise(resolve => simulator.once('connection', resolve))
  child.kill('SIGTERM')
  const { status, body } = await pushed
  assert.deepEqual([status, body.counts.accepted, (await ended).code], [200, 1, 0])
})

test('a wrong configuration is told in a line, with the exit code of usage', async t => {
  const { cwd } = await localGateway(t)
  const { code, stderr } = await bellpush(t, ['serve', '--database', 'sqlite:x.db'], { cwd })
  assert.equal(code, 2)
  assert.match(stderr, /names no app/)
  assert.ok(!hasStack(stderr))
})

test('a port that is taken is told, with the exit code of what cannot be reached', async t => {
  const { simulator, cwd, certificate } = await localGateway(t)
  const port = new URL(simulator.binary).port
  const args = ['--listen', `127.0.0.1:${port}`, '--database', 'sqlite::memory:', '--gateway', simulator.binary]
  const { code, stderr } = await bellpush(t, ['serve', ...args, ...certificate], { cwd })
  assert.equal(code, 3)
  assert.match(stderr, new RegExp(`127\\.0\\.0\\.1:${port}.*in use`))
  assert.ok(!hasStack(stderr))
})

test('a certificate that is not there is told with the app that wants it', async t => {
  const { simulator, cwd } = await localGateway(t)
  const args = ['serve', '--database', 'sqlite::memory:', '--gateway', simulator.binary, '--cert', join(cwd, 'no.pem')]
  const { code, stderr } = await bellpush(t, args, { cwd })
  assert.equal(code, 3)
  assert.match(stderr, /apps\.default.*no\.pem/)
})
