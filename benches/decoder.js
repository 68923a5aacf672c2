/**
 * The decoder page in real browsers: how soon it shows its first capture, and whether one of 100 MB keeps it from
 * answering.
 */
import { openSync, closeSync, writeSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeNotification } from '../js/decode.js'
import { chromium, firefox, launched, served } from '../tests/helpers/browsers.js'
import { atMost } from './lib/figures.js'

const MEGABYTES = 100
/** Times that the page is opened: the best one says what it costs, the others what else the machine was doing. */
const OPENED = 12

export async function decoder () {
  const folder = mkdtempSync(join(tmpdir(), 'bellpush-bench-'))
  const file = join(folder, 'large.pcap')
  const notifications = writeCapture(file, MEGABYTES * 1_000_000)
  const site = await served()
  const figures = []
  const targets = []
  const raw = []
  try {
    for (const browser of [chromium, firefox]) {
      const { first, large, longest, updates, parts } = await measured(browser, site.url, file)
      const { name } = browser
      figures.push(
        { who: `${name}, first decode`, what: `${first.toFixed(0)} ms from opening the page, the best of ${OPENED}` },
        {
          who: `${name}, ${MEGABYTES} MB`,
          what: `${(large / 1000).toFixed(1)} s for ${parts.toLocaleString('en')} notifications, ${updates} steps of ` +
            `progress, at most ${longest.toFixed(0)} ms without an answer`
        })
      targets.push(
        atMost(`ms to the first decode in ${name}`, first, 300),
        atMost(`ms without an answer in ${name}`, longest, 200),
        atMost(`notifications missing in ${name}`, notifications - parts, 0))
      raw.push({ name, first, large, longest, updates, parts })
    }
  } finally {
    await site.stop()
    rmSync(folder, { recursive: true })
  }
  return { name: 'decoder', title: 'The decoder page', figures, targets, raw }
}

/**
 * @param {import('../tests/helpers/browsers.js').Browser} which
 * @param {string} url
 * @param {string} file
 */
async function measured (which, url, file) {
  const browser = await launched(which)
  try {
    const opened = []
    for (let time = 0; time < OPENED; time++) {
      const page = await browser.newPage()
      await page.goto(`${url}demo/#sample=dead-token`)
      const mark = await page.waitForFunction(() => performance.getEntriesByName('shown')[0]?.startTime)
      opened.push(Number(await mark.jsonValue()))
      await page.close()
    }
    return { first: Math.min(...opened), ...await readLarge(await browser.newPage(), url, file) }
  } finally {
    await browser.close()
  }
}

/**
 * @param {import('puppeteer-core').Page} page
 * @param {string} url
 * @param {string} file
 */
async function readLarge (page, url, file) {
  page.setDefaultTimeout(120_000)
  await page.goto(`${url}demo/`)
  const input = /** @type {import('puppeteer-core').ElementHandle<HTMLInputElement>} */ (await page.$('#file'))
  // A clock that ticks in the page: it stands still where the page does.
  await page.evaluate(() => {
    const seen = { start: performance.now(), last: performance.now(), longest: 0, updates: 0 }
    Object.assign(window, { seen })
    const tick = () => {
      const now = performance.now()
      seen.longest = Math.max(seen.longest, now - seen.last)
      seen.last = now
    }
    setInterval(tick, 5)
    new MutationObserver(() => seen.updates++).observe(/** @type {Node} */ (document.querySelector('#progress-text')),
      { childList: true })
  })
  await input.uploadFile(file)
  await page.waitForFunction(() => performance.getEntriesByName('shown').length > 0)
  return page.evaluate(() => {
    const { seen: { start, longest, updates } } = /** @type {any} */ (window)
    const [, count = ''] = /of ([\d,]+)/.exec(document.querySelector('#shown')?.textContent ?? '') ?? []
    const parts = Number(count.replaceAll(',', ''))
    return { large: performance.getEntriesByName('shown')[0].startTime - start, longest, updates, parts }
  })
}

/**
 * A capture of one long connection.
 * @param {string} path
 * @param {number} size bytes, roughly
 * @returns {number} how many notifications are in it
 */
function writeCapture (path, size) {
  const file = openSync(path, 'w')
  writeSync(file, Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex'))
  const frame = Buffer.from(encodeNotification({
    command: 1, token: 'ab'.repeat(32), payload: { aps: { alert: 'Somebody is at the front door' } }, identifier: 0
  }))
  const each = 10
  const data = frame.length * each
  const packet = Buffer.alloc(16 + 54 + data)
  packet.writeUInt32LE(1_600_000_000)
  packet.writeUInt32LE(54 + data, 8)
  packet.writeUInt32LE(54 + data, 12)
  packet.write('0800450000000000400040060000' + '0a000001' + '11000001', 28, 'hex')
  packet.writeUInt16BE(40 + data, 32)
  packet.write('c3500893' + '00000001' + '00000000' + '5010ffff00000000', 50, 'hex')
  let count = 0
  for (let written = 0; written < size; written += packet.length) {
    packet.writeUInt32BE(1 + count * frame.length >>> 0, 54)
    for (let index = 0; index < each; index++) {
      frame.writeUInt32BE(++count, 1)
      frame.writeUInt32BE(count, 13)
      frame.copy(packet, 70 + index * frame.length)
    }
    writeSync(file, packet)
  }
  closeSync(file)
  return count
}
