/** The command `bellpush` as a process of its own, as people and programs run it. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { simulatorDir } from './kept.js'

export const main = fileURLToPath(new URL('../../js/cli/main.js', import.meta.url))

/** Without what would change how the command speaks. */
const environment = {
  ...process.env, BELLPUSH_PASSPHRASE: undefined, BELLPUSH_PROXY: undefined, BELLPUSH_DEBUG: undefined
}

/** @typedef {{ cwd?: string, input?: string | Uint8Array, env?: NodeJS.ProcessEnv }} RunOptions */

/**
 * Starts the command with a stdin that stays open.
 * @param {import('node:test').TestContext} t
 * @param {string[]} args
 * @param {RunOptions} [options]
 */
export function start (t, args, { cwd, env } = {}) {
  const child = spawn(process.execPath, [main, ...args], { cwd, env: { ...environment, ...env } })
  t.after(() => child.kill('SIGKILL'))
  child.stdin.on('error', () => {}) // it may end before it has read all
  return { child, ...ending(child) }
}

/**
 * Runs the command to its end.
 * @param {import('node:test').TestContext} t
 * @param {string[]} args
 * @param {RunOptions} [options]
 */
export async function bellpush (t, args, options = {}) {
  const { child, ended } = start(t, args, options)
  child.stdin.end(options.input)
  return await ended
}

/** @param {import('node:child_process').ChildProcessWithoutNullStreams} child */
function ending (child) {
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', text => { output.stdout += text })
  child.stderr.setEncoding('utf8').on('data', text => { output.stderr += text })
  return {
    output,
    /** The exit code, what ended it, and everything it wrote. */
    ended: once(child, 'close').then(([code, signal]) => ({ code, signal, ...output }))
  }
}

/**
 * `bellpush simulate` as a process, and the options with which the others connect to it.
 * @param {import('node:test').TestContext} t
 * @param {...string} args
 */
export async function simulate (t, ...args) {
  const freePorts = ['--binary-port', '0', '--feedback-port', '0', '--http2-port', '0']
  const command = ['simulate', ...freePorts, '--dir', simulatorDir, ...args]
  const child = spawn(process.execPath, [main, ...command], { stdio: ['ignore', 'pipe', 'inherit'], env: environment })
  t.after(() => child.kill('SIGKILL'))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async () => JSON.parse((await lines.next()).value)
  const { binary, feedback, ca, cert, key } = await answer()
  return {
    gateway: ['--gateway', binary, '--ca', ca, '--cert', cert, '--key', key],
    feedback: ['--gateway', feedback, '--ca', ca, '--cert', cert, '--key', key],
    paths: { ca, cert, key },
    binary,
    /** What it has counted; then it counts from 0. */
    count: () => {
      child.kill('SIGUSR2')
      return answer()
    }
  }
}

/**
 * What a person reads of an error: lines on stderr, none of a stack.
 * @param {string} stderr
 */
export function hasStack (stderr) {
  return /^\s+at .*\d+:\d+\)?$/m.test(stderr)
}
