/**
 * The client against HTTP/2 servers that are not ours, from Debian's packages: each notification is accepted once, with
 * as few streams and as small windows as each allows, over its real GOAWAYs, and what is no gateway is named in words.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Client } from '../../js/client.js'
import { Simulator } from '../../js/simulator/index.js'
import { authority } from '../helpers/certificates.js'
import { anyKey } from '../helpers/raw-http2-gateway.js'
import { dingDong, ring, tokens } from '../helpers/ring.js'
import { apache, h2o, haproxy, nghttpd, nginx } from '../helpers/web-server-plans.js'
import { answered, soon, webServer } from '../helpers/web-servers.js'

/**
 * @param {import('node:test').TestContext} t
 * @param {number} port
 * @param {Partial<import('../../js/client.js').ClientOptions>} [options]
 */
function clientOf (t, port, options) {
  const client = new Client({
    gateway: `https://127.0.0.1:${port}`, auth: anyKey, ca: authority.certPem, topic: 'com.example.doorbell', ...options
  })
  t.after(() => client.destroy())
  return client
}

/**
 * Pushes, and compares the report with what the server says of itself.
 * @param {import('node:test').TestContext} t
 * @param {import('../helpers/web-servers.js').WebServer} server
 * @param {object} [how]
 * @param {number} [how.count] of tokens
 * @param {() => void | Promise<void>} [how.midway] called when half of them are on their way
 * @param {boolean} [how.mayDoubt] it breaks connections off
 * @param {Partial<import('../../js/client.js').ClientOptions>} [how.options]
 */
async function pushTo (t, server, { count = 5000, midway, mayDoubt = false, options } = {}) {
  const client = clientOf(t, server.port, { maxInFlight: 500, ...options })
  async function * audience () {
    const all = tokens(count)
    yield * all.slice(0, count / 2)
    await midway?.()
    yield * all.slice(count / 2)
  }
  const report = await client.send(dingDong, audience())
  const { connections, elapsed, counts } = report
  t.diagnostic(`${count} tokens, ${connections} connections, ${counts.inDoubt} in doubt, ${elapsed} ms`)
  let times = new Map()
  await soon(async () => (times = answered(await server.log(), 200)).size >= report.accepted,
    () => `${times.size} were accepted, and ${report.accepted} reported so`)
  assert.ok([...times.values()].every(n => n === 1), 'none was accepted twice')
  assert.equal(report.accepted + (mayDoubt ? counts.inDoubt : 0), count)
  return report
}

/**
 * What a push says to a server that is no gateway.
 * @param {import('node:test').TestContext} t
 * @param {import('../helpers/web-servers.js').WebServer} server
 * @param {number} status
 */
async function isNoGateway (t, server, status) {
  await assert.rejects(clientOf(t, server.port).send(dingDong, tokens(500)), error => {
    const { code, message, report } = /** @type {any} */ (error)
    assert.equal(code, 'BELLPUSH_NOTIFICATION_REFUSED')
    assert.match(message, new RegExp(`status ${status}.*no gateway of Apple's kind`))
    assert.deepEqual([report.counts.rejected, report.counts.notSent], [1, 499])
    return true
  })
}

describe('nginx', () => {
  const accepts = 'location /3/device/ { return 200; }'

  test('takes leave after every 100 requests', async t => {
    const server = await webServer(t, place => nginx(place, 'keepalive_requests 100;', accepts))
    const { connections } = await pushTo(t, server)
    assert.ok(connections >= 50, `${connections} connections`)
  })

  test('allows one stream at a time', async t => {
    const server = await webServer(t, place => nginx(place, 'http2_max_concurrent_streams 1;', accepts))
    await pushTo(t, server, { options: { maxConnections: 2 } })
  })

  test('takes leave when it is reloaded', async t => {
    const server = await webServer(t, place => nginx(place, '', accepts))
    const { connections } = await pushTo(t, server, { midway: () => server.signal('SIGHUP') })
    assert.ok(connections >= 2)
  })

  test('takes no POST', async t => {
    const server = await webServer(t, place => nginx(place, '', 'return 405;'))
    await isNoGateway(t, server, 405)
  })

  test('knows no such path', async t => {
    const server = await webServer(t, place => nginx(place, '', 'location /3/ { return 404; }'))
    await isNoGateway(t, server, 404)
  })

  test('sends to another place', async t => {
    const server = await webServer(t, place => nginx(place, '', 'return 301 https://example.com$request_uri;'))
    await isNoGateway(t, server, 301)
  })
})

describe('h2o', () => {
  const accepts = 'mruby.handler: "Proc.new { |env| [200, {}, []] }"'

  test('allows ten streams', async t => {
    const few = 'http2-max-concurrent-requests-per-connection: 10'
    await pushTo(t, await webServer(t, place => h2o(place, accepts, few)))
  })

  test('allows a hundred streams, and answers with a body', async t => {
    const talks = 'mruby.handler: "Proc.new { |env| [200, {\'content-type\' => \'text/plain\'}, [\'x\' * 5000]] }"'
    await pushTo(t, await webServer(t, place => h2o(place, talks)))
  })

  test('knows no such path', async t => {
    const server = await webServer(t, place => h2o(place, `file.dir: ${place.dir}`))
    await isNoGateway(t, server, 404)
  })
})

