/**
 * A sidecar in the test's own process, on a real SQLite file, with a real simulator for its gateway, and how to call
 * it.
 */
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { createSidecar, readConfig } from '../../js/serve/index.js'
import { folder } from './certificates.js'
import { localGateway } from './gateway.js'

export const dingDong = { alert: 'Ding dong', sound: 'default' }

/**
 * @param {import('node:test').TestContext} t
 * @param {{ simulated?: import('../../js/simulator/simulator.js').SimulatorOptions, toml?: string, app?: string,
 *   env?: NodeJS.ProcessEnv, database?: string, http2?: boolean }} [options] `toml`: more of the file's text, before
 *   the app; `app`: more of the app
 */
export async function sidecar (t, { simulated, toml = '', app = '', env = {}, database, http2 = false } = {}) {
  const { simulator, paths } = await localGateway(t, simulated)
  const dir = await folder(t, {
    'bellpush.toml': `
database = "${database ?? 'sqlite:doorbell.db'}"
${toml}
[apps.doorbell]
${http2 ? overHttp2(simulator) : overBinary(simulator, paths)}
ca = ${JSON.stringify(paths.ca)}
${app}`
  })
  const config = readConfig({ config: join(dir, 'bellpush.toml') }, env)
  const log = new Log()
  /** Another one, with the same configuration. */
  const again = async () => {
    const server = await createSidecar(config, { log })
    t.after(() => server.close())
    return { server, ...caller(server) }
  }
  return { simulator, config, dir, log, again, ...await again() }
}

/**
 * @param {import('../../js/simulator/index.js').Simulator} simulator
 * @param {{ cert: string, key: string }} paths
 */
export const overBinary = ({ binary }, { cert, key }) => `gateway = "${binary}"
cert = ${JSON.stringify(cert)}
key = ${JSON.stringify(key)}`

/** @param {import('../../js/simulator/index.js').Simulator} simulator */
export const overHttp2 = ({ http2, signingKey: { key, keyId, teamId } }) => `gateway = "${http2}"
topic = "com.example.doorbell"
key = ${JSON.stringify(key)}
keyId = "${keyId}"
teamId = "${teamId}"`

/**
 * A job, when it is over.
 * @param {Call} call
 * @param {string} id
 * @param {Record<string, string>} [headers]
 */
export async function ended (call, id, headers) {
  for (;;) {
    const { body } = await call('GET', `/v1/jobs/${id}`, undefined, headers)
    if (body.state !== 'queued' && body.state !== 'running') return body
    await setTimeout(20)
  }
}

/** Everything that was logged. */
class Log extends Writable {
  text = ''

  /**
   * @param {Buffer} chunk
   * @param {string} _encoding
   * @param {() => void} done
   * @override
   */
  _write (chunk, _encoding, done) {
    this.text += chunk
    done()
  }
}

/**
 * @callback Call
 * @param {string} method
 * @param {string} url
 * @param {unknown} [body] as JSON, or text as it is
 * @param {Record<string, string>} [headers]
 * @returns {Promise<{ status: number, headers: Record<string, any>, body: any }>}
 */

/** @param {import('../../js/serve/sidecar.js').Server} server */
function caller (server) {
  /** @type {Call} */
  const call = async (method, url, body, headers) => {
    const answer = await server.inject({
      method: /** @type {any} */ (method),
      url,
      headers: { host: '127.0.0.1:8195', ...body !== undefined && { 'content-type': 'application/json' }, ...headers },
      payload: typeof body === 'string' ? body : body === undefined ? undefined : JSON.stringify(body)
    })
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: /json/.test(String(answer.headers['content-type'])) ? JSON.parse(answer.body) : answer.body
    }
  }
  return { call, push: pushWith(call) }
}

/**
 * The same calls to a sidecar that is a process of its own.
 * @param {string} base its URL
 */
export function over (base) {
  /** @type {Call} */
  const call = async (method, url, body, headers) => {
    const answer = await fetch(base + url, {
      method,
      headers: { ...body !== undefined && { 'content-type': 'application/json' }, ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body)
    })
    const text = await answer.text()
    const head = Object.fromEntries(answer.headers)
    return { status: answer.status, headers: head, body: /json/.test(head['content-type']) ? JSON.parse(text) : text }
  }
  return { call, push: pushWith(call) }
}

/** @param {Call} call */
function pushWith (call) {
  /**
   * @param {object} body
   * @param {Record<string, string>} [headers]
   */
  return (body, headers) => call('POST', '/v1/push', { aps: dingDong, ...body }, headers)
}

/**
 * @param {import('node:child_process').ChildProcess} child `bellpush serve`
 * @returns {Promise<string>} its URL, when it listens
 */
export function listening (child) {
  const lines = createInterface({ input: /** @type {NodeJS.ReadableStream} */ (child.stdout) })
  return new Promise((resolve, reject) => {
    lines.on('line', line => {
      const [, url] = /listening at (http:[^"]+)/.exec(line) ?? []
      if (url) resolve(url)
    })
    child.on('close', () => reject(new Error('it ended before it listened')))
  })
}
