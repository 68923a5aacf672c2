/**
 * Other programs, run one after the other: either their output is shown as it comes, or it is captured.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { basename, delimiter, join } from 'node:path'
import { Failure } from './failure.js'
import { root } from './files.js'

/**
 * @typedef {object} Options
 * @property {Record<string, string | undefined>} [env] added to this process's environment
 * @property {string} [cwd] the project's folder unless said otherwise
 * @property {number} [timeout] milliseconds, after which the program is ended
 */

/** A program that could not be started or did not end well. */
export class CommandFailed extends Failure {
  /**
   * @param {string} command
   * @param {readonly string[]} args
   * @param {string} how
   */
  constructor (command, args, how) {
    super(`${[basename(command), ...args].join(' ')}: ${how}`)
  }
}

/**
 * Says in one line what is about to be done.
 * @param {string} text
 */
export function say (text) {
  console.log(`· ${text}`)
}

/**
 * Runs a program and shows its output.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {Options} [options]
 * @throws {CommandFailed} unless it ended with 0
 */
export function run (command, args, options = {}) {
  const result = spawnSync(command, args, { ...spawnOptions(options), stdio: ['ignore', 'inherit', 'inherit'] })
  const how = failureOf(result, options)
  if (how) throw new CommandFailed(command, args, how)
}

/**
 * Runs a program and returns what it wrote.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {Options} [options]
 * @returns {{ ok: boolean, how: string, stdout: string, stderr: string }} `how` it failed, if it did
 */
export function capture (command, args, options = {}) {
  const result = spawnSync(command, args, {
    ...spawnOptions(options), stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8', maxBuffer: 64 * 1024 * 1024
  })
  const how = failureOf(result, options)
  return { ok: how === '', how, stdout: (result.stdout ?? '').trim(), stderr: (result.stderr ?? '').trim() }
}

/**
 * What a captured program that failed has to say, in one line.
 * @param {{ how: string, stderr: string }} result
 * @returns {string}
 */
export function complaintOf ({ how, stderr }) {
  const lines = stderr.split('\n')
  return lines.find(line => /^(error|E): ?/i.test(line)) ?? (lines.at(-1) || how)
}

/**
 * @param {string} name
 * @param {string} [path] folders, as in PATH
 * @returns {string | undefined} where the program of that name lies
 */
export function which (name, path = process.env.PATH ?? '') {
  const names = process.platform === 'win32' ? [`${name}.exe`, `${name}.cmd`] : [name]
  return path.split(delimiter).flatMap(folder => names.map(each => join(folder, each))).find(isExecutable)
}

/** @param {string} file */
function isExecutable (file) {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** @param {Options} options */
function spawnOptions ({ env, cwd = root, timeout }) {
  return { env: { ...process.env, ...env }, cwd, timeout }
}

/**
 * @param {{ error?: Error, status: number | null, signal: string | null }} result
 * @param {Options} options
 */
function failureOf ({ error, status, signal }, { timeout }) {
  if (error && 'code' in error && error.code === 'ETIMEDOUT') return `no end after ${(timeout ?? 0) / 1000} s`
  if (error) return error.message
  if (signal) return `ended by ${signal}`
  return status === 0 ? '' : `exit ${status}`
}
