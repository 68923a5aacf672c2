/** What stores in MariaDB and in PostgreSQL must do alike where the way to the server is secured. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { token } from './sqlite.js'

/**
 * How the URLs of one kind of server say it.
 * @typedef {object} Words
 * @property {string} mode
 * @property {string} ca
 * @property {string} cert
 * @property {string} key
 * @property {{ off: string, nothing: string, authority: string, name: string }} modes
 */

/**
 * @param {object} database
 * @param {() => import('./database-servers.js').Server} database.server
 * @param {typeof import('../../js/stores/index.js').openTokenStore} database.open
 * @param {() => string} database.table
 * @param {Words} words
 */
export function testTls ({ server, open, table }, { mode, ca, cert, key, modes }) {
  /**
   * @param {Record<string, string>} parameters
   * @param {{ host?: string, user?: string }} [where]
   */
  const urlOf = (parameters, { host = 'localhost', user = 'ringer' } = {}) =>
    `${server().url.replace('127.0.0.1', host).replace('ringer', user)}?${new URLSearchParams(parameters)}`
  /** @param {string} url */
  const used = async url => {
    const before = await server().encrypted()
    const store = await open(url, { table: table(), create: true })
    try {
      await store.put('1', token(1))
      assert.equal(await store.count(), 1)
      return { encrypted: await server().encrypted() > before }
    } finally {
      await store.close()
    }
  }
  /**
   * @param {string} url
   * @param {RegExp} message
   */
  const unavailable = (url, message) => assert.rejects(used(url), error => {
    const { code, message: text } = /** @type {any} */ (error)
    assert.equal(code, 'BELLPUSH_STORE_UNAVAILABLE')
    assert.match(text, message)
    assert.doesNotMatch(text, /ding/)
    return true
  })

  describe('a server with TLS', () => {
    test('is not asked for it where the URL does not', async () => {
      assert.deepEqual(await used(server().url), { encrypted: false })
      assert.deepEqual(await used(urlOf({ [mode]: modes.off })), { encrypted: false })
    })

    test('is spoken to through it, whoever it is', async () => {
      assert.deepEqual(await used(urlOf({ [mode]: modes.nothing })), { encrypted: true })
    })

    test('is known by its authority', async () => {
      for (const chosen of [modes.nothing, modes.authority]) {
        assert.deepEqual(await used(urlOf({ [mode]: chosen, [ca]: server().files.ca })), { encrypted: true })
        await unavailable(urlOf({ [mode]: chosen, [ca]: server().files.stranger }), /trust.*certificate/)
      }
      await unavailable(urlOf({ [mode]: modes.authority }), /trust.*certificate/)
    })

    test('is known by its name, which is what files alone ask for', async () => {
      const url = urlOf({ [mode]: modes.name, [ca]: server().files.ca })
      assert.deepEqual(await used(url), { encrypted: true })
      await server().rename('elsewhere.example')
      try {
        await unavailable(url, /trust.*elsewhere\.example/)
        await unavailable(urlOf({ [ca]: server().files.ca }), /trust.*elsewhere\.example/)
        assert.deepEqual(await used(urlOf({ [mode]: modes.authority, [ca]: server().files.ca })), { encrypted: true })
      } finally {
        await server().rename('localhost')
      }
    })

    test('is shown a certificate where it wants one', async () => {
      const { files } = server()
      const own = { [ca]: files.ca, [cert]: files.clientCert, [key]: files.clientKey }
      assert.deepEqual(await used(urlOf(own, { user: 'shown' })), { encrypted: true })
      await unavailable(urlOf({ [ca]: files.ca }, { user: 'shown' }), /does not let this user in/)
    })

    test('says so where it takes nothing else', async () => {
      await server().wantTls(true)
      try {
        await unavailable(server().url, new RegExp(`wants TLS.*${mode}`))
        assert.deepEqual(await used(urlOf({ [mode]: modes.nothing })), { encrypted: true })
      } finally {
        await server().wantTls(false)
      }
    })

    test('is reached by its Unix socket, which takes no TLS', async () => {
      assert.deepEqual(await used(server().socketUrl), { encrypted: false })
      await assert.rejects(open(`${server().socketUrl}?${mode}=${modes.nothing}`),
        { code: 'BELLPUSH_OPTION_INVALID', message: /Unix socket/ })
      await unavailable(server().socketUrl.replace('bellpush-db', 'nowhere'), /cannot be reached/)
    })

    test('what a URL says of it is checked before anything is asked', async () => {
      /** @type {[Record<string, string>, RegExp][]} */
      const wrong = [
        [{ encrypt: 'true' }, new RegExp(`no "encrypt".*${mode}, ${ca}, ${cert}, ${key}`)],
        [{ [mode]: 'maybe' }, new RegExp(`${mode}.*${modes.name}.*"maybe"`, 'i')],
        [{ [ca]: '/no/such/file.pem' }, new RegExp(`${ca}.*"/no/such/file.pem".*ENOENT`)],
        [{ [cert]: server().files.clientCert }, /need each other/],
        [{ [mode]: modes.off, [ca]: server().files.ca }, /makes no use/]
      ]
      for (const [parameters, message] of wrong) {
        await assert.rejects(open(urlOf(parameters)), { code: 'BELLPUSH_OPTION_INVALID', message })
      }
    })
  })
}
