/**
 * A real systemd that runs packaging/bellpush.service, as process 1 of namespaces of its own, where this machine can
 * make them: that takes root, a Linux with overlayfs and cgroups, and Debian's package `systemd`.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from '../../scripts/lib/files.js'
import { folder } from './certificates.js'

const script = fileURLToPath(new URL('systemd.sh', import.meta.url))

/** A machine that has not started by then never will, milliseconds. */
const patience = 20_000

/** @type {Record<string, string>} */
const units = {
  'test.target': '[Unit]\nRequires=test-up.service\n',
  'test-up.service': '[Unit]\nDefaultDependencies=no\n' +
    '[Service]\nType=oneshot\nExecStart=/bin/sh -c "echo up >/bellpush-test/up"\n'
}

/**
 * @param {import('node:test').TestContext} t
 * @param {{ files: Record<string, string | Uint8Array>, settings: string }} options `files` of /etc/bellpush, of which
 *   only root may read any but bellpush.toml; `settings`: more of the unit
 * @returns {Promise<Machine | string>} text: why there can be none here
 */
export async function systemd (t, { files, settings }) {
  const dir = await folder(t)
  for (const path of ['units/bellpush.service.d', 'etc']) await mkdir(join(dir, path), { recursive: true })
  units['bellpush.service'] = await readFile(join(root, 'packaging/bellpush.service'), 'utf8')
  units['bellpush.service.d/test.conf'] = '[Service]\nStandardOutput=append:/bellpush-test/log\n' +
    `StandardError=append:/bellpush-test/log\n${settings}`
  for (const [name, text] of Object.entries(units)) await writeFile(join(dir, 'units', name), text)
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, 'etc', name), text)

  await ran('mkfifo', [join(dir, 'up')])
  const namespaces = ['--mount', '--pid', '--fork', '--uts', '--ipc', '--cgroup', '--kill-child']
  // It ends with this process, however this one ends.
  const leash = ['--pdeathsig', 'KILL', 'unshare']
  const child = spawn('setpriv', [...leash, ...namespaces, 'bash', script, dir, root, process.execPath])
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => { said += text })
  const ended = once(child, 'close').catch(error => { said += error.message })
  t.after(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const up = ran('timeout', [String(patience / 1000), 'cat', join(dir, 'up')])
  const isUp = await Promise.race([up.then(({ code }) => code === 0), ended.then(() => false)])
  if (!isUp) await writeFile(join(dir, 'up'), '') // whoever waits for it need not
  if (!isUp) return `this machine cannot run a systemd of its own: ${said.trim()}`

  const pid = (await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')).trim()
  const inside = ['-t', pid, '--mount', '--pid', `--root=/proc/${pid}/root`, '--wd=/']
  return {
    systemctl: (...args) => ran('nsenter', [...inside, 'systemctl', ...args]),
    log: () => readFile(join(dir, 'log'), 'utf8').catch(() => ''),
    write: (path, text) => writeFile(`/proc/${pid}/root${path}`, text),
    read: path => readFile(`/proc/${pid}/root${path}`, 'utf8')
  }
}

/** @typedef {{ code: number, stdout: string, stderr: string }} Ended */

/**
 * @typedef {object} Machine
 * @property {(...args: string[]) => Promise<Ended>} systemctl
 * @property {() => Promise<string>} log what the service has said
 * @property {(path: string) => Promise<string>} read a file as processes of the machine see it
 * @property {(path: string, text: string) => Promise<void>} write one
 */

/**
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<Ended>}
 */
async function ran (command, args) {
  const child = spawn(command, args)
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', text => { output.stdout += text })
  child.stderr.setEncoding('utf8').on('data', text => { output.stderr += text })
  const [code] = await once(child, 'close')
  return { code, ...output }
}
