/** The decoder page in real browsers: Debian's chromium and firefox-esr, driven by puppeteer-core. */

import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import puppeteer from 'puppeteer-core'
import { decoderPage } from '../../js/decoder-page.js'
import { root } from '../../scripts/lib/files.js'

/** Where the page lies, so that nothing of it depends on lying at the top. */
const BASE = '/some/where'

/**
 * @typedef {object} Browser
 * @property {'chromium' | 'firefox'} name
 * @property {import('puppeteer-core').LaunchOptions} options
 */

/** @type {Browser} */
export const chromium = {
  name: 'chromium',
  options: { browser: 'chrome', executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] }
}

/** Dark, because no command can make it so later. @type {Browser} */
export const firefox = {
  name: 'firefox',
  options: {
    browser: 'firefox',
    executablePath: '/usr/bin/firefox-esr',
    extraPrefsFirefox: { 'layout.css.prefers-color-scheme.content-override': 0 }
  }
}

/** For a person to look at. */
export const screenshots = join(root, 'target/screenshots')

/** @param {Browser} browser */
export async function launched ({ options }) {
  await mkdir(screenshots, { recursive: true })
  return puppeteer.launch(options)
}

/** The page's files on the loopback, and every path that was asked for and is none of them. */
export async function served () {
  /** @type {string[]} */
  const strays = []
  const server = createServer(async ({ url = '/' }, response) => {
    const answer = await decoderPage(url, BASE)
    if (answer === undefined) strays.push(url)
    const { status, headers, body } = answer ?? { status: 404, headers: {}, body: '' }
    response.writeHead(status, headers).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return {
    url: `http://127.0.0.1:${port}${BASE}/`,
    strays,
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    }
  }
}
