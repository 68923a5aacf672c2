/** The command as a whole: help, versions, usage errors, errors, and readers that stop reading. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { folder } from './helpers/certificates.js'
import { bellpush, hasStack, main } from './helpers/command.js'
import { token } from './helpers/ring.js'

const commands = [
  ['push'], ['tokens', 'add'], ['tokens', 'remove'], ['tokens', 'list'], ['tokens', 'import'], ['tokens', 'count'],
  ['feedback'], ['decode'], ['simulate']
]

describe('help', () => {
  test('is what the command alone shows', async t => {
    const alone = await bellpush(t, [])
    assert.equal(alone.code, 0)
    assert.equal(alone.stderr, '')
    assert.deepEqual(alone, await bellpush(t, ['--help']))
    for (const [name] of commands) assert.match(alone.stdout, RegExp(`^  ${name} `, 'm'))
  })

  for (const command of commands) {
    test(`of ${command.join(' ')} has examples and exit codes, and fits 80 columns`, async t => {
      const { code, stdout } = await bellpush(t, [...command, '--help'])
      assert.equal(code, 0)
      assert.match(stdout, /^Examples:\n(.*\n)*? +\$ .*bellpush /m)
      assert.match(stdout, /^Exit codes:/m)
      for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line)
    })
  }
})

test('--version is that of the package', async t => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  assert.deepEqual(await bellpush(t, ['--version']), { code: 0, signal: null, stdout: `${version}\n`, stderr: '' })
})

describe('usage errors end with 2, a line that says what is wrong and where help is', () => {
  for (const { args, says } of [
    { args: ['psuh'], says: /unknown command 'psuh'\n\(Did you mean push\?\)\nSee bellpush --help/ },
    { args: ['push', '--gateway', 'x', '--alrt'], says: /unknown option '--alrt'\n.*--alert.*\nSee bellpush push -/ },
    { args: ['push', '--alert', 'x'], says: /'--gateway <url>' not specified\nSee bellpush push --help/ },
    { args: ['tokens', 'add', '--db', 'x'], says: /missing required argument 'client'\nSee bellpush tokens add/ },
    { args: ['tokens', 'list'], says: /'--db <url>' not specified/ },
    { args: ['decode', '--as', 'photo', '00'], says: /Allowed choices are frames, error-responses, feedback/ }
  ]) {
    test(args.join(' '), async t => {
      const { code, stdout, stderr } = await bellpush(t, args)
      assert.equal(code, 2)
      assert.equal(stdout, '')
      assert.match(stderr, says)
    })
  }

  test('a group of commands without one of them', async t => {
    const { code, stderr } = await bellpush(t, ['tokens'])
    assert.equal(code, 2)
    assert.match(stderr, /^Usage: bellpush tokens/)
  })
})

describe('errors', () => {
  const broken = ['tokens', 'list', '--db', 'sqlite:nothing.db']

  test('are a line on stderr without a stack', async t => {
    const { code, stdout, stderr } = await bellpush(t, broken, { cwd: await folder(t) })
    assert.equal(code, 3)
    assert.equal(stdout, '')
    assert.match(stderr, /^error: There is no token database .*nothing\.db.*\n$/)
  })

  test('have a stack with BELLPUSH_DEBUG', async t => {
    const { code, stderr } = await bellpush(t, broken, { cwd: await folder(t), env: { BELLPUSH_DEBUG: '1' } })
    assert.equal(code, 3)
    assert.ok(hasStack(stderr), stderr)
  })

  test('are an object with --json, too', async t => {
    const { code, stdout, stderr } = await bellpush(t, [...broken, '--json'], { cwd: await folder(t) })
    assert.equal(code, 3)
    assert.equal(JSON.parse(stdout).error.code, 'BELLPUSH_STORE_UNAVAILABLE')
    assert.match(stderr, /^error: /)
  })

  test('reach the terminal without the control characters of what they name', async t => {
    const { stderr } = await bellpush(t, ['decode', 'zz\u001b[31m\u009b1m'], { cwd: await folder(t) })
    assert.match(stderr, /^error: /)
    assert.doesNotMatch(stderr.trimEnd(), /\p{Cc}/u)
  })
})

test('a reader that stops reading ends a listing quietly', async t => {
  const cwd = await folder(t, { 'tokens.csv': Array.from({ length: 20_000 }, (_, n) => `7,${token(n)}`).join('\n') })
  await bellpush(t, ['tokens', 'import', '--db', 'sqlite:many.db', 'tokens.csv'], { cwd })
  const child = spawn(process.execPath, [main, 'tokens', 'list', '--db', 'sqlite:many.db'], { cwd })
  t.after(() => child.kill('SIGKILL'))
  let stderr = ''
  child.stderr.on('data', text => { stderr += text })
  await once(child.stdout, 'data')
  child.stdout.destroy()
  assert.deepEqual(await once(child, 'exit'), [0, null])
  assert.equal(stderr, '')
})

test('nothing the command says is coloured', async t => {
  const dir = await folder(t, { 'bytes.hex': '080800000007' })
  const { stdout } = await bellpush(t, ['decode', join(dir, 'bytes.hex')], { env: { FORCE_COLOR: '3' } })
  assert.doesNotMatch(stdout.replaceAll('\n', ''), /\p{Cc}/u)
})