describe('Apache httpd', () => {
  const accepts = 'RewriteEngine on\nRewriteRule ^/3/device/ - [R=200,L]'

  test('allows ten streams', async t => {
    await pushTo(t, await webServer(t, place => apache(place, `H2MaxSessionStreams 10\n${accepts}`)))
  })

  test('takes leave when it is restarted gracefully', async t => {
    const server = await webServer(t, place => apache(place, accepts))
    const { connections } = await pushTo(t, server, { midway: () => server.signal('SIGUSR1'), mayDoubt: true })
    assert.ok(connections >= 2)
  })

  test('knows no such path', async t => {
    await isNoGateway(t, await webServer(t, place => apache(place, `DocumentRoot ${place.dir}`)), 404)
  })
})

describe('HAProxy', () => {
  /**
   * Before a simulator, which counts: what HAProxy says of its requests it says by the way, and not of each.
   * @param {import('node:test').TestContext} t
   * @param {string} [global] of its configuration
   * @param {import('../../js/simulator/simulator.js').SimulatorOptions} [options]
   */
  async function bellBehind (t, global = '', options = {}) {
    const simulator = await Simulator.start(options)
    t.after(() => simulator.stop())
    const { port } = new URL(simulator.http2)
    const server = await webServer(t, place => haproxy(place, port, global))
    const client = clientOf(t, server.port, { auth: simulator.signingKey, maxInFlight: 500, maxAttempts: 1 })
    return { simulator, server, client }
  }

  test('allows ten streams', async t => {
    const bell = await bellBehind(t, 'tune.h2.max-concurrent-streams 10')
    assert.equal((await ring(bell, tokens(2000))).report.accepted, 2000)
  })

  test('gives windows of 16 bytes', async t => {
    const bell = await bellBehind(t, 'tune.h2.initial-window-size 16')
    assert.equal((await ring(bell, tokens(2000))).report.accepted, 2000)
  })

  /**
   * A signal that comes before it looks for any is lost.
   * @param {import('../helpers/web-servers.js').WebServer} server
   */
  async function reload (server) {
    const ask = () => server.signal('SIGUSR2')
    const again = setInterval(ask, 2_000)
    try {
      await server.says(/Loading success/)
      ask()
      await server.says(/Loading success[^]*Loading success/)
    } finally {
      clearInterval(again)
    }
  }

  test('takes leave when it is reloaded', async t => {
    const { simulator, server, client } = await bellBehind(t)
    async function * audience () {
      yield * tokens(2000).slice(0, 1000)
      await reload(server)
      yield * tokens(2000).slice(1000)
    }
    const report = await client.send(dingDong, audience())
    assert.deepEqual([report.accepted, simulator.counts().duplicates], [2000, 0])
    assert.ok(report.connections >= 2)
  })

  // It says REFUSED_STREAM for what such a gateway had accepted, which RFC 9113, section 8.7, forbids: some come twice.
  test('hides a gateway that kills its connections: none is lost', async t => {
    const faults = ['accepted-kill@500', 'kill@900', 'accepted-kill@1300']
    const { simulator, client } = await bellBehind(t, '', { faults })
    const report = await client.send(dingDong, tokens(2000))
    assert.equal(report.accepted + report.counts.inDoubt, 2000)
    assert.ok(simulator.accepted.size >= report.accepted)
    t.diagnostic(`${report.counts.inDoubt} in doubt, ${simulator.counts().duplicates} twice`)
  })

  test('has no gateway behind it', async t => {
    const { simulator, client } = await bellBehind(t)
    await simulator.stop()
    const report = await client.send(dingDong, tokens(2))
    assert.deepEqual(report.exhausted.map(({ status }) => status), [503, 503])
  })
})

describe('nghttpd', () => {
  /** @type {[name: string, args: string[]][]} */
  const behaviours = [
    ['allows one stream', ['-m', '1']],
    ['allows ten streams', ['-m', '10']],
    ['gives each stream a window of 15 bytes', ['-w', '4']],
    ['answers before it has read all', ['--early-response', '-w', '4']],
    ['pads its frames and ends answers with trailers', ['-b', '100', '--trailer', 'x-end: here']],
    ['allows no header table, and uses none', ['-c', '0', '--encoder-header-table-size', '0']]
  ]
  for (const [name, args] of behaviours) {
    test(name, async t => {
      const server = await webServer(t, place => nghttpd(place, '-v', '--echo-upload', ...args))
      const client = clientOf(t, server.port)
      const report = await client.send(dingDong, tokens(2000))
      t.diagnostic(`${report.connections} connections, ${report.counts.inDoubt} in doubt, ${report.elapsed} ms`)
      assert.equal(report.accepted, 2000)
      const asked = [...(await server.log()).matchAll(/:path: \/3\/device\/([0-9a-f]{64})/g)].map(([, token]) => token)
      assert.deepEqual(asked.sort(), tokens(2000))
    })
  }

  test('knows no such path', async t => {
    await isNoGateway(t, await webServer(t, place => nghttpd(place, '--error-gzip')), 404)
  })
})
