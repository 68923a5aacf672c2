/**
 * The decoder page as people use it, in a real browser: the same tests for each. Screenshots stay in
 * target/screenshots, for a person to look at.
 */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import axe from 'axe-core'
import { root } from '../../scripts/lib/files.js'
import { packetsOf } from '../../scripts/lib/recording.js'
import { launched, screenshots, served } from '../helpers/browsers.js'
import { folder } from '../helpers/certificates.js'
import { encodeErrorResponse, encodeFrame } from '../helpers/reference.js'
import { notifications, token } from '../helpers/simulated.js'

const site = await served()

const phone = { width: 390, height: 844 }
const desk = { width: 1280, height: 900 }

/** What each sample says first. */
const samples = {
  'good-ring': /^Identifier 25 was rejected, as it was meant to be: this proves that 24 notifications/,
  'dead-token': /^Identifier 5 was rejected with status 8 \(InvalidToken\): 4 .* 6 to 20 were discarded and never sent/,
  'unreadable-frame': /^Notification 4: the payload's declared length is 80, 84 bytes follow: this is why status 128/,
  feedback: /^4 dead tokens: delete each unless it was registered again after its time/,
  http2: /^Stream 5 was refused with status 410 \(Unregistered\)/
}

/** @param {string} sample */
const sampleFile = sample => readFileSync(join(root, `demo/samples/${sample}.pcap`))

