/** `bellpush push` over HTTP/2, against the simulator: `.p8` keys, what a notification says, and errors that help. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import net from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { bellpush, hasStack } from './helpers/command.js'
import { localGateway } from './helpers/gateway.js'
import { token, tokens } from './helpers/ring.js'

const hello = ['--alert', 'Ding dong']
const topic = ['--topic', 'com.example.doorbell']

/**
 * @param {import('node:test').TestContext} t
 * @param {import('../js/simulator/simulator.js').SimulatorOptions} [options]
 */
async function gateway (t, options) {
  const { cwd, simulator, certificate, paths } = await localGateway(t, options)
  const { p8, keyId, teamId } = simulator.signing
  const to = ['--gateway', simulator.http2, '--ca', paths.ca]
  const key = ['--key', String(p8), '--key-id', keyId, '--team-id', teamId]
  return {
    cwd,
    simulator,
    to,
    key,
    certificate,
    /** @param {string[]} args @param {string[]} audience @param {NodeJS.ProcessEnv} [env] */
    push: (args, audience = tokens(3), env) =>
      bellpush(t, ['push', ...to, ...args, '--tokens', '-'], { cwd, input: audience.join('\n'), env })
  }
}

/**
 * What is said of each notification that the simulator accepts, as they come.
 * @param {import('../js/simulator/index.js').Simulator} simulator
 */
function accepted (simulator) {
  /** @type {{ headers: Record<string, string | undefined>, authorization?: string, payload: any }[]} */
  const all = []
  simulator.on('accepted', ({ headers, payload }) => {
    const said = ['topic', 'push-type', 'priority', 'expiration', 'collapse-id']
      .map(name => [name, headers?.get(`apns-${name}`)]).filter(([, value]) => value !== undefined)
    all.push({
      headers: Object.fromEntries(said),
      authorization: headers?.get('authorization'),
      payload: JSON.parse(Buffer.from(payload).toString())
    })
  })
  return all
}

describe('a push over HTTP/2', () => {
  test('with a .p8 key', async t => {
    const { push, key, simulator } = await gateway(t, { dead: [token(2)] })
    const sent = accepted(simulator)
    const { code, stdout, stderr } = await push([...key, ...topic, ...hello])
    assert.equal(code, 1, stderr)
    assert.match(stdout, /^ *2 accepted\n *1 rejected\n/m)
    assert.match(stdout, /^1 rejected: status 410 Unregistered\n {2}0+2$/m)
    const { authorization, headers } = sent[0]
    assert.match(String(authorization), /^bearer [\w-]+\.[\w-]+\.[\w-]+$/)
    assert.deepEqual(headers, { topic: 'com.example.doorbell', 'push-type': 'alert' })
    assert.deepEqual(sent[0].payload, { aps: { alert: 'Ding dong' } })
  })

  test('with a certificate, whose topic is its own', async t => {
    const { push, certificate, simulator } = await gateway(t)
    const sent = accepted(simulator)
    assert.equal((await push([...certificate, ...hello])).code, 0)
    assert.deepEqual(sent[0].headers, { 'push-type': 'alert' })
  })

  test('says everything that was asked for', async t => {
    const { push, key, simulator } = await gateway(t)
    const sent = accepted(simulator)
    const args = ['--push-type', 'voip', '--collapse-id', 'door-7', '--priority', '1', '--expiration', '0']
    const { code } = await push([...key, ...topic, ...args, '--payload', '{"door":7}'], [token(1)])
    assert.equal(code, 0)
    assert.deepEqual(sent[0].headers, {
      topic: 'com.example.doorbell.voip', 'push-type': 'voip', priority: '1', expiration: '0', 'collapse-id': 'door-7'
    })
  })

  test('in the background has priority 5', async t => {
    const { push, key, simulator } = await gateway(t)
    const sent = accepted(simulator)
    assert.equal((await push([...key, ...topic, '--payload', '{"aps":{"content-available":1}}'], [token(1)])).code, 0)
    assert.deepEqual([sent[0].headers['push-type'], sent[0].headers.priority], ['background', '5'])
  })

  test('reports for a program', async t => {
    const { push, key } = await gateway(t, { dead: [token(1)] })
    const { code, stdout } = await push([...key, ...topic, ...hello, '--json'])
    const { accepted, rejected: [{ token: dead, reason, status }] } = JSON.parse(stdout)
    assert.deepEqual([code, accepted, dead, reason, status], [1, 2, token(1), 'Unregistered', 410])
  })

  test('goes through a proxy, whose password is in the environment', async t => {
    const { push, key, simulator } = await gateway(t)
    const proxy = net.createServer(client => {
      client.once('data', head => {
        asked.push(String(head))
        const way = net.connect({ host: '127.0.0.1', port: Number(new URL(simulator.http2).port) }, () => {
          client.write('HTTP/1.1 200 OK\r\n\r\n')
          client.pipe(way).pipe(client)
        })
        way.on('error', () => client.destroy())
        client.on('error', () => way.destroy())
      })
    })
    /** @type {string[]} */
    const asked = []
    await once(proxy.listen(0, '127.0.0.1'), 'listening')
    t.after(() => proxy.close())
    const { port } = /** @type {net.AddressInfo} */ (proxy.address())
    const env = { BELLPUSH_PROXY: `http://user:open@127.0.0.1:${port}` }
    assert.equal((await push([...key, ...topic, ...hello], tokens(3), env)).code, 0)
    assert.match(asked[0], /^CONNECT 127\.0\.0\.1:\d+ HTTP\/1\.1\r\n[^]*Proxy-Authorization: Basic dXNlcjpvcGVu\r\n/)
  })
})

