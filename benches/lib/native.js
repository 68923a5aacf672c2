/**
 * The native programs of the benchmarks: built once, and spoken to by lines.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { root } from '../../scripts/lib/files.js'
import { run, which } from '../../scripts/lib/run.js'

/** The client has one core to itself, everything else the other. */
export const cores = { client: '0', gateway: '1' }

/** Milliseconds between two looks at a gateway's counts. */
const LOOK = 5
/** Microseconds: Linux tells the processor's time of others in hundredths of a second. */
const TICK = 10_000

/** So long without any progress, milliseconds, and nothing more is expected. */
const STANDSTILL = 5_000

const target = join(root, 'target/benches')
const pinning = which('taskset') !== undefined

/** Builds them; cargo says whether there is anything to do. */
export function buildNative () {
  buildCrate('native')
}

/**
 * @param {string} crate a folder of benches/
 * @throws {import('../../scripts/lib/run.js').CommandFailed}
 */
export function buildCrate (crate) {
  run('cargo', ['build', '--release', '--locked', '--target-dir', target, '--quiet'],
    { cwd: join(root, 'benches', crate) })
}

/**
 * A command, on a core of its own where that can be had.
 * @param {string} core
 * @param {string[]} command
 * @returns {[command: string, args: string[]]}
 */
export function pinned (core, [command, ...args]) {
  return pinning ? ['taskset', ['-c', core, command, ...args]] : [command, args]
}

/** @param {string} name of a program that was built */
export function program (name) {
  return join(target, 'release', name)
}

/** A native program that answers lines with lines, and ends with its input. */
class Program {
  #child
  #lines

  /** @param {string[]} command */
  constructor (command) {
    const [file, args] = pinned(cores.gateway, command)
    this.#child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  async answer () {
    const { value, done } = await this.#lines.next()
    if (done) throw new Error('the native program has ended')
    return /** @type {string} */ (value)
  }

  /** @param {string} line */
  say (line) {
    this.#child.stdin.write(line + '\n')
  }

  /** Microseconds of the processor's time that it has taken, in steps of TICK; undefined where that is unknown. */
  get cpu () {
    const file = `/proc/${this.#child.pid}/stat`
    if (!existsSync(file)) return undefined
    // Behind the name in parentheses, which may hold anything: user and system time are the fields 14 and 15 of all.
    const fields = readFileSync(file, 'latin1').split(') ').at(-1)?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) * TICK
  }

  async stop () {
    this.#child.stdin.end()
    if (this.#child.exitCode === null) await once(this.#child, 'exit')
  }
}

/**
 * @typedef {object} Counts
 * @property {number} accepted
 * @property {number} distinct tokens that were accepted
 * @property {number} duplicates
 * @property {number} rejected
 * @property {number} malformed sentinels, if nothing is wrong; of HTTP/2, what no client may send
 * @property {number} connections
 */

/**
 * @typedef {object} Http2Limits
 * @property {number} [streams] at once (1,000)
 * @property {number} [window] bytes in the connection's window, 65,535 at least; 0: no limit (0)
 * @property {number} [goaway] streams after which a GOAWAY ends the connection; 0: none (0)
 */

export class Gateway {
  #program

  /**
   * @param {{ cert: string, key: string, ca: string }} files
   * @param {Http2Limits} [http2] it speaks HTTP/2; else the binary protocol
   */
  static async start ({ cert, key, ca }, http2) {
    const { streams = 1000, window = 0, goaway = 0 } = http2 ?? {}
    const running = new Program(http2 === undefined
      ? [program('gateway'), cert, key, ca]
      : [program('http2-gateway'), cert, key, ca, String(streams), String(window), String(goaway)])
    return new Gateway(running, Number(await running.answer()))
  }

  /**
   * @param {Program} running
   * @param {number} port
   */
  constructor (running, port) {
    this.#program = running
    this.port = port
  }

  /** @param {number} [deadEvery] one token of so many is dead; 0: none */
  reset (deadEvery = 0) {
    this.#program.say(`reset ${deadEvery}`)
  }

  /** @returns {Promise<Counts>} */
  async report () {
    this.#program.say('report')
    return JSON.parse(await this.#program.answer())
  }

  /**
   * Waits until so many tokens were accepted, or nothing happens any more.
   * @param {number} wanted
   * @returns {Promise<{ counts: Counts, at: number }>} `at`: when the last one was, by `performance.now()`
   */
  async until (wanted) {
    let at = performance.now()
    let distinct = -1
    for (;;) {
      const counts = await this.report()
      if (counts.distinct > distinct) {
        distinct = counts.distinct
        at = performance.now()
      }
      if (distinct >= wanted || performance.now() - at > STANDSTILL) return { counts, at }
      await sleep(LOOK)
    }
  }

  /** Microseconds of the processor's time that it has taken, roughly; undefined where that is unknown. */
  get cpu () {
    return this.#program.cpu
  }

  async stop () {
    await this.#program.stop()
  }
}

/**
 * @param {number} port of the gateway behind it
 * @param {number} delay milliseconds, each way
 */
export async function startProxy (port, delay) {
  const running = new Program([program('proxy'), String(port), String(delay)])
  return { port: Number(await running.answer()), stop: () => running.stop() }
}

/**
 * Nanoseconds that the core itself takes a token, batch by batch.
 * @param {{ payload: string, tokens: string[], batches: number }} what
 */
export function encodeNatively ({ payload, tokens, batches }) {
  const [file, args] = pinned(cores.client, [program('encode'), payload, String(batches)])
  const { stdout, status } = spawnSync(file, args, { input: tokens.join('\n'), encoding: 'utf8', maxBuffer: 1 << 20 })
  if (status !== 0) throw new Error('the native encoder failed')
  return stdout.trim().split('\n').map(line => Number(line.split(' ')[0]))
}
