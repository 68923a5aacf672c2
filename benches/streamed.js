/**
 * Ten million tokens out of a database, by either protocol: memory that does not grow, at a rate that does not fall.
 */
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Libsql from 'libsql'
import { cacheFolder } from '../scripts/lib/cache.js'
import { say } from '../scripts/lib/run.js'
import { openTokenStore } from '../js/index.js'
import { makeCertificates } from './lib/certificates.js'
import { Contender } from './lib/contender.js'
import { atLeast, atMost, rate } from './lib/figures.js'
import { Gateway } from './lib/native.js'
import { topic } from './lib/tokens.js'

const COUNT = 10_000_000
/** The slowest tenth of the run is no slower than this part of the median. */
const STEADY = 0.7

export function streamed () {
  return measure('streamed', '', { scheme: 'apns' })
}

export function http2Streamed () {
  return measure('http2-streamed', ', over HTTP/2', { scheme: 'https', http2: {}, options: { topic } })
}

/**
 * @param {string} name
 * @param {string} how
 * @param {{ scheme: string, http2?: import('./lib/native.js').Http2Limits, options?: object }} protocol
 */
async function measure (name, how, { scheme, http2, options }) {
  const file = await databaseOf(COUNT)
  const certificates = await makeCertificates()
  const gateway = await Gateway.start(certificates.files, http2)
  const address = `${scheme}://127.0.0.1:${gateway.port}`
  const setup = { gateway: address, credentials: certificates.client, file, count: COUNT, options }
  const contender = await Contender.start('streamed', setup)
  try {
    gateway.reset()
    const said = await contender.run()
    const counts = await gateway.report()
    const rates = said.tenths.toSorted((/** @type {number} */ a, /** @type {number} */ b) => a - b)
    const middle = rates[rates.length >> 1]
    return {
      name,
      title: `${COUNT.toLocaleString('en')} tokens, streamed from SQLite${how}`,
      figures: [
        { who: 'in all', what: `${said.seconds.toFixed(1)} s, ${rate(COUNT / said.seconds)}, ` +
          `${counts.connections} connections` },
        { who: 'each tenth', what: said.tenths.map((/** @type {number} */ each) => rate(each)).join(' ') },
        { who: 'resident memory', what: `${said.peak.toFixed(0)} MB at most, ${said.before.toFixed(0)} MB before` },
        { who: 'reading the tokens and nothing else', what: rate(said.readingAlone) }
      ],
      targets: [
        atMost('MB resident at most', said.peak, 200),
        atLeast('slowest tenth to the median', rates[0] / middle, STEADY),
        atMost('lost', COUNT - counts.distinct, 0),
        atMost('accepted twice', counts.duplicates, 0)
      ],
      raw: { ...said, counts }
    }
  } finally {
    contender.stop()
    await gateway.stop()
    await certificates.remove()
  }
}

/**
 * Made once: a database as `openTokenStore` makes it, all tokens of one client.
 * @param {number} count
 */
async function databaseOf (count) {
  const file = join(cacheFolder(), `bench-${count}.db`)
  if (existsSync(file)) return file
  say(`making ${file} (once; about a gigabyte)`)
  const unfinished = `${file}.new`
  for (const end of ['', '-wal', '-shm']) rmSync(unfinished + end, { force: true })
  await (await openTokenStore(`sqlite:${unfinished}`, { create: true })).close()
  const database = new Libsql(unfinished)
  // Not another journal: the driver lets go of the store's own connection some time after it was closed.
  database.exec('pragma synchronous = off; pragma cache_size = -500000')
  // In the order of the tokens: an index that grows at its end is made in a tenth of the time.
  database.prepare(`
    insert into device_tokens (client_id, token, registered_at)
    with recursive number (n) as (select 0 union all select n + 1 from number where n + 1 < ?)
    select 'door', printf('%08x', n) || lower(hex(randomblob(20))) || printf('%08x', n), 1700000000000 from number
  `).run(count)
  database.exec('pragma wal_checkpoint(truncate)')
  database.close()
  renameSync(unfinished, file)
  for (const end of ['-wal', '-shm']) rmSync(unfinished + end, { force: true })
  return file
}
