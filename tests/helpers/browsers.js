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

export const browsers = /** @type {const} */ ([
  { name: 'chromium', browser: 'chrome', executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] },
  { name: 'firefox', browser: 'firefox', executablePath: '/usr/bin/firefox-esr', args: [] }
])

/** For a person to look at. */
export const screenshots = join(root, 'target/screenshots')

/** @param {typeof browsers[number]} which */
export async function launched ({ browser, executablePath, args }) {
  await mkdir(screenshots, { recursive: true })
  return puppeteer.launch({ browser, executablePath, args: [...args] })
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
