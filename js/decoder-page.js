/**
 * The files of the decoder page (`demo/`), for whoever serves it over HTTP, under any path.
 *
 * What it is not: a server. It answers one path.
 */
import { readFile } from 'node:fs/promises'

const root = new URL('..', import.meta.url)

/** All that the page consists of, and nothing else of this package. */
const FILES = new RegExp('^(' + [
  'demo(/[\\w-]+)*/[\\w-]+\\.(html|css|js|svg|pcap)', 'js/(core/)?[\\w-]+\\.js', 'pkg/capture(_bg)?\\.(js|wasm)'
].join('|') + ')$')

/** @type {Record<string, string>} */
const TYPES = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
  wasm: 'application/wasm',
  pcap: 'application/vnd.tcpdump.pcap'
}

/** The page loads its own files and talks to nobody; what stands in a capture can run nothing. */
const HEADERS = Object.freeze({
  'content-security-policy': "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; " +
    "img-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; " +
    "frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache'
})

/**
 * @param {string} path of the request, without its query
 * @param {string} [base] the path under which the page lies, without a slash at its end
 * @returns {Promise<{ status: number, headers: Record<string, string>, body: Uint8Array } | undefined>} undefined: no
 *   file of the page has this path
 */
export async function decoderPage (path, base = '') {
  const body = new Uint8Array()
  if (path === base || path === `${base}/`) {
    return { status: 302, headers: { ...HEADERS, location: `${base}/demo/` }, body }
  }
  if (!path.startsWith(`${base}/`)) return undefined
  const name = path.slice(base.length + 1).replace(/\/$/, '/index.html')
  if (!FILES.test(name)) return undefined
  try {
    const type = TYPES[name.slice(name.lastIndexOf('.') + 1)]
    return { status: 200, headers: { ...HEADERS, 'content-type': type }, body: await readFile(new URL(name, root)) }
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined
    throw error
  }
}
