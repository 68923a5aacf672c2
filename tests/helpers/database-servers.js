/**
 * Throw-away database servers from Debian's packages: each in a temporary directory, on a free port of loopback, under
 * a user without rights, gone when its tests end.
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

const PASSWORD = 'ding dong@/:#'
const START_TIMEOUT = 60_000
const STOP_TIMEOUT = 20_000

/**
 * @typedef {object} Server
 * @property {string} url of its database, with the password
 * @property {string} password
 * @property {number} port
 * @property {(sql: string) => Promise<any[]>} query by the bare driver
 * @property {() => Promise<void>} start
 * @property {() => Promise<void>} stop
 * @property {() => Promise<void>} kill as `kill -9` does; what was committed stays
 * @property {() => void} freeze it answers nothing any more, and its connections stay
 * @property {() => void} thaw
 * @property {() => Promise<void>} remove
 */

/** @returns {Promise<Server>} */
export async function mariadb () {
  const owner = idsOf('mysql')
  const folder = await folderOf(owner)
  const port = await freePort()
  const data = join(folder, 'data')
  const initial = join(folder, 'initial.sql')
  await writeFile(initial, `create database bell;
create user ringer@'127.0.0.1' identified by '${PASSWORD}';
grant all on bell.* to ringer@'127.0.0.1';
`)
  if (owner) chownSync(initial, owner.uid, owner.gid)
  execFileSync('mariadb-install-db', ['--no-defaults', `--datadir=${data}`, '--skip-test-db',
    '--auth-root-authentication-method=normal'], { ...owner, stdio: 'pipe' })
  const server = serverOf(folder, port, owner, signal => ({
    command: '/usr/sbin/mariadbd',
    args: ['--no-defaults', `--datadir=${data}`, `--socket=${folder}/socket`, `--pid-file=${folder}/pid`,
      `--port=${port}`, '--bind-address=127.0.0.1', '--skip-log-bin', '--innodb-flush-log-at-trx-commit=2',
      '--innodb-buffer-pool-size=32M', '--skip-name-resolve', ...signal ? [`--init-file=${initial}`] : []]
  }), 'SIGTERM')
  await server.start()
  const { default: mysql } = await import('mysql2/promise')
  return {
    ...server,
    password: PASSWORD,
    url: `mysql://ringer:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/bell`,
    query: async sql => {
      const client = await mysql.createConnection({
        host: '127.0.0.1', port, user: 'ringer', password: PASSWORD, database: 'bell', multipleStatements: true
      })
      try {
        return /** @type {any[]} */ ((await client.query(sql))[0])
      } finally {
        await client.end()
      }
    }
  }
}

/** @returns {Promise<Server>} */
export async function postgres () {
  const owner = idsOf('postgres')
  const folder = await folderOf(owner)
  const port = await freePort()
  const data = join(folder, 'data')
  const bin = postgresPrograms()
  const passwordFile = join(folder, 'password')
  await writeFile(passwordFile, PASSWORD)
  if (owner) chownSync(passwordFile, owner.uid, owner.gid)
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'ringer', '--auth=scram-sha-256', `--pwfile=${passwordFile}`,
    '--no-sync', '--encoding=UTF8', '--locale=C.UTF-8'], { ...owner, cwd: folder, stdio: 'pipe' })
  const server = serverOf(folder, port, owner, () => ({
    command: join(bin, 'postgres'),
    args: ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', folder, '-c', 'fsync=off']
  }), 'SIGINT')
  await server.start()
  const { default: pg } = await import('pg')
  return {
    ...server,
    password: PASSWORD,
    url: `postgres://ringer:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/postgres`,
    query: async sql => {
      const login = { host: '127.0.0.1', port, user: 'ringer', password: PASSWORD, database: 'postgres' }
      const client = new pg.Client(login)
      await client.connect()
      try {
        return (await client.query(sql)).rows
      } finally {
        await client.end()
      }
    }
  }
}

/**
 * @param {string} folder
 * @param {number} port
 * @param {{ uid: number, gid: number } | undefined} owner
 * @param {(first: boolean) => { command: string, args: string[] }} commandOf
 * @param {NodeJS.Signals} stopSignal
 */
function serverOf (folder, port, owner, commandOf, stopSignal) {
  let first = true
  /** @type {import('node:child_process').ChildProcess | undefined} */
  let child
  const stop = async () => {
    const running = child
    child = undefined
    if (!running || running.exitCode !== null || running.signalCode !== null) return
    const late = AbortSignal.timeout(STOP_TIMEOUT)
    running.kill(stopSignal)
    await once(running, 'exit', { signal: late }).catch(() => running.kill('SIGKILL'))
  }
  /** Its processes: PostgreSQL has one for each connection. */
  const pids = () => {
    const pid = /** @type {number} */ (child?.pid)
    const workers = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
    return [pid, ...workers]
  }
  /** @param {NodeJS.Signals} signal */
  const signalAll = signal => pids().forEach(pid => process.kill(pid, signal))
  return {
    port,
    stop,
    freeze: () => signalAll('SIGSTOP'),
    thaw: () => signalAll('SIGCONT'),
    kill: async () => {
      const all = pids()
      const gone = once(/** @type {import('node:child_process').ChildProcess} */ (child), 'exit')
      signalAll('SIGKILL')
      await gone
      child = undefined
      while (all.some(pid => existsSync(`/proc/${pid}`))) await setTimeout(20)
    },
    start: async () => {
      const { command, args } = commandOf(first)
      first = false
      let said = ''
      // If the tests themselves are killed, the kernel ends the server.
      const starting = spawn('setpriv', [
        ...owner ? [`--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups'] : [],
        '--pdeathsig', 'SIGQUIT', '--', command, ...args
      ], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
      child = starting
      for (const stream of [starting.stdout, starting.stderr]) {
        stream.setEncoding('utf8').on('data', text => { said = (said + text).slice(-4000) })
      }
      starting.on('error', error => { said += error.message })
      const deadline = performance.now() + START_TIMEOUT
      while (!/ready (for|to accept) connections/.test(said)) {
        const isLate = starting.exitCode !== null || performance.now() > deadline
        if (isLate) throw new Error(`${command} did not start: ${said}`)
        await setTimeout(20)
      }
    },
    remove: async () => {
      await stop()
      await rm(folder, { recursive: true, force: true })
    }
  }
}

/**
 * Whom a server runs as: the user that its package made, where these tests run as root.
 * @param {string} user
 */
function idsOf (user) {
  if (process.getuid?.() !== 0) return undefined
  const [uid, gid] = ['-u', '-g'].map(flag => Number(execFileSync('id', [flag, user], { encoding: 'utf8' })))
  return { uid, gid }
}

/** @param {{ uid: number, gid: number } | undefined} owner */
async function folderOf (owner) {
  const folder = await mkdtemp(join(tmpdir(), 'bellpush-db-'))
  if (owner) chownSync(folder, owner.uid, owner.gid)
  return folder
}

/** Debian keeps each version's programs apart, and off the PATH. */
function postgresPrograms () {
  const folder = '/usr/lib/postgresql'
  const version = existsSync(folder) && readdirSync(folder).sort((a, b) => Number(b) - Number(a))
    .find(name => existsSync(join(folder, name, 'bin/initdb')))
  if (!version) throw new Error('There is no PostgreSQL server: apt-get install postgresql')
  return join(folder, version, 'bin')
}

export async function freePort () {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {net.AddressInfo} */ (server.address())
  server.close()
  await once(server, 'close')
  return port
}
