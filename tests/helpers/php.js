/**
 * What the tests of the PHP side talk to, each a process or a server of its own: a sidecar on a MariaDB with an old
 * `tb_apns`, and an old CodeIgniter site on the same database.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { folder } from './certificates.js'
import { start } from './command.js'
import { freePort } from './database-servers.js'
import { localGateway } from './gateway.js'

export const php = fileURLToPath(new URL('../../php/', import.meta.url))

/** As a site of 2016 has it. */
const OLD_TABLE = `create table tb_apns (
  id int unsigned not null auto_increment primary key,
  client_id int not null,
  deviceToken varchar(255) not null,
  key (client_id), key (deviceToken))`

/** The folder of a downloaded CodeIgniter 3, if these tests are to run in it and not in their stand-in. */
const CODEIGNITER = process.env.BELLPUSH_CODEIGNITER

const page = await readFile(fileURLToPath(new URL('../../docs/codeigniter.md', import.meta.url)), 'utf8')

/**
 * What stands in docs/codeigniter.md.
 * @param {RegExp} form whose first group it is
 */
export function written (form) {
  const [, text] = form.exec(page) ?? assert.fail(`the page has nothing like ${form}`)
  return text
}

/**
 * `bellpush serve`, configured as docs/codeigniter.md says, on the table of the old site, which is empty at first.
 * @param {import('node:test').TestContext} t
 * @param {import('./database-servers.js').Server} database
 * @param {{ simulated?: import('../../js/simulator/simulator.js').SimulatorOptions, toml?: string,
 *   binary?: boolean }} [options] `toml`: more of the configuration; `binary`: by the old protocol
 */
export async function sidecarOn (t, database, { simulated, toml = '', binary = false } = {}) {
  await database.query(`drop table if exists tb_apns; ${OLD_TABLE}`)
  const { simulator, paths, cwd } = await localGateway(t, simulated)
  const text = written(/```toml\n(.*?)```/s)
    .replace(/gateway = .*\n/, `gateway = "${binary ? simulator.binary : simulator.http2}"\n`)
    .replace(binary ? /topic = .*\n/ : '', '')
    .replaceAll(/"bellpush-simulator\/(ca|cert|key)\.pem"/g, (_, name) => JSON.stringify(Reflect.get(paths, name)))
  await writeFile(join(cwd, 'bellpush.toml'), text + toml)
  const { child, ended } = start(t, ['serve', '--listen', '127.0.0.1:0'], { cwd, env: { DATABASE_URL: database.url } })
  const listening = new Promise(resolve => createInterface({ input: child.stdout }).on('line', line => {
    const [, url] = /listening at (http:[^"]+)/.exec(line) ?? []
    if (url) resolve(url)
  }))
  const url = await Promise.race([listening, ended.then(({ stderr }) => assert.fail(`no sidecar: ${stderr}`))])
  return { url: /** @type {string} */ (url), simulator }
}

/**
 * A program to its end.
 * @param {import('node:test').TestContext} t
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptionsWithoutStdio} [options]
 */
export async function ran (t, command, args, options) {
  const child = spawn(command, args, options)
  t.after(() => child.kill('SIGKILL'))
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => { said += text })
  const [code] = await once(child, 'close')
  assert.equal(code, 0, said)
  return said
}

/**
 * The old site with Bellpush's files in it, and how to ask it for a page.
 * @param {import('node:test').TestContext} t
 * @param {import('./database-servers.js').Server} database
 * @param {string} url of the sidecar
 */
export async function oldSite (t, database, url) {
  const dir = await folder(t)
  const application = join(dir, 'application')
  const site = join(php, 'tests/CodeIgniter')
  let system = join(site, 'standin')
  if (CODEIGNITER) {
    system = join(CODEIGNITER, 'system')
    await cp(join(CODEIGNITER, 'application'), application, { recursive: true })
  }
  await cp(join(site, 'site'), dir, { recursive: true })
  await cp(join(php, 'codeigniter3/application'), application, { recursive: true })
  for (const part of ['src', 'autoload.php']) {
    await cp(join(php, part), join(application, 'third_party/bellpush', part), { recursive: true })
  }
  await mkdir(join(application, 'logs'), { recursive: true })
  const config = join(application, 'config/apns.php')
  await writeFile(config, (await readFile(config, 'utf8')).replace('http://127.0.0.1:8195', url))
  await writeFile(join(application, 'config/database.php'), databaseConfig(database))
  const address = `127.0.0.1:${await freePort()}`
  const server = spawn('php', ['-S', address, '-t', dir], {
    cwd: dir, env: { ...process.env, SYSTEM_PATH: system }, stdio: ['ignore', 'inherit', 'pipe']
  })
  t.after(() => server.kill('SIGKILL'))
  const lines = createInterface({ input: server.stderr })
  await new Promise(resolve => lines.on('line', line => { if (/started$/.test(line)) resolve(undefined) }))
  return {
    /**
     * @param {...string} path controller, method and arguments
     * @returns {Promise<any>} what the page says, in JSON
     */
    async page (...path) {
      const answer = await fetch(`http://${address}/index.php/${path.join('/')}`)
      const said = await answer.text()
      assert.equal(answer.status, 200, said)
      try {
        return JSON.parse(said)
      } catch {
        return assert.fail(`the page says: ${said}`)
      }
    },
    logged: () => readFile(join(application, `logs/log-${new Date().toISOString().slice(0, 10)}.php`), 'utf8')
  }
}

/** @param {import('./database-servers.js').Server} database */
export const databaseConfig = ({ url, password }) => `<?php
$active_group = 'default';
$query_builder = TRUE;
$db['default'] = array(
  'dsn' => '', 'hostname' => '127.0.0.1', 'port' => ${new URL(url).port}, 'username' => 'ringer',
  'password' => '${password}', 'database' => 'bell', 'dbdriver' => 'mysqli', 'dbprefix' => '', 'pconnect' => FALSE,
  'db_debug' => FALSE, 'cache_on' => FALSE, 'cachedir' => '', 'char_set' => 'utf8', 'dbcollat' => 'utf8_general_ci',
  'swap_pre' => '', 'encrypt' => FALSE, 'compress' => FALSE, 'stricton' => FALSE, 'failover' => array(),
  'save_queries' => TRUE
);
`
