/**
 * The pages: for the person on call, the one that shows what can be called, and the decoder. They need nothing from
 * elsewhere, and may load nothing from elsewhere.
 */
import { readFileSync } from 'node:fs'
import { decoderPage } from '../../decoder-page.js'

const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const types = { html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8' }

/** @type {[path: string, file: string, type: keyof typeof types][]} */
const pages = [
  ['/', 'on-call.html', 'html'],
  ['/docs', 'docs.html', 'html'],
  ['/page/on-call.js', 'on-call.js', 'js'],
  ['/page/docs.js', 'docs.js', 'js'],
  ['/page/dom.js', 'dom.js', 'js'],
  ['/page/key.js', 'key.js', 'js'],
  ['/page/page.css', 'page.css', 'css']
]

/** @param {import('../sidecar.js').Server} server */
export async function pageRoutes (server) {
  const open = { config: { open: true }, schema: { hide: true } }
  for (const [path, file, type] of pages) {
    const content = readFileSync(new URL(`../page/${file}`, import.meta.url))
    server.get(path, open, async (request, reply) => reply
      .header('content-security-policy', POLICY)
      .header('x-content-type-options', 'nosniff')
      .header('referrer-policy', 'no-referrer')
      .header('cache-control', 'no-cache')
      .type(types[type]).send(content))
  }
  for (const path of ['/decoder', '/decoder/*']) {
    server.get(path, open, async (request, reply) => {
      const page = await decoderPage(request.url.split('?')[0], '/decoder')
      if (page === undefined) return reply.callNotFound()
      return reply.code(page.status).headers(page.headers).send(page.body)
    })
  }
}