/** @param {import('../helpers/browsers.js').Browser} which */
export function testDecoder (which) {
  describe(which.name, () => {
    /** @type {import('puppeteer-core').Browser} */
    let browser
    before(async () => { browser = await launched(which) })
    after(() => browser?.close())
    after(() => site.stop())

    /**
     * The page at an address, in English; whatever it complains about fails the test.
     * @param {import('node:test').TestContext} t
     * @param {string} [hash]
     */
    async function opened (t, hash = '') {
      const context = await browser.createBrowserContext()
      const page = await context.newPage()
      /** @type {string[]} */
      const complaints = []
      page.on('pageerror', error => complaints.push(String(error)))
      page.on('console', message => { if (message.type() === 'error') complaints.push(message.text()) })
      t.after(async () => {
        await context.close()
        assert.deepEqual(complaints, [])
      })
      await page.setViewport(desk)
      await page.goto(`${site.url}demo/${hash}`)
      await page.click('[data-language=en]')
      if (hash !== '') await shown(page)
      return page
    }

    test('it comes with its own files only, from wherever it lies', async t => {
      const page = await opened(t)
      /** @type {string[]} */
      const asked = []
      page.on('request', request => asked.push(request.url()))
      await page.goto(site.url)
      await page.click('a[href="#sample=good-ring"]')
      await shown(page)
      assert.deepEqual(asked.filter(url => !url.startsWith(site.url)), [])
      assert.deepEqual(site.strays, [])
    })

    for (const [sample, says] of Object.entries(samples)) {
      test(`the sample ${sample}, one click away; axe finds nothing`, async t => {
        const page = await opened(t)
        await page.click(`a[href="#sample=${sample}"]`)
        await shown(page)
        assert.match((await findings(page))[0], says)
        await lookedAt(page, which, sample)
        await page.click('#rows li:nth-child(4) button')
        await page.waitForSelector('#part-title')
        await lookedAt(page, which, `${sample}-part`)
      })
    }

    test('the start, in Chinese and English; axe finds nothing', async t => {
      const page = await opened(t)
      await lookedAt(page, which, 'start')
      await page.click('[data-language=zh]')
      assert.equal(await text(page, 'h1'), '看看发送了什么，又为什么失败')
      await lookedAt(page, which, 'start-zh')
      await page.reload()
      assert.equal(await page.$eval('html', html => html.lang), 'zh-CN', 'it remembers')
      await page.goto(`${site.url}demo/#sample=dead-token&part=5`)
      await page.reload()
      await shown(page)
      assert.match((await findings(page))[0], /^标识符 5 被拒绝，状态 8：.*（6 至 20）被丢弃，并且再也没有重发$/)
      await lookedAt(page, which, 'part-zh')
    })

    test('a pasted frame is decoded, and its link opens it again', async t => {
      const page = await opened(t)
      const frame = encodeFrame({ command: 2, identifier: 7, token: token(1), payload: '{"aps":{"alert":"Hi"}}' })
      await page.type('#text', frame.toString('base64'))
      await page.click('#paste button')
      await shown(page)
      assert.equal(await text(page, '#rows .label'), 'Notification 7')
      const again = await opened(t, new URL(page.url()).hash + '&part=1')
      assert.equal(await text(again, '#part-title'), 'Notification 7')
      assert.match(await text(again, '#part pre'), /"alert": "Hi"/)
      assert.equal(await text(again, '.measure'), '22 of 2,048 bytes')
    })

    test('what is no hex and no base64 is said', async t => {
      const page = await opened(t)
      await page.type('#text', 'hello?')
      await page.click('#paste button')
      await page.waitForSelector('#problem:not([hidden])')
      assert.match(await text(page, '#problem'), /neither hexadecimal nor base64: found 'h'/)
    })

    test('a dropped pcapng', async t => {
      const page = await opened(t)
      await drop(page, 'run.pcapng', pcapng(sampleFile('dead-token')))
      await shown(page)
      assert.match(await text(page, '#opened-facts'), /pcapng · 48 packets · 1 connection/)
      assert.match((await findings(page))[0], samples['dead-token'])
    })

    test('a chosen file of a stream by itself', async t => {
      const page = await opened(t)
      const dir = await folder(t, { 'stream.bin': Buffer.concat(notifications(1, 3).map(encodeFrame)) })
      await choose(page, join(dir, 'stream.bin'))
      await shown(page)
      assert.equal(await page.$$eval('#rows li', rows => rows.length), 3)
    })

    test('a broken file says where it breaks, and what came before is there', async t => {
      const page = await opened(t)
      const file = Buffer.from(sampleFile('good-ring'))
      file.fill(0xff, 4_000, 4_400)
      await drop(page, 'broken.pcap', file)
      await shown(page)
      assert.match(await text(page, '#opened-facts'), /cannot be read further: byte \d+: a packet says/)
      assert.ok(await page.$$eval('#rows li', rows => rows.length) > 5)
    })

    test('TLS says that it is encrypted, and what to do', async t => {
      const page = await opened(t)
      await drop(page, 'tls.bin', Buffer.from('16030100040100000016030300010017030300020000', 'hex'))
      await shown(page)
      assert.match((await findings(page))[0], /encrypted \(TLS\).*SSLKEYLOGFILE.*tshark/)
    })

    test('damaged and hostile files never break it', async t => {
      const page = await opened(t)
      const names = Object.keys(samples)
      for (let seed = 1; seed <= 30; seed++) {
        const file = Buffer.from(sampleFile(names[seed % names.length]))
        for (let change = 0; change < 6; change++) {
          const at = Math.imul(seed * 31 + change, 0x9e3779b1) >>> 0
          file[at % file.length] = at >>> 13
        }
        await drop(page, `damaged-${seed}.pcap`, file)
        await page.waitForFunction(name => document.querySelector('#opened-name')?.textContent === name ||
          !document.querySelector('#problem')?.hasAttribute('hidden'), {}, `damaged-${seed}.pcap`)
      }
      await page.goto(`${site.url}demo/#sample=dead-token`)
      await page.waitForFunction(() => document.querySelectorAll('#rows li').length === 21)
    })

    test('what stands in a payload is text and nothing else', async t => {
      const payload = '{"aps":{"alert":"<img src=x onerror=alert(1)>\u202e"}}'
      const page = await opened(t)
      await page.type('#text', encodeFrame({ command: 0, token: token(1), payload }).toString('hex'))
      await page.click('#paste button')
      await shown(page)
      await page.click('#rows button')
      await page.waitForSelector('#part pre')
      assert.match(await text(page, '#part pre'), /<img src=x onerror=alert\(1\)>\\u\{202e\}/)
      assert.equal(await page.$$eval('#result img', images => images.length), 0)
    })

    test('a field that is pointed at is lit in the bytes too', async t => {
      const page = await opened(t, '#sample=dead-token&part=5')
      const field = '.fields tr:nth-child(5)'
      assert.equal(await text(page, `${field} button`), 'token')
      await page.hover(`${field} td`)
      const digits = await text(page, `${field} td`)
      const lit = await page.$$eval('.pairs .lit', runs => runs.map(run => run.textContent).join(' '))
      assert.equal(lit.replaceAll(' ', ''), digits)
      await page.focus('.fields tr:nth-child(2) button')
      assert.equal(await text(page, '.pairs .lit'), '00 00 00 8c')
    })

    test('keys go through the timeline, into the bytes and back', async t => {
      const page = await opened(t, '#sample=dead-token')
      await page.focus('#rows button')
      for (const key of /** @type {const} */ (['ArrowDown', 'ArrowDown', 'End'])) await page.keyboard.press(key)
      await page.waitForFunction(() => document.querySelector('#part-title')?.textContent === 'Error response: 8 to 5')
      await page.keyboard.press('Home')
      await page.waitForFunction(() => document.querySelector('#part-title')?.textContent === 'Notification 1')
      await page.keyboard.press('Enter')
      await page.waitForFunction(() => document.activeElement?.id === 'part-title')
      await page.keyboard.press('Escape')
      await page.waitForFunction(() => document.querySelector('#part')?.hasAttribute('hidden'))
      assert.equal(await page.evaluate(() => /** @type {HTMLElement} */ (document.activeElement).dataset.index), '0')
    })

    test('a filter by token, identifier and status', async t => {
      const page = await opened(t, '#sample=dead-token')
      const rows = async (/** @type {number} */ count) => {
        await page.waitForFunction(count => document.querySelectorAll('#rows li').length === count, {}, count)
        return page.$$eval('#rows .label', labels => labels.map(label => label.textContent))
      }
      await page.type('#filter-identifier', '5')
      assert.deepEqual(await rows(2), ['Notification 5', 'Error response: 8 to 5'])
      await page.click('#filter button')
      await rows(21)
      await page.type('#filter-token', '489E4A')
      assert.deepEqual(await rows(1), ['Notification 6'])
      await page.click('#filter button')
      await rows(21)
      await page.select('#filter-status', '8')
      assert.deepEqual(await rows(2), ['Notification 5', 'Error response: 8 to 5'])
    })

    test('a finding leads to its frame, and the address to the same', async t => {
      const page = await opened(t, '#sample=dead-token')
      await page.click('.finding')
      await page.waitForSelector('#part-title')
      assert.equal(new URL(page.url()).hash, '#sample=dead-token&connection=1&part=5')
      await page.goBack()
      await page.waitForFunction(() => document.querySelector('#part')?.hasAttribute('hidden'))
      await page.goForward()
      await page.waitForFunction(() => document.querySelector('#part-title')?.textContent === 'Notification 5')
    })

    test('a part is copied as hex, as JSON, as a test vector', async t => {
      const page = await opened(t, `#hex=${encodeErrorResponse({ status: 8, identifier: 5 }).toString('hex')}&part=1`)
      await page.waitForSelector('#part-title')
      await page.evaluate(() => {
        Object.defineProperty(navigator, 'clipboard', {
          value: { writeText: async (/** @type {string} */ text) => { document.body.dataset.copied = text } }
        })
      })
      const copied = async (/** @type {string} */ form) => {
        await page.evaluate(() => { delete document.body.dataset.copied })
        await page.click(`[data-copy=${form}]`)
        await page.waitForFunction(() => document.body.dataset.copied !== undefined &&
          document.querySelector('#said')?.textContent === 'Copied')
        return page.$eval('body', body => body.dataset.copied ?? '')
      }
      assert.equal(await copied('hex'), '080800000005')
      assert.deepEqual(JSON.parse(await copied('vector')), { status: 8, identifier: 5, hex: '08 08 00000005' })
      const { kind, fields, bytes } = JSON.parse(await copied('json'))
      assert.deepEqual([kind, fields.length, bytes], ['error-response', 3, '080800000005'])
      assert.equal(await copied('link'), page.url())
    })

    test('a link is followed to its part, whatever is clicked meanwhile', async t => {
      const page = await opened(t, `#hex=${encodeErrorResponse({ status: 8, identifier: 5 }).toString('hex')}`)
      await page.evaluate(() => {
        const english = /** @type {HTMLElement} */ (document.querySelector('[data-language=en]'))
        addEventListener('popstate', () => english.click(), { once: true })
        location.hash = '#connection=1&part=1'
      })
      await page.waitForSelector('#part-title')
      assert.match(page.url(), /&connection=1&part=1$/)
    })

    test('a long capture comes in pages, and a link finds its frame', async t => {
      const page = await opened(t)
      await drop(page, 'long.bin', Buffer.concat(notifications(1, 1_000).map(encodeFrame)))
      await shown(page)
      assert.equal(await text(page, '#shown'), '1 to 200 of 1,000')
      await page.click('#pages button:last-child')
      await page.waitForFunction(() => document.querySelector('#rows .label')?.textContent === 'Notification 801')
      await page.evaluate(() => { location.hash = '#connection=1&part=450' })
      await page.waitForFunction(() => document.querySelector('[aria-current] .label')?.textContent ===
        'Notification 450')
      assert.equal(await text(page, '#part-title'), 'Notification 450')
    })

    test('reading a large file shows how far it is, and can be stopped', async t => {
      const page = await opened(t)
      await page.evaluate(() => {
        const progress = /** @type {HTMLElement} */ (document.querySelector('#progress-text'))
        const stop = /** @type {HTMLElement} */ (document.querySelector('#stop'))
        new MutationObserver(() => {
          if (!/^Reading: [1-9]/.test(progress.textContent ?? '') || stop.offsetParent === null) return
          document.body.dataset.seen = progress.textContent ?? ''
          stop.click()
        }).observe(progress, { childList: true })
        // One megabyte, again and again.
        const data = new DataTransfer()
        data.items.add(new File(Array(250).fill(new Blob([new Uint8Array(1_000_000)])), 'large.bin'))
        document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }))
      })
      await page.waitForFunction(() => document.body.dataset.seen && document.querySelector('#busy[hidden]'))
      assert.match(await page.$eval('body', body => body.dataset.seen ?? ''), /^Reading: \d+ of 250 MB$/)
      assert.equal(await page.$eval('#start', start => start.hasAttribute('hidden')), false)
      assert.equal(await page.$eval('#problem', problem => problem.hasAttribute('hidden')), true)
    })

    test('on a phone a part stands in the place of the timeline', async t => {
      const page = await opened(t)
      await page.setViewport(phone)
      await page.click('a[href="#sample=dead-token"]')
      await shown(page)
      await lookedAt(page, which, 'phone')
      await page.click('#rows li:nth-child(5) button')
      await page.waitForSelector('#part-title')
      await lookedAt(page, which, 'phone-part')
      const wide = await page.evaluate(() => document.documentElement.scrollWidth)
      assert.ok(wide <= phone.width, `${wide} is wider than the phone`)
      await page.click('#part .close')
      await page.waitForSelector('#timeline', { visible: true })
    })
  })
}

