/**
 * SQLite files for tests, made with the bare driver: what somebody else's program left behind, or holds a lock on.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Libsql from 'libsql'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The n-th of some 32-byte tokens. @param {number} n */
export const token = n => `be11${n.toString(16).padStart(8, '0')}`.repeat(6).slice(0, 64)

/** As the text of an NSData, the way apps used to send it. @param {string} hex */
export const dataText = hex => `<${hex.replace(/.{8}(?=.)/g, '$& ')}>`

/**
 * @template T
 * @param {AsyncIterable<T>} items
 * @returns {Promise<T[]>}
 */
export async function all (items) {
  const found = []
  for await (const item of items) found.push(item)
  return found
}

/**
 * @param {import('node:test').TestContext} t
 * @returns {Promise<string>} a folder that goes when the test ends
 */
export async function temporaryFolder (t) {
  const folder = await mkdtemp(join(tmpdir(), 'bellpush-sqlite-'))
  t.after(async () => {
    await chmod(folder, 0o755)
    await rm(folder, { recursive: true })
  })
  return folder
}

/**
 * @param {import('node:test').TestContext} t
 * @param {string} sql what is in the file
 * @returns {Promise<string>} the file
 */
export async function sqliteFile (t, sql) {
  const file = join(await temporaryFolder(t), 'old.db')
  const database = new Libsql(file)
  database.exec(sql)
  database.close()
  return file
}

/**
 * @param {string} file
 * @param {string} sql
 * @returns {any[]} the rows
 */
export function query (file, sql) {
  const database = new Libsql(file)
  const rows = database.prepare(sql).all()
  database.close()
  return rows
}

/**
 * Runs a module's text in a process of its own.
 * @param {string} code
 * @param {{ args?: string[], flags?: string[] }} [options]
 * @returns {import('node:child_process').ChildProcess} with a channel for messages
 */
export function runModule (code, { args = [], flags = [] } = {}) {
  return spawn(process.execPath, [...flags, '--input-type=module', '--eval', code, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc']
  })
}

/**
 * @param {string} code a module that sends one message
 * @param {{ args?: string[], flags?: string[] }} [options]
 * @returns {Promise<any>} the message
 */
export async function answerOf (code, options) {
  const child = runModule(code, options)
  const ended = once(child, 'exit').then(([status]) => {
    throw new Error(`ended with ${status} and without an answer`)
  })
  const [answer] = await Promise.race([once(child, 'message'), ended])
  ended.catch(() => {})
  return answer
}

/**
 * Locks a file from another process.
 * @param {import('node:test').TestContext} t
 * @param {string} file
 * @returns {Promise<() => Promise<void>>} releases the lock
 */
export async function lockFile (t, file) {
  const child = runModule(`
    import Libsql from 'libsql'
    const database = new Libsql(process.argv[1])
    database.exec('begin exclusive')
    process.on('message', () => {
      database.exec('rollback')
      process.disconnect()
    })
    process.send('locked')
  `, { args: [file] })
  t.after(() => child.kill())
  await once(child, 'message')
  return async () => {
    child.send('release')
    await once(child, 'exit')
  }
}
