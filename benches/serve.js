/**
 * The sidecar: small pushes over HTTP beside an empty route of Fastify, and how long a large one waits for its 202.
 *
 * wrk asks, on 32 connections that are kept; the gateway is the native one; the sidecar is a process of its own.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import http from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { openTokenStore } from '../js/index.js'
import { root } from '../scripts/lib/files.js'
import { which } from '../scripts/lib/run.js'
import { makeCertificates } from './lib/certificates.js'
import { Contender } from './lib/contender.js'
import { atLeast, atMost, median, rate } from './lib/figures.js'
import { cores, Gateway, pinned } from './lib/native.js'
import { makeTokens, topic } from './lib/tokens.js'

const CUSTOMERS = 1_000
const TOKENS = 3
const CONNECTIONS = 32
const SECONDS = 2
const ROUNDS = 3
const WARM_UP = 1

/** A push that becomes a job, and how often its 202 is timed; and one to a crowd, beside which small ones go on. */
const LARGE = 100_000
const LARGE_TIMES = 11
const EVERYBODY = 200_000
const CROWD = 'crowd'

const script = fileURLToPath(new URL('serve/push.lua', import.meta.url))

/**
 * What is compared: the app, who it is for, and whether each has an Idempotency-Key.
 * @type {Record<string, string[]>}
 */
const cases = {
  empty: ['doorbell', 'clients', 'plain'],
  clients: ['doorbell', 'clients', 'plain'],
  tokens: ['doorbell', 'tokens', 'plain'],
  keyed: ['doorbell', 'clients', 'keyed'],
  binary: ['old', 'clients', 'plain']
}

/**
 * @typedef {{ requests: number, microseconds: number, failed: number, p50: number, p99: number, longest: number }} Said
 */

export async function serve () {
  const wrk = which('wrk')
  if (wrk === undefined) throw new Error('wrk is needed: apt-get install wrk')
  const certificates = await makeCertificates()
  const apple = await Gateway.start(certificates.files, {})
  const old = await Gateway.start(certificates.files)
  const tokens = makeTokens(EVERYBODY)
  const empty = await Contender.start('empty-route', {})
  const file = join(certificates.folder, 'customers')
  const mine = Array.from({ length: CUSTOMERS }, (_, i) => tokens.slice(i * TOKENS, (i + 1) * TOKENS))
  writeFileSync(file, mine.map(three => three.join(' ')).join('\n'))
  const sidecar = await Sidecar.start(certificates, { apple, old, tokens, mine })
  /** @type {Record<string, Said[]>} */
  const raw = Object.fromEntries(Object.keys(cases).map(name => [name, []]))
  /** @param {string} name @param {number} seconds @returns {Promise<Said>} */
  const round = async (name, seconds) => {
    const url = name === 'empty' ? await empty.run() : sidecar.url
    const [command, args] = pinned(cores.gateway, [wrk, '--latency', '-t', '1', '-c', String(CONNECTIONS),
      '-d', `${seconds}s`, '-s', script, `${url}/v1/push`, '--', ...cases[name], file])
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    for await (const part of child.stdout) text += part
    return JSON.parse(/** @type {string} */ (text.trim().split('\n').at(-1)))
  }
  let unanswered = 0
  try {
    const waits = await sidecar.waits(tokens.slice(0, LARGE))
    for (let turn = 0; turn < ROUNDS + WARM_UP; turn++) {
      for (const name of Object.keys(cases)) {
        apple.reset()
        const said = await round(name, SECONDS)
        if (turn >= WARM_UP) raw[name].push(said)
        if (cases[name][0] === 'old' || name === 'empty') continue
        // The gateway's own count: what was answered was accepted.
        unanswered = Math.max(unanswered, TOKENS * (said.requests - said.failed) - (await apple.report()).accepted)
      }
    }
    await sidecar.push({ app: 'doorbell', clientIds: [CROWD], aps: { alert: 'Ding dong' } })
    await sidecar.until(({ settled }) => settled > 0)
    const beside = await round('clients', SECONDS)
    const { state, settled } = await sidecar.job()
    await sidecar.until(({ state }) => state !== 'running')
    const speed = (/** @type {string} */ name) =>
      median(raw[name].map(({ requests, microseconds }) => requests / microseconds * 1e6))
    const slowest = (/** @type {string} */ name) => Math.max(...raw[name].map(({ p99 }) => p99)) / 1000
    const share = (/** @type {string} */ name) => (speed(name) / speed('empty')).toFixed(2)
    const usual = (/** @type {string} */ name) => median(raw[name].map(({ p50 }) => p50)) / 1000
    const what = (/** @type {string} */ name) => `${rate(speed(name))}, ${share(name)} of the empty route; ` +
      `p50 ${usual(name).toFixed(1)} ms, p99 ${slowest(name).toFixed(1)} ms`
    return {
      name: 'serve',
      title: `Pushes to one customer's ${TOKENS} tokens through the sidecar, ${CONNECTIONS} connections`,
      figures: [
        { who: 'an empty route of Fastify', what: what('empty') },
        { who: 'clientIds, over HTTP/2', what: what('clients') },
        { who: 'tokens, over HTTP/2', what: what('tokens') },
        { who: 'clientIds, over HTTP/2, with an Idempotency-Key', what: what('keyed') },
        { who: 'clientIds, over the binary protocol', what: what('binary') },
        {
          who: `the 202 of ${LARGE.toLocaleString('en')} tokens`,
          what: `median ${median(waits).toFixed(0)} ms, best ${Math.min(...waits).toFixed(0)}, worst ` +
            `${Math.max(...waits).toFixed(0)}, the first ${waits[0].toFixed(0)}`
        },
        {
          who: `clientIds, beside a job of ${EVERYBODY.toLocaleString('en')} tokens (${state}, ` +
            `${settled.toLocaleString('en')} settled meanwhile)`,
          what: `${rate(beside.requests / beside.microseconds * 1e6)}; p50 ${(beside.p50 / 1000).toFixed(1)} ms, p99 ` +
            `${(beside.p99 / 1000).toFixed(1)} ms`
        }
      ],
      targets: [
        atLeast('requests/s', speed('clients'), 2000),
        atMost('p99, ms', slowest('clients'), 50),
        atMost('202, ms', median(waits), 100),
        atMost('answered, and not accepted by the gateway', unanswered, 0),
        atMost('requests that failed', [...Object.values(raw).flat(), beside]
          .reduce((sum, { failed }) => sum + failed, 0), 0)
      ],
      raw: { ...raw, waits, beside }
    }
  } finally {
    empty.stop()
    await sidecar.stop()
    await Promise.all([apple.stop(), old.stop()])
    await certificates.remove()
  }
}