/** @param {import('puppeteer-core').Page} page */
async function shown (page) {
  await page.waitForFunction(() => performance.getEntriesByName('shown').length > 0)
}

/** @param {import('puppeteer-core').Page} page @param {string} selector */
async function text (page, selector) {
  return await page.$eval(selector, found => found.textContent ?? '')
}

/** @param {import('puppeteer-core').Page} page @returns {Promise<string[]>} */
async function findings (page) {
  return page.$$eval('.findings li > :last-child', found => found.map(({ textContent }) => textContent ?? ''))
}

/**
 * A screenshot for people, and what axe finds for those who cannot see it.
 * @param {import('puppeteer-core').Page} page
 * @param {import('../helpers/browsers.js').Browser} which
 * @param {string} name
 */
async function lookedAt (page, which, name) {
  for (const value of which.name === 'chromium' ? ['dark', 'light'] : ['dark']) {
    if (which.name === 'chromium') await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value }])
    await page.screenshot({ path: join(screenshots, `${which.name}-${name}-${value}.png`), fullPage: true })
    await page.evaluate(axe.source)
    const violations = await page.evaluate(async () => {
      // @ts-expect-error axe has put itself there
      const { violations } = await globalThis.axe.run(document)
      return violations.map((/** @type {import('axe-core').Result} */ { id, nodes }) =>
        [id, ...nodes.map(({ html }) => html)])
    })
    assert.deepEqual(violations, [], value)
  }
}

