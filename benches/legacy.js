/**
 * The legacy gateway: what goes through it from one old connection, from a hundred, and where each notification has a
 * payload of its own, beside what the client of HTTP/2 does by itself.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { root } from '../scripts/lib/files.js'
import { makeCertificates } from './lib/certificates.js'
import { Contender } from './lib/contender.js'
import { atLeast, median, rate } from './lib/figures.js'
import { cores, pinned } from './lib/native.js'

const COUNT = 100_000
const ROUNDS = 5
const WARM_UP = 2

/** @type {Record<string, { connections: number, own: boolean, count: number }>} */
const cases = {
  http2: { connections: 0, own: false, count: COUNT },
  one: { connections: 1, own: false, count: COUNT },
  hundred: { connections: 100, own: false, count: COUNT },
  own: { connections: 1, own: true, count: COUNT / 10 }
}

export async function legacy () {
  const certificates = await makeCertificates()
  const { cert, key, ca } = certificates.files
  const apple = await Apple.start([cert, key, ca])
  /** @type {Record<string, { seconds: number, memory: number }[]>} */
  const raw = Object.fromEntries(Object.keys(cases).map(name => [name, []]))
  /** @type {Record<string, Contender>} */
  const contenders = {}
  try {
    for (const [name, how] of Object.entries(cases)) {
      contenders[name] = await Contender.start('legacy',
        { apple: apple.port, files: certificates.files, credentials: certificates.client, ...how })
    }
    for (let round = 0; round < ROUNDS + WARM_UP; round++) {
      for (const [name, { count }] of Object.entries(cases)) {
        apple.say('reset 0')
        const start = performance.now()
        const { memory = 0 } = await contenders[name].run()
        const end = await apple.until(count)
        if (round >= WARM_UP) raw[name].push({ seconds: (end - start) / 1000, memory })
      }
    }
  } finally {
    for (const contender of Object.values(contenders)) contender.stop()
    apple.stop()
    await certificates.remove()
  }
  const [http2, one, hundred, own] = Object.entries(cases)
    .map(([name, { count }]) => median(raw[name].map(({ seconds }) => count / seconds)))
  return {
    name: 'legacy',
    title: `${COUNT.toLocaleString('en')} notifications through the legacy gateway, TLS on both sides, none bad`,
    figures: [
      { who: 'the client of HTTP/2 alone', what: rate(http2) },
      { who: 'one old connection', what: rate(one) },
      { who: 'a hundred old connections', what: rate(hundred) },
      { who: 'one old connection, each notification with a payload of its own', what: rate(own) }
    ],
    targets: [atLeast('of the client of HTTP/2, from one old connection', one / http2, 0.5)],
    raw
  }
}

/** The native gateway of HTTP/2: every request is answered, every token counted. */
class Apple {
  /** @param {string[]} files */
  static async start (files) {
    const program = join(root, 'target/benches/release/http2-gateway')
    const [command, args] = pinned(cores.gateway, [program, ...files, '1000', '0', '0'])
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    const lines = createInterface({ input: child.stdout })
    const [port] = await once(lines, 'line')
    return new Apple(child, lines, Number(port))
  }

  /**
   * @param {import('node:child_process').ChildProcessByStdio<any, any, null>} child
   * @param {import('node:readline').Interface} lines
   * @param {number} port
   */
  constructor (child, lines, port) {
    this.child = child
    this.lines = lines
    this.port = port
  }

  /** @param {string} line */
  say (line) {
    this.child.stdin.write(`${line}\n`)
  }

  /** @param {number} count @returns {Promise<number>} when it had accepted as many */
  async until (count) {
    for (;;) {
      this.say('report')
      const [line] = await once(this.lines, 'line')
      const { distinct, accepted } = JSON.parse(line)
      if (accepted > distinct) throw new Error(`${accepted - distinct} rang twice`)
      if (distinct >= count) return performance.now()
      await sleep(2)
    }
  }

  stop () {
    this.child.stdin.end()
  }
}
