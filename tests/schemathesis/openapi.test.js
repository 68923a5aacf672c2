/**
 * Schemathesis calls the sidecar in every way its OpenAPI document allows and forbids: no answer is a 5xx, and each has
 * a status, a content type and a form that the document knows.
 *
 * BELLPUSH_SEED=NUMBER repeats what it calls; the seed is told.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { schemathesis } from '../../scripts/lib/schemathesis.js'
import { seed } from '../helpers/chance.js'
import { folder } from '../helpers/certificates.js'
import { token } from '../helpers/ring.js'
import { sidecar } from '../helpers/sidecar.js'

/** Calls of each route at most, in each way of making them up. */
const EXAMPLES = 20

const KEY = '0123456789abcdef'
const GONG = 'fedcba9876543210'
const keys = `[[keys]]\nname = "shop"\nkey = "${KEY}"\n[[keys]]\nname = "gong"\nkey = "${GONG}"\n` +
  'apps = ["gong"]\n[apps.gong]\ngateway = "apns://localhost:1"\nconnectTries = 1\n'

/**
 * Not looked at: whether what the document allows is accepted (a text of a thousand characters need be no token),
 * whether a method that there is not is answered 405 (it is 404), and the streams of events, which do not end.
 */
const CHECKS = ['not_a_server_error', 'status_code_conformance', 'content_type_conformance',
  'response_headers_conformance', 'response_schema_conformance', 'missing_required_header', 'use_after_free',
  'ensure_resource_availability', 'ignored_auth']

const skip = schemathesis() === undefined && 'Schemathesis is not installed: npm test -- schemathesis'

/** @param {string} key */
const bearer = key => ({ authorization: `Bearer ${key}` })

/**
 * @param {import('node:test').TestContext} t
 * @param {{ server: import('../../js/serve/sidecar.js').Server, call: import('../helpers/sidecar.js').Call }} one
 * @param {string} key
 */
async function calls (t, { server, call }, key) {
  const { body } = await call('GET', '/openapi.json', undefined, bearer(KEY))
  const cwd = await folder(t, { 'openapi.json': JSON.stringify(body) })
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  const child = spawn(/** @type {string} */ (schemathesis()), ['run', 'openapi.json', '--url', url,
    '--header', `Authorization: Bearer ${key}`, '--checks', CHECKS.join(','), '--max-examples', String(EXAMPLES),
    '--seed', String(seed), '--generation-database', 'none', '--suppress-health-check', 'all', '--warnings', 'off',
    '--exclude-path-regex', 'events$', '--no-color'], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  t.after(() => child.kill('SIGKILL'))
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => { said += text })
  const [code] = await once(child, 'close')
  assert.equal(code, 0, said.slice(-8000))
  const [, generated] = /(\d+) generated/.exec(said) ?? []
  t.diagnostic(`${generated} calls`)
  assert.ok(Number(generated) > 100, said.slice(-2000))
}

const nobody = 'a-key-that-nobody-has'

for (const [name, http2, key] of /** @type {const} */ ([
  ['over HTTP/2', true, KEY], ['by the binary protocol', false, KEY],
  ['with the key of an app whose gateway is not there', true, GONG], ['with a wrong key', true, nobody]
])) {
  test(`${name} (BELLPUSH_SEED=${seed})`, { skip }, async t => {
    const one = await sidecar(t, { http2, toml: keys })
    for (const n of [1, 2]) {
      assert.equal((await one.call('PUT', `/v1/clients/7/tokens/${token(n)}`, undefined, bearer(KEY))).status, 204)
    }
    await calls(t, one, key)
    assert.ok(!/"level":[56]0/.test(one.log.text), 'nothing failed that is ours')
  })
}