class Sidecar {
  /** For the 202s: one connection that is kept. */
  #agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  #job = ''

  /**
   * @param {Awaited<ReturnType<typeof makeCertificates>>} certificates
   * @param {{ apple: Gateway, old: Gateway, tokens: string[], mine: string[][] }} world
   */
  static async start ({ folder, files, clientFiles }, { apple, old, tokens, mine }) {
    const database = `sqlite:${join(folder, 'doorbell.db')}`
    const store = await openTokenStore(database, { create: true })
    await store.putMany([
      ...mine.flatMap((three, i) => three.map(token => ({ clientId: i + 1, token }))),
      ...tokens.slice(TOKENS * mine.length).map(token => ({ clientId: CROWD, token }))
    ])
    await store.close()
    const port = await freePort()
    const app = (/** @type {string} */ name, /** @type {string} */ gateway) =>
      `[apps.${name}]\ngateway = "${gateway}"\n` +
      `ca = "${files.ca}"\ncert = "${clientFiles.cert}"\nkey = "${clientFiles.key}"\n`
    const config = join(folder, 'bellpush.toml')
    writeFileSync(config, `listen = "127.0.0.1:${port}"\ndatabase = "${database}"\n` +
      app('doorbell', `https://127.0.0.1:${apple.port}`) + `topic = "${topic}"\n` +
      app('old', `apns://127.0.0.1:${old.port}`))
    const [command, args] = pinned(cores.client, [
      process.execPath, join(root, 'js/cli/main.js'), 'serve', '--config', config
    ])
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] })
    const sidecar = new Sidecar(child, port)
    const isUp = () => sidecar.ask('GET', '/healthz').then(() => true, () => false)
    while (!await isUp()) await sleep(20)
    return sidecar
  }

  /**
   * @param {import('node:child_process').ChildProcess} child
   * @param {number} port
   */
  constructor (child, port) {
    this.child = child
    this.port = port
    this.url = `http://127.0.0.1:${port}`
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {Buffer} [body]
   * @returns {Promise<any>}
   */
  async ask (method, path, body) {
    const headers = body && { 'content-type': 'application/json', 'content-length': body.length }
    const request = http.request(this.url + path, { method, agent: this.#agent, headers }).end(body)
    const [response] = await once(request, 'response')
    let text = ''
    for await (const part of response) text += part
    if (response.statusCode >= 300) throw new Error(`${path}: ${text}`)
    return JSON.parse(text)
  }

  /** @param {object} body */
  async push (body) {
    const { id } = await this.ask('POST', '/v1/push', Buffer.from(JSON.stringify(body)))
    this.#job = id
  }

  job () {
    return this.ask('GET', `/v1/jobs/${this.#job}`)
  }

  /** @param {(job: any) => boolean} isSo */
  async until (isSo) {
    while (!isSo(await this.job())) await sleep(20)
  }

  /**
   * @param {string[]} tokens
   * @returns {Promise<number[]>} milliseconds from a request to its 202, on an otherwise idle sidecar
   */
  async waits (tokens) {
    const body = Buffer.from(JSON.stringify({ app: 'doorbell', tokens, aps: { alert: 'Ding dong' } }))
    const waits = []
    for (let i = 0; i < LARGE_TIMES; i++) {
      const start = performance.now()
      const { id } = await this.ask('POST', '/v1/push', body)
      waits.push(performance.now() - start)
      this.#job = id
      await this.ask('DELETE', `/v1/jobs/${id}`)
      await this.until(({ finishedAt }) => finishedAt !== null)
    }
    return waits
  }

  async stop () {
    this.#agent.destroy()
    this.child.kill('SIGTERM')
    if (this.child.exitCode === null) await once(this.child, 'exit')
  }
}

async function freePort () {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  server.close()
  await once(server, 'close')
  return port
}
