/**
 * One client that is measured, in a process of its own that lives as long as its rounds: child.js is the other side.
 */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { which } from '../../scripts/lib/run.js'
import { cores } from './native.js'

const child = fileURLToPath(new URL('child.js', import.meta.url))
const taskset = which('taskset')

export class Contender {
  #child
  /** @type {{ resolve: (value: any) => void, reject: (reason: Error) => void } | undefined} */
  #waiting

  /**
   * @param {string} name of a module in contenders/
   * @param {object} setup what the module is made ready with
   * @param {{ silent?: boolean, args?: string[] }} [options] `silent`: what it says on its standard error is not shown
   */
  static async start (name, setup, options) {
    const contender = new Contender(options)
    try {
      await contender.#ask({ name, setup })
    } catch (error) {
      contender.stop()
      throw error
    }
    return contender
  }

  /** @param {{ silent?: boolean, args?: string[] }} [options] */
  constructor ({ silent = false, args = [] } = {}) {
    // In the place of node stands taskset, which becomes it.
    const pinning = taskset ? { execPath: taskset, execArgv: ['-c', cores.client, process.execPath, ...args] } : {}
    /** @type {import('node:child_process').StdioOptions} */
    const stdio = ['ignore', 'inherit', silent ? 'ignore' : 'inherit', 'ipc']
    this.#child = fork(child, { execArgv: args, ...pinning, stdio })
    this.#child.on('message', (/** @type {any} */ { error, result }) => {
      if (error !== undefined) this.#waiting?.reject(new Error(error))
      else this.#waiting?.resolve(result)
    })
    this.#child.on('exit', (code, signal) => {
      this.#waiting?.reject(new Error(`it crashed (${signal ?? `exit ${code}`})`))
    })
  }

  /**
   * One round.
   * @param {object} [input]
   * @param {{ timeout?: number }} [options] milliseconds after which it is not waited for any more
   * @returns {Promise<any>} what the module's `run` returned
   */
  async run (input = {}, { timeout } = {}) {
    const asked = this.#ask({ input })
    if (timeout === undefined) return asked
    const timer = setTimeout(() => this.#waiting?.reject(new Error(`a round did not end in ${timeout} ms`)), timeout)
    return asked.finally(() => clearTimeout(timer))
  }

  stop () {
    this.#child.kill('SIGKILL')
  }

  /** @param {object} message */
  #ask (message) {
    return new Promise((resolve, reject) => {
      if (this.#child.exitCode !== null) return reject(new Error('it has ended'))
      this.#waiting = { resolve, reject }
      this.#child.send(message)
    })
  }
}