describe('what cannot be', () => {
  const apple = ['--gateway', 'production']
  const key = ['--key', 'AuthKey.p8', '--key-id', 'ABCDE12345', '--team-id', 'FGHIJ67890']
  /** @type {[string, string[], RegExp, number?][]} */
  const cases = [
    ['nobody, at Apple', apple, /who are you\? Give --key FILE\.p8 --key-id ID --team-id ID, or a certificate/],
    ['nobody, at the sandbox', ['--gateway', 'sandbox'], /who are you\?/],
    ['a key without its id', [...apple, ...key.slice(0, 2)], /is --key a \.p8 file\? Then give its --key-id/],
    ['an id without a team', [...apple, ...key.slice(0, 4), ...topic], /--key-id wants its --team-id/],
    ['a team without an id', [...apple, '--key', 'x', '--team-id', 'FGHIJ67890'], /--team-id wants its --key-id/],
    ['an id without a key', [...apple, ...key.slice(2), ...topic], /--key FILE is missing/],
    ['a key and a certificate', [...apple, ...key, '--cert', 'cert.pem'], /give one of the two/],
    ['a key without a topic', [...apple, ...key], /--topic is missing/],
    ['a topic in the binary protocol', ['--gateway', 'apns://localhost', ...topic], /--topic is for HTTP\/2, and apns/],
    ['a .p8 key in the binary protocol', ['--gateway', 'apns://localhost', ...key], /--key-id is for HTTP\/2/],
    ['another gateway', ['--gateway', 'prod'], /a gateway is 'production', 'sandbox' or https:\/\/host:port/],
    ['another push type', [...apple, '--push-type', 'sms'], /Allowed choices are alert, background, /],
    ['a key file that is not there', [...apple, ...key, ...topic], /AuthKey\.p8.* no such file/, 3],
    ['an id of another length', [...apple, ...key, ...topic, '--key-id', 'ABC'], /keyId must be the ten letters/]
  ]
  for (const [what, args, words, exit = 2] of cases) {
    test(`${what}: is said so, and nothing is sent`, async t => {
      const push = ['push', ...args, ...hello, '--tokens', '-']
      const { code, stdout, stderr } = await bellpush(t, push, { input: token(1) })
      assert.match(stderr, words)
      assert.equal(code, exit)
      assert.deepEqual([stdout, hasStack(stderr)], ['', false])
    })
  }

  test('a key that is none of the portal', async t => {
    const { push, key, cwd, simulator } = await gateway(t)
    await writeFile(join(cwd, 'cert.p8'), simulator.credentials.cert)
    const { code, stderr } = await push([...key, '--key', 'cert.p8', ...topic, ...hello])
    assert.equal(code, 3)
    assert.match(stderr, /there is no private key in PEM in the file cert\.p8/)
  })

  test('a team that the gateway does not know', async t => {
    const { push, key } = await gateway(t)
    const { code, stdout, stderr } = await push([...key, '--team-id', 'ANOTHER001', ...topic, ...hello])
    assert.equal(code, 3)
    assert.match(stderr, /403 \(InvalidProviderToken\): .* belong together/)
    assert.match(stdout, /0 accepted/)
  })

  test('an app that the key is not for', async t => {
    const { push, key } = await gateway(t)
    const { code, stderr } = await push([...key, '--topic', 'com.example.other', ...hello])
    assert.equal(code, 1)
    assert.match(stderr, /400 \(TopicDisallowed\): .*is it the bundle id of an app of this team\?/)
  })

  test('a live activity that does not say what it is', async t => {
    const { push, key, simulator } = await gateway(t)
    const { code, stderr } = await push([...key, ...topic, '--push-type', 'liveactivity', ...hello])
    assert.equal(code, 2)
    assert.match(stderr, /liveactivity wants a payload in which aps\.event is 'start' or 'update' or 'end'/)
    assert.equal(simulator.counts().connections, 0)
  })
})

test('the help shows how', async t => {
  const { code, stdout } = await bellpush(t, ['push', '--help'])
  assert.equal(code, 0)
  for (const words of [/--key-id <id>/, /--team-id <id>/, /--topic <bundle-id>/, /--gateway production --key AuthKey_/,
    /--push-type <type>[^]*choices:\s+"alert", "background"/, /env: BELLPUSH_PROXY/, /AuthKey\.p8/]) {
    assert.match(stdout, words)
  }
})
