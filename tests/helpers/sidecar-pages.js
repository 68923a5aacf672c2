/**
 * The sidecar's pages as people use them, in a real browser: the same tests for each.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import puppeteer from 'puppeteer-core'
import { token, tokens } from './ring.js'
import { ended, sidecar } from './sidecar.js'

const KEY = 'the-key-of-the-one-on-call'

/** @type {Record<'chromium' | 'firefox', import('puppeteer-core').LaunchOptions>} */
const browsers = {
  chromium: { browser: 'chrome', executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] },
  firefox: { browser: 'firefox', executablePath: '/usr/bin/firefox-esr' }
}

/** @param {keyof typeof browsers} name */
export function testPages (name) {
  describe(name, () => {
    /** @type {import('puppeteer-core').Browser} */
    let browser
    before(async () => { browser = await puppeteer.launch(browsers[name]) })
    after(() => browser?.close())

    /**
     * A page; what it complains about, and what it loads from elsewhere, fails the test.
     * @param {import('node:test').TestContext} t
     * @param {string} url
     */
    async function opened (t, url) {
      const context = await browser.createBrowserContext()
      const page = await context.newPage()
      /** @type {string[]} */
      const complaints = []
      page.on('pageerror', error => complaints.push(String(error)))
      page.on('request', request => {
        if (!request.url().startsWith(new URL(url).origin) && !/^data:|favicon/.test(request.url())) {
          complaints.push(request.url())
        }
      })
      t.after(async () => {
        await context.close()
        assert.deepEqual(complaints, [])
      })
      await page.goto(url)
      return page
    }

    /**
     * @param {import('puppeteer-core').Page} page
     * @param {string} text that is to be seen
     */
    const seen = (page, text) =>
      page.waitForFunction(text => globalThis.document.body.innerText.includes(text), { timeout: 20_000 }, text)

    test('a job is seen with its progress and its outcomes by reason, as it happens', async t => {
      const { push, call, server } = await sidecar(t, { simulated: { dead: [token(7), token(8)] } })
      const url = await server.listen({ host: '127.0.0.1', port: 0 })
      const page = await opened(t, url)
      await seen(page, 'live')
      await seen(page, 'Nothing has been pushed yet')
      const { body } = await push({ tokens: tokens(3000) })
      await ended(call, body.id)
      await seen(page, '3,000 of 3,000')
      await seen(page, 'rejected InvalidToken')
      const bars = await page.$$eval('#chart rect', rects => rects.map(rect => rect.getAttribute('class')))
      assert.deepEqual(bars, ['accepted', 'rejected'])
      await page.click('#jobs button.link')
      await seen(page, `of the job ${body.id}`)
    })

    test('a job is stopped from the page', async t => {
      const options = { simulated: { faults: ['stall@1500'] }, app: 'answerTimeout = 500\nmaxInFlight = 500' }
      const { push, server } = await sidecar(t, options)
      const page = await opened(t, await server.listen({ host: '127.0.0.1', port: 0 }))
      page.on('dialog', dialog => dialog.accept())
      await push({ tokens: tokens(20_000) })
      await page.waitForSelector('#jobs button[id^=stop]')
      await page.$eval('#jobs button[id^=stop]', button => /** @type {HTMLElement} */ (button).click())
      await seen(page, 'BELLPUSH_JOB_STOPPED')
    })

    test('where a key is needed it asks for one, and what can be called is shown', async t => {
      const { server } = await sidecar(t, { toml: `[[keys]]\nname = "on call"\nkey = "${KEY}"\n` })
      const page = await opened(t, `${await server.listen({ host: '127.0.0.1', port: 0 })}/docs`)
      await page.waitForSelector('#key-form:not([hidden])')
      await page.type('#key', 'wrong')
      await page.keyboard.press('Enter')
      await seen(page, 'not one of those')
      await page.type('#key', KEY)
      await page.keyboard.press('Enter')
      await seen(page, '/v1/push')
      await page.click('details')
      await seen(page, 'clientIds')
    })
  })
}