/** @param {import('puppeteer-core').Page} page @param {string} path */
async function choose (page, path) {
  const input = /** @type {import('puppeteer-core').ElementHandle<HTMLInputElement>} */ (await page.$('#file'))
  await input.uploadFile(path)
}

/** @param {import('puppeteer-core').Page} page @param {string} name @param {Buffer} bytes */
async function drop (page, name, bytes) {
  await page.evaluate((name, base64) => {
    performance.clearMarks('shown')
    const data = new DataTransfer()
    data.items.add(new File([Uint8Array.from(atob(base64), letter => letter.charCodeAt(0))], name))
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }))
  }, name, bytes.toString('base64'))
}

/** The same packets in a pcapng file. @param {Buffer} file pcap, little-endian */
function pcapng (file) {
  const words = (/** @type {number[]} */ ...numbers) => Buffer.concat(numbers.map(number => {
    const word = Buffer.alloc(4)
    word.writeUInt32LE(number >>> 0)
    return word
  }))
  const block = (/** @type {number} */ type, /** @type {Buffer[]} */ ...parts) => {
    const body = Buffer.concat(parts)
    const padding = Buffer.alloc(-body.length & 3)
    const length = 12 + body.length + padding.length
    return Buffer.concat([words(type, length), body, padding, words(length)])
  }
  const { packets } = packetsOf(file)
  return Buffer.concat([
    block(0x0a0d0d0a, words(0x1a2b3c4d, 1, -1, -1)),
    block(1, words(1, 0)),
    ...packets.map(packet => {
      const micros = BigInt(packet.readUInt32LE(0)) * 1_000_000n + BigInt(packet.readUInt32LE(4))
      const time = words(Number(micros >> 32n), Number(micros & 0xffff_ffffn))
      return block(6, words(0), time, packet.subarray(8, 16), packet.subarray(16))
    })
  ])
}
