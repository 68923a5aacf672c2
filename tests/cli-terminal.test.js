/** What the command shows on a terminal: a pseudo-terminal that `script` of util-linux makes. */

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { main } from './helpers/command.js'
import { localGateway } from './helpers/gateway.js'
import { tokens } from './helpers/ring.js'

const skip = /util-linux/.test(spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout)
  ? false
  : 'there is no `script` of util-linux here'

/**
 * @param {string} cwd
 * @param {string[]} args without quotes in them
 * @param {NodeJS.ProcessEnv} [env]
 */
async function onTerminal (cwd, args, env) {
  const command = [process.execPath, main, ...args].map(arg => `'${arg}'`).join(' ')
  const child = spawn('script', ['-qec', `stty cols 100; ${command}`, '/dev/null'],
    { cwd, env: { ...process.env, TERM: 'xterm', ...env }, stdio: ['ignore', 'pipe', 'inherit'] })
  let shown = ''
  child.stdout.setEncoding('utf8').on('data', text => { shown += text })
  const [code] = await once(child, 'close')
  return { code, shown }
}

/** @param {import('node:test').TestContext} t */
async function gateway (t) {
  const { cwd, simulator, certificate } = await localGateway(t)
  await writeFile(join(cwd, 'tokens.txt'), tokens(50).join('\n'))
  return {
    cwd,
    push: ['push', '--gateway', simulator.binary, ...certificate, '--alert', 'Ding', '--tokens', 'tokens.txt']
  }
}

test('a push shows a bar, takes it away, and then the report', { skip }, async t => {
  const { cwd, push } = await gateway(t)
  const { code, shown } = await onTerminal(cwd, push)
  assert.equal(code, 0)
  assert.match(shown, /█+ 100% of 50 tokens 50 accepted, 0 not/)
  // What follows the last control sequence, by which the bar went away.
  assert.match(shown.split(/\p{Cc}\[\d*[A-Z]/u).at(-1) ?? '', /^50 tokens, .*:\r\n {2}50 accepted\r\n$/)
})

test('no bar on a terminal that cannot move its cursor', { skip }, async t => {
  const { cwd, push } = await gateway(t)
  const { shown } = await onTerminal(cwd, push, { TERM: 'dumb' })
  assert.match(shown, /^50 tokens, .*:\r\n {2}50 accepted\r\n$/)
})

test('an import shows how much of the file it has read, and malformed lines above it', { skip }, async t => {
  const { cwd } = await gateway(t)
  const { code, shown } = await onTerminal(cwd, ['tokens', 'import', '--db', 'sqlite:doorbell.db', 'tokens.txt'])
  assert.equal(code, 1)
  assert.match(shown, /% of 3,249 bytes/)
  assert.match(shown, /tokens\.txt, line 50: there is one field, and two are wanted: client,token\r\n/)
  assert.match(shown, /0 lines imported, 50 malformed\r\n$/)
})
