/**
 * All token stores pass the same tests; and how a store is opened.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { BellpushError } from '../js/errors.js'
import { testTokenStore } from '../js/stores/conformance.js'
import { openTokenStore } from '../js/stores/index.js'

const TOKEN = 'be11'.repeat(16)

describe('the store in memory', () => {
  testTokenStore({ test, open: () => openTokenStore('memory:') })
})

describe('the store of the caller\'s callbacks', () => {
  testTokenStore({ test, open: () => openTokenStore(mapCallbacks()) })

  test('list and remove are enough; what is missing is named', async () => {
    const removed = /** @type {unknown[]} */ ([])
    const store = await openTokenStore({
      list: async clientIds => clientIds ? [TOKEN] : [TOKEN, 'ab'],
      remove: (token, options) => { removed.push([token, options]) }
    })
    assert.equal(await store.count(), 2)
    assert.equal(await store.count(['1']), 1)
    assert.equal(await store.remove(TOKEN, { unlessSince: 5 }), true)
    assert.deepEqual(removed, [[TOKEN, { unlessSince: 5 }]])
    await assert.rejects(store.put('1', TOKEN), { code: 'BELLPUSH_OPTION_INVALID', message: /put/ })
    await assert.rejects(store.removeClient('1'), { code: 'BELLPUSH_OPTION_INVALID', message: /removeClient/ })
    await store.close()
  })

  test('what a callback throws is the cause of our error', async () => {
    const cause = new Error('no route to the database')
    const fail = () => { throw cause }
    const store = await openTokenStore({ list: fail, remove: async () => fail() })
    const expected = { name: 'BellpushError', code: 'BELLPUSH_STORE_FAILED', cause }
    await assert.rejects(store.remove(TOKEN), expected)
    await assert.rejects(async () => store.count(), expected)
  })

  test('what list gives must be text', async () => {
    const store = await openTokenStore({ list: () => /** @type {any} */ ([42]), remove: () => true })
    await assert.rejects(store.count(), {
      code: 'BELLPUSH_STORE_FAILED'
    })
  })

  test('a listing that is left early ends the callback\'s own', async () => {
    let ended = false
    const store = await openTokenStore({
      list: async function * () {
        try {
          yield TOKEN
          yield 'ab'
        } finally {
          ended = true
        }
      },
      remove: () => true
    })
    for await (const text of store.list()) if (text === TOKEN) break
    assert.equal(ended, true)
  })
})

describe('the store in a SQLite file', () => {
  let folder = ''
  let files = 0
  before(async () => { folder = await mkdtemp(join(tmpdir(), 'bellpush-stores-')) })
  after(() => rm(folder, { recursive: true }))
  testTokenStore({ test, open: () => openTokenStore(`sqlite:${folder}/${files++}.db`, { create: true }) })
})

describe('the store in SQLite\'s memory', () => {
  testTokenStore({ test, open: () => openTokenStore('sqlite::memory:') })
})

test('what is no token store is refused, and what may be a password is not repeated', async () => {
  for (const where of ['', 'doorbell.db', 'sqlite:', 'memory:x', 'oracle://bell:s3cret@host/db', 's3cret', 7, null, {}]) {
    await assert.rejects(openTokenStore(/** @type {any} */ (where)), error => {
      assert.ok(error instanceof BellpushError)
      assert.equal(error.code, 'BELLPUSH_OPTION_INVALID')
      assert.doesNotMatch(error.message, /s3cret/)
      return true
    })
  }
})

/** The smallest honest set of callbacks: what a user with his own database would write. */
function mapCallbacks () {
  /** @type {Map<string, { clientId: string, token: string, registeredAt: number }>} */
  const rows = new Map()
  /** @param {string[]} [clientIds] */
  const entries = clientIds => [...rows.values()].filter(row => !clientIds || clientIds.includes(row.clientId))
  return {
    list: async (/** @type {string[] | undefined} */ clientIds) => entries(clientIds).map(({ token }) => token),
    entries,
    /**
     * @param {string} clientId
     * @param {string} token
     * @param {{ at: number, keepTime: boolean }} options
     */
    put: (clientId, token, { at, keepTime }) => {
      if (keepTime && rows.get(token)?.clientId === clientId) return
      rows.set(token, { clientId, token, registeredAt: at })
    },
    remove: (/** @type {string} */ text, /** @type {{ unlessSince?: number }} */ { unlessSince = Infinity }) => {
      const token = text.toLowerCase().replace(/[<> ]/g, '')
      const row = rows.get(token)
      return row !== undefined && row.registeredAt <= unlessSince && rows.delete(token)
    },
    removeClient: async (/** @type {string} */ clientId) => {
      return entries([clientId]).filter(({ token }) => rows.delete(token)).length
    }
  }
}
