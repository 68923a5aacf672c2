/**
 * `npm run demo`: serves the decoder page on this machine; `npm run demo -- --port 8080` chooses the port.
 */
import { createServer } from 'node:http'
import { parseArgs } from 'node:util'
import { decoderPage } from '../js/decoder-page.js'

const { values: { port } } = parseArgs({ options: { port: { type: 'string', default: '8019' } } })

const server = createServer(async ({ url = '/' }, response) => {
  const { status, headers, body } = await decoderPage(url.split('?')[0]) ??
    { status: 404, headers: { 'content-type': 'text/plain' }, body: 'There is no such file.\n' }
  response.writeHead(status, headers).end(body)
})
server.on('error', error => {
  console.error(`${error.message}: npm run demo -- --port NUMBER takes another port`)
  process.exitCode = 1
})
server.listen(Number(port), '127.0.0.1', () => console.log(`The decoder: http://localhost:${port}/  (Ctrl-C ends it)`))
