/**
 * A sidecar in the test's own process, on a real SQLite file, with a real simulator for its gateway, and how to call
 * it.
 */
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { createSidecar, readConfig } from '../../js/serve/index.js'
import { folder } from './certificates.js'
import { localGateway } from './gateway.js'

export const dingDong = { alert: 'Ding dong', sound: 'default' }

/**
 * @param {import('node:test').TestContext} t
 * @param {{ simulated?: import('../../js/simulator/simulator.js').SimulatorOptions, toml?: string, app?: string,
 *   env?: NodeJS.ProcessEnv, database?: string }} [options] `toml`: more of the file's text, before the app;
 *   `app`: more of the app
 */
export async function sidecar (t, { simulated, toml = '', app = '', env = {}, database } = {}) {
  const { simulator, paths } = await localGateway(t, simulated)
  const dir = await folder(t, {
    'bellpush.toml': `
database = "${database ?? 'sqlite:doorbell.db'}"
${toml}
[apps.doorbell]
gateway = "${simulator.binary}"
ca = ${JSON.stringify(paths.ca)}
cert = ${JSON.stringify(paths.cert)}
key = ${JSON.stringify(paths.key)}
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
 * A job, when it is over.
 * @param {ReturnType<typeof caller>['call']} call
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

/** @param {import('../../js/serve/sidecar.js').Server} server */
function caller (server) {
  /**
   * @param {string} method
   * @param {string} url
   * @param {unknown} [body] as JSON, or text as it is
   * @param {Record<string, string>} [headers]
   */
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
  return {
    call,
    /**
     * @param {object} body
     * @param {Record<string, string>} [headers]
     */
    push: (body, headers) => call('POST', '/v1/push', { aps: dingDong, ...body }, headers)
  }
}
