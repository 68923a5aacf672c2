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
import { createAuthority } from '../../js/simulator/certificates.js'

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
 * @property {string} socketUrl the same by its Unix socket
 * @property {Files} files
 * @property {(name: string) => Promise<void>} rename gives it a certificate for another name than localhost
 * @property {(wanted: boolean) => Promise<void>} wantTls from now on it takes no connection by TCP without TLS, or does
 * @property {() => Promise<number>} encrypted connections by TLS; it grows with each
 */

/**
 * Paths of PEM files. The server trusts the authority, and has a certificate of it.
 * @typedef {{ ca: string, cert: string, key: string, clientCert: string, clientKey: string, stranger: string }} Files
 */

/** @returns {Promise<Server>} */
export async function mariadb () {
  const owner = idsOf('mysql')
  const folder = await folderOf(owner)
  const port = await freePort()
  const data = join(folder, 'data')
  const initial = join(folder, 'initial.sql')
  const { files, rename } = await certificates(folder, owner)
  // The server reads a statement a line.
  const users = ["ringer@'127.0.0.1'", 'ringer@localhost', "shown@'127.0.0.1'"]
  await writeFile(initial, [
    'create database bell',
    ...users.map(user => `create user ${user} identified by '${PASSWORD}'`),
    "alter user shown@'127.0.0.1' require x509",
    ...users.map(user => `grant all on ${user === 'ringer@localhost' ? '*' : 'bell'}.* to ${user}`)
  ].map(statement => `${statement};\n`).join(''))
  if (owner) chownSync(initial, owner.uid, owner.gid)
  // A MariaDB that starts removes all temporary tables in its folder for them, also those of others: each has its own.
  const temporary = `--tmpdir=${folder}`
  execFileSync('mariadb-install-db', ['--no-defaults', `--datadir=${data}`, temporary, '--skip-test-db',
    '--auth-root-authentication-method=normal'], { ...owner, stdio: 'pipe' })
  const server = serverOf(folder, port, owner, signal => ({
    command: '/usr/sbin/mariadbd',
    args: ['--no-defaults', `--datadir=${data}`, temporary, `--socket=${folder}/socket`, `--pid-file=${folder}/pid`,
      `--port=${port}`, '--bind-address=127.0.0.1', '--skip-log-bin', '--innodb-flush-log-at-trx-commit=2',
      '--innodb-buffer-pool-size=32M', '--skip-name-resolve', `--ssl-ca=${files.ca}`, `--ssl-cert=${files.cert}`,
      `--ssl-key=${files.key}`, ...signal ? [`--init-file=${initial}`] : []]
  }), 'SIGTERM')
  await server.start()
  const { default: mysql } = await import('mysql2/promise')
  const socketPath = join(folder, 'socket')
  /** @param {string} sql */
  const query = async sql => {
    const client = await mysql.createConnection({
      socketPath, user: 'ringer', password: PASSWORD, database: 'bell', multipleStatements: true
    })
    try {
      return /** @type {any[]} */ ((await client.query(sql))[0])
    } finally {
      await client.end()
    }
  }
  return {
    ...server,
    password: PASSWORD,
    url: `mysql://ringer:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/bell`,
    socketUrl: `mysql://ringer:${encodeURIComponent(PASSWORD)}@${encodeURIComponent(socketPath)}/bell`,
    query,
    files,
    rename: async name => {
      await rename(name)
      await query('flush ssl')
    },
    wantTls: async wanted => void await query(`set global require_secure_transport = ${wanted ? 'on' : 'off'}`),
    encrypted: async () => Number((await query("show global status like 'Ssl_finished_accepts'"))[0].Value)
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
  const { files, rename } = await certificates(folder, owner)
  const settings = ['fsync=off', 'ssl=on', `ssl_ca_file=${files.ca}`, `ssl_cert_file=${files.cert}`,
    `ssl_key_file=${files.key}`]
  const rules = join(data, 'pg_hba.conf')
  /** @param {'host' | 'hostssl'} way */
  const allow = way => writeFile(rules, `local all all scram-sha-256
hostssl all shown all scram-sha-256 clientcert=verify-ca
${way} all all all scram-sha-256
`)
  await allow('host')
  const server = serverOf(folder, port, owner, () => ({
    command: join(bin, 'postgres'),
    args: ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', folder, ...settings.flatMap(text => ['-c', text])]
  }), 'SIGINT')
  await server.start()
  const { default: pg } = await import('pg')
  /** @param {string} sql */
  const query = async sql => {
    const client = new pg.Client({ host: folder, port, user: 'ringer', password: PASSWORD, database: 'postgres' })
    await client.connect()
    try {
      return (await client.query(sql)).rows
    } finally {
      await client.end()
    }
  }
  // New connections have what was loaded when they began.
  const loadedAt = async () => Number((await query('select pg_conf_load_time() as at'))[0].at)
  const reload = async () => {
    const before = await loadedAt()
    await query('select pg_reload_conf()')
    while (await loadedAt() === before) await setTimeout(20)
  }
  await query(`create user shown superuser password '${PASSWORD}'`)
  let seen = 0
  return {
    ...server,
    password: PASSWORD,
    url: `postgres://ringer:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/postgres`,
    socketUrl: `postgres://ringer:${encodeURIComponent(PASSWORD)}@${encodeURIComponent(folder)}:${port}/postgres`,
    query,
    files,
    rename: async name => {
      await rename(name)
      await reload()
    },
    wantTls: async wanted => {
      await allow(wanted ? 'hostssl' : 'host')
      await reload()
    },
    encrypted: async () => {
      const [{ count }] = await query(`select count(*) from pg_stat_ssl join pg_stat_activity using (pid)
        where ssl and application_name = 'bellpush'`)
      seen += Number(count)
      return seen
    }
  }
}

/**
 * @param {string} folder
 * @param {{ uid: number, gid: number } | undefined} owner
 * @returns {Promise<{ files: Files, rename: (name: string) => Promise<void> }>}
 */
async function certificates (folder, owner) {
  const names = ['ca', 'cert', 'key', 'clientCert', 'clientKey', 'stranger']
  const files = /** @type {Files} */ (Object.fromEntries(names.map(name => [name, join(folder, `${name}.pem`)])))
  /** @param {keyof Files} what @param {string} text */
  const write = async (what, text) => {
    await writeFile(files[what], text, { mode: 0o600 })
    if (owner) chownSync(files[what], owner.uid, owner.gid)
  }
  const [authority, stranger] = await Promise.all([createAuthority(), createAuthority({ commonName: 'Somebody else' })])
  /** @param {string} host */
  const rename = async host => {
    const { certPem, keyPem } = await authority.issue({ commonName: host, hosts: [host] })
    await Promise.all([write('cert', certPem), write('key', keyPem)])
  }
  const client = await authority.issue({ commonName: 'shown' })
  await Promise.all([write('ca', authority.certPem), write('stranger', stranger.certPem),
    write('clientCert', client.certPem), write('clientKey', client.keyPem), rename('localhost')])
  return { files, rename }
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
