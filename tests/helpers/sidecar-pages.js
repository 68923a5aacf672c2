/**
 * The sidecar's pages as people use them, in a real browser: the same tests for each.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { launched } from './browsers.js'
import { token, tokens } from './ring.js'
import { ended, sidecar } from './sidecar.js'

const KEY = 'the-key-of-the-one-on-call'

/** @param {import('./browsers.js').Browser} which */
export function testPages (which) {
  describe(which.name, () => {
    /** @type {import('puppeteer-core').Browser} */
    let browser
    before(async () => { browser = await launched(which) })
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

    test('the decoder is one click away', async t => {
      const { server } = await sidecar(t)
      const page = await opened(t, await server.listen({ host: '127.0.0.1', port: 0 }))
      await page.click('nav a[href="/decoder/"]')
      await page.waitForFunction(() => globalThis.location.pathname === '/decoder/demo/')
      await page.waitForSelector('#sample-good-ring, [data-sample]', { timeout: 20_000 })
    })
  })
}
