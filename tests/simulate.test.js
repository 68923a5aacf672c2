/** `bellpush simulate` as a process: the line when it is ready, the counts when it ends, and its clear errors. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { connect } from './helpers/raw-client.js'
import { decodeFeedback } from './helpers/reference.js'
import { notifications, token } from './helpers/simulated.js'

const program = fileURLToPath(new URL('./helpers/simulate.js', import.meta.url))
const freePorts = ['--binary-port', '0', '--feedback-port', '0', '--http2-port', '0']

/** One directory for all, so that certificates are made once. */
let dir = ''
before(async () => { dir = await mkdtemp(join(tmpdir(), 'bellpush-')) })
after(() => rm(dir, { recursive: true }))

/**
 * @param {import('node:test').TestContext} t
 * @param {...string} args
 */
function simulate (t, ...args) {
  const child = spawn(process.execPath, [program, 'simulate', ...args], { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(child, 'exit')
  t.after(() => {
    child.kill('SIGKILL')
    return exited
  })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return {
    child,
    /** The next JSON line. */
    line: async () => JSON.parse((await lines.next()).value),
    /** @param {NodeJS.Signals} signal */
    signal: (signal) => child.kill(signal),
    exited
  }
}

/** @param {{ binary: string, ca: string, cert: string, key: string }} ready */
async function dial ({ binary: url, ...paths }) {
  const [ca, cert, key] = await Promise.all([paths.ca, paths.cert, paths.key].map((path) => readFile(path, 'utf8')))
  return connect(url, { ca, cert, key })
}

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  test(`says when it is ready, serves, and on ${signal} says what it counted and exits with 0`, async (t) => {
    const lines = ['# the dead', '', `${token(3)}\r`, `  <${token(4).toUpperCase()}>  # with brackets`, '']
    await writeFile(join(dir, 'dead.txt'), lines.join('\n'))
    const { line, signal: kill, exited } = simulate(t, ...freePorts, '--dir', dir, '--dead', join(dir, 'dead.txt'))
    const ready = await line()
    const { binary, feedback, http2, ...rest } = ready
    assert.match(http2, /^https:\/\/127\.0\.0\.1:\d+$/)
    for (const url of [binary, feedback]) assert.match(url, /^apns:\/\/127\.0\.0\.1:\d+$/)
    const paths = { ca: join(dir, 'ca.pem'), cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem') }
    const signing = { p8: join(dir, 'AuthKey.p8'), keyId: 'SIMULATOR1', teamId: 'BELLPUSH01' }
    assert.deepEqual(rest, { ready: true, ...paths, ...signing })
    const client = await dial(ready)
    await client.send(...notifications(1, 5))
    await client.over()
    assert.deepEqual(client.responses, [{ status: 8, identifier: 3 }])
    const reader = await dial({ ...ready, binary: ready.feedback })
    await reader.over()
    assert.deepEqual(decodeFeedback(reader.received).map(({ token }) => token), [token(3), token(4)])
    kill(signal)
    assert.deepEqual(await line(), {
      connections: 1, refused: 0, received: 3, accepted: 2, duplicates: 0, rejected: 1, dropped: 0, feedback: 2
    })
    assert.deepEqual(await exited, [0, null])
  })
}

test('SIGUSR2 tells the counts and begins a new count, so that a second ring has no duplicates', async (t) => {
  const { line, signal } = simulate(t, ...freePorts, '--dir', dir)
  const ready = await line()
  for (const kind of /** @type {const} */ (['SIGUSR2', 'SIGINT'])) {
    const client = await dial(ready)
    await client.send(...notifications(1, 3))
    await client.close()
    signal(kind)
    const { accepted, duplicates, connections } = await line()
    assert.deepEqual({ accepted, duplicates, connections }, { accepted: 3, duplicates: 0, connections: 1 })
  }
})

test('faults come from the command line, with one --fault or several', async (t) => {
  const { line } = simulate(t, ...freePorts, '--dir', dir, '--fault', 'status-1@1', 'cut@2', '--fault', 'shutdown@3')
  const ready = await line()
  for (const [position, status] of [[1, 1], [2, 8], [3, 10]]) {
    const client = await dial(ready)
    await client.send(...notifications(position))
    await client.over()
    assert.deepEqual(client.responses, [{ status, identifier: position }])
    await client.close()
  }
})

test('--plain makes no certificates and speaks in the clear', async (t) => {
  const { line } = simulate(t, ...freePorts, '--plain')
  const ready = await line()
  assert.deepEqual(Object.keys(ready), ['ready', 'binary', 'feedback'])
  const client = await connect(ready.binary, undefined)
  await client.send(...notifications(1))
  await client.close()
})

test('--help teaches every fault, and ends with examples', async (t) => {
  const child = spawn(process.execPath, [program, 'simulate', '--help'])
  t.after(() => child.kill('SIGKILL'))
  const help = (await child.stdout.setEncoding('utf8').toArray()).join('')
  for (const word of ['status-N', 'unknown-identifier', 'reset-after-error', 'SIGUSR2', '--dead']) {
    assert.ok(help.includes(word), word)
  }
  assert.match(help, /\nExamples:\n( {2}.+\n)+/)
})

describe('clear errors', () => {
  test('a port in use', async (t) => {
    const server = net.createServer().listen(0, '127.0.0.1')
    t.after(() => server.close())
    await once(server, 'listening', { signal: t.signal })
    const { port } = /** @type {net.AddressInfo} */ (server.address())
    const { line } = simulate(t, ...freePorts, '--binary-port', String(port), '--dir', dir)
    const { code, message } = await line()
    assert.equal(code, 'BELLPUSH_LISTEN_FAILED')
    assert.match(message, new RegExp(`port ${port}: another program listens there already`))
  })

  test('a malformed line among the dead tokens, with its number', async (t) => {
    const file = join(dir, 'malformed.txt')
    await writeFile(file, `${token(1)}\n# fine\nabc\n`)
    const { line } = simulate(t, ...freePorts, '--dir', dir, '--dead', file)
    const { code, message } = await line()
    assert.equal(code, 'BELLPUSH_TOKEN_MALFORMED')
    assert.match(message, /malformed\.txt, line 3: /)
  })

  /** @type {Array<[string, string[], string]>} */
  const cases = [
    ['a missing file of dead tokens', ['--dead', '/nowhere/dead.txt'], 'BELLPUSH_OPTION_INVALID'],
    ['an unknown fault', ['--fault', 'storm@5'], 'commander.invalidArgument'],
    ['a port that is none', ['--binary-port', '70000'], 'commander.invalidArgument'],
    ['plain text with a directory', ['--plain', '--dir', 'here'], 'commander.conflictingOption']
  ]
  for (const [name, args, expected] of cases) {
    test(name, async (t) => {
      const { line } = simulate(t, ...args)
      assert.equal((await line()).code, expected)
    })
  }
})
