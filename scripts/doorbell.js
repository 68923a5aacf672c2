/**
 * `npm start`: the main job, for real. A building with 300 customers and 1,000 phones, 5 % of them dead; somebody
 * rings; the dead ones are gone afterwards. Apple is the simulator, in a process of its own, spoken to over TLS.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const CUSTOMERS = 300
const PHONES = 1000
const DEAD_EVERY = 20
const RESTORED = 5
const DAY = 86_400_000

const root = fileURLToPath(new URL('..', import.meta.url))
installDependencies()
const { Client, openTokenStore, readFeedback } = await import('bellpush')

const folder = await mkdtemp(join(tmpdir(), 'bellpush-doorbell-'))
/** What is to be closed in the end, the last one first. @type {(() => unknown)[]} */
const closing = [() => rm(folder, { recursive: true, force: true })]
try {
  await main()
} finally {
  for (const close of closing.reverse()) await close()
}

async function main () {
  title('The building')
  const phones = Array.from({ length: PHONES }, (_, i) => ({
    // Two tokens in a row share no digit but by chance, as real ones.
    token: Array.from({ length: 8 }, (_, part) => mixed(i * 8 + part).toString(16).padStart(8, '0')).join(''),
    clientId: `customer-${i % CUSTOMERS + 1}`,
    at: Date.now() - 30 * DAY
  }))
  const dead = phones.filter((_, i) => i % DEAD_EVERY === DEAD_EVERY - 1)
  const tokens = await openTokenStore(`sqlite:${join(folder, 'doorbell.db')}`, { create: true })
  closing.push(() => tokens.close())
  await tokens.putMany(phones)
  say(`${CUSTOMERS} customers share a front door and have ${await tokens.count()} phones, in an SQLite file.`)
  say(`On ${dead.length} of them the app is gone, and nobody has told the database.`)

  const apple = await startSimulator(dead.map(({ token }) => token))
  closing.push(() => apple.kill())
  const { binary: gateway, feedback, ca, cert, key } = apple.ready
  say(`Apple is a simulator in another process: ${gateway}, with TLS and a client certificate.`)

  const options = { gateway, auth: { cert, key }, ca, tokens }
  const client = new Client(options)
  closing.push(() => client.close())
  const everybody = { clientId: Array.from({ length: CUSTOMERS }, (_, i) => `customer-${i + 1}`) }
  const dingDong = { aps: { alert: 'Somebody is at the front door', sound: 'ding-dong.caf' } }

  title('Somebody rings')
  const first = await client.send(dingDong, everybody)
  tell(first)
  const counted = await apple.count()
  say(`Apple counted ${counted.accepted} accepted, ${counted.duplicates} of them twice.`)
  say(`${await tokens.count()} phones are left in the database.`)

  title('Somebody rings again')
  const second = await client.send(dingDong, everybody)
  tell(second)

  title('The feedback service')
  const [again, ...restored] = dead.slice(0, RESTORED + 1)
  await tokens.putMany(restored)
  await tokens.put(again.clientId, again.token)
  say(`Somebody restores a backup of the database, with ${restored.length} of the dead tokens in it.`)
  say('On another dead phone the app is installed again today: its token is registered anew.')
  const heard = await readFeedback({ ...options, gateway: feedback, journal: folder })
  say(`Apple names ${heard.received} dead tokens, and ${heard.removed} are removed. The others had left the database ` +
    'before, and the one that was registered today stays.')

  const total = await apple.stop()
  console.log()
  const good = counted.accepted === PHONES - dead.length && counted.duplicates === 0 &&
    first.removed.length === dead.length && second.rejected.length === 0 &&
    total.accepted === second.accepted && total.duplicates === 0 && heard.removed === restored.length
  if (!good) throw new Error(`that is not what should have happened: ${JSON.stringify({ counted, total, heard })}`)
  say('Every phone rang once a ring; every dead one is gone. Next: "First script" in README.md.')
}

/** @param {import('bellpush').Report} report */
function tell (report) {
  const { counts, removed, elapsed, connections } = report
  say(`${report.total} phones in ${elapsed} ms, over ${connections} connection${connections === 1 ? '' : 's'}:`)
  for (const [outcome, count] of Object.entries(counts)) {
    if (count > 0) say(`  ${String(count).padStart(5)} ${outcome}`)
  }
  const reasons = new Set(report.rejected.map(({ reason, status }) => `${reason}, status ${status}`))
  if (reasons.size > 0) say(`Rejected for: ${[...reasons].join('; ')}. Removed from the database: ${removed.length}.`)
}

/** @param {string[]} dead */
async function startSimulator (dead) {
  const file = join(folder, 'dead.txt')
  await writeFile(file, dead.join('\n'))
  const command = join(root, 'js', 'cli', 'main.js')
  const ports = ['--binary-port', '0', '--feedback-port', '0', '--http2-port', '0']
  const args = ['simulate', ...ports, '--dir', join(folder, 'apple'), '--dead', file]
  const child = spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error('the simulator ended too early')
    return JSON.parse(value)
  }
  /** @param {NodeJS.Signals} signal */
  const ask = signal => {
    child.kill(signal)
    return answer()
  }
  return {
    ready: await answer(),
    /** What it has counted; then it counts from 0. */
    count: () => ask('SIGUSR2'),
    stop: () => ask('SIGTERM'),
    async kill () {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill()
      await once(child, 'exit')
    }
  }
}

/** Node and npm are all that a fresh checkout needs: what the package uses is installed with the first run. */
function installDependencies () {
  if (existsSync(join(root, 'node_modules', 'libsql'))) return
  console.log('Installing what the package uses (once) …')
  const { status } = spawnSync('npm', ['ci', '--omit=dev', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root, stdio: 'inherit', shell: process.platform === 'win32'
  })
  if (status !== 0) {
    console.error('npm ci failed: is a registry of npm packages reachable?')
    process.exit(1)
  }
}

/**
 * A number that looks random (the finaliser of MurmurHash3).
 * @param {number} seed
 */
function mixed (seed) {
  let h = seed + 0x9e3779b9
  h = Math.imul(h ^ h >>> 16, 0x85ebca6b)
  h = Math.imul(h ^ h >>> 13, 0xc2b2ae35)
  return (h ^ h >>> 16) >>> 0
}

/** @param {string} text */
function title (text) {
  console.log(`\n${text}\n${'─'.repeat(text.length)}`)
}

/** @param {string} text */
function say (text) {
  console.log(text)
}
