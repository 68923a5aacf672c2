/**
 * What every token store must do, as tests: run them against a store of your own before you trust it with an audience.
 *
 *     import { test } from 'node:test'
 *     import { openTokenStore } from 'bellpush'
 *     import { testTokenStore } from 'bellpush/stores/conformance'
 *     testTokenStore({ test, open: () => openTokenStore(myCallbacks()) })
 *
 * Not here: files, locks and old tables, which only some stores have.
 */
import assert from 'node:assert/strict'

/** @typedef {import('./token-store.js').TokenStore} TokenStore */

/** The n-th of some 32-byte tokens. @param {number} n */
const token = n => `be11${n.toString(16).padStart(8, '0')}`.repeat(6).slice(0, 64)

const NOON = Date.UTC(2026, 0, 1, 12)
const HOUR = 3_600_000

/**
 * @template T
 * @param {AsyncIterable<T>} items
 * @returns {Promise<T[]>}
 */
async function all (items) {
  const found = []
  for await (const item of items) found.push(item)
  return found
}

/** @param {AsyncIterable<string>} tokens */
const sorted = async tokens => (await all(tokens)).sort()

/**
 * Registers a test for each behaviour. A store of callbacks must have all of them except `count` and `close`.
 * @param {object} options
 * @param {(name: string, behaviour: () => Promise<void>) => unknown} options.test `test` or `it` of node:test
 * @param {() => Promise<TokenStore>} options.open opens a store that is empty and knows registration times
 */
export function testTokenStore ({ test, open }) {
  for (const [name, behaviour] of Object.entries(behaviours)) {
    test(name, async () => {
      const store = await open()
      try {
        await behaviour(store)
      } finally {
        await store.close()
      }
    })
  }
}

/** @type {Record<string, (store: TokenStore) => Promise<void>>} */
const behaviours = {
  'an empty store lists nothing': async store => {
    assert.deepEqual(await all(store.list()), [])
    assert.deepEqual(await all(store.entries()), [])
    assert.equal(await store.count(), 0)
  },

  'a client has any number of tokens': async store => {
    for (const n of [1, 2, 3]) await store.put('door', token(n))
    assert.deepEqual(await sorted(store.list('door')), [token(1), token(2), token(3)])
  },

  'a listing is of the clients that were asked for': async store => {
    await store.put('1', token(1))
    await store.put('2', token(2))
    await store.put('3', token(3))
    assert.deepEqual(await sorted(store.list(['1', '3', 'nobody', '1'])), [token(1), token(3)])
    assert.deepEqual(await sorted(store.list(new Set(['2']))), [token(2)])
    assert.equal(await store.count(['1', '3']), 2)
  },

  'undefined clients are everybody and an empty list is nobody': async store => {
    await store.put('1', token(1))
    await store.put('2', token(2))
    assert.deepEqual(await sorted(store.list()), [token(1), token(2)])
    assert.deepEqual(await all(store.list([])), [])
    assert.equal(await store.count([]), 0)
    assert.equal(await store.count(), 2)
  },

  'null is not everybody': async store => {
    await store.put('1', token(1))
    await assert.rejects(async () => all(store.list(/** @type {any} */ (null))), { code: 'BELLPUSH_OPTION_INVALID' })
    await assert.rejects(async () => store.count(/** @type {any} */ ([undefined])), { code: 'BELLPUSH_OPTION_INVALID' })
  },

  'numbers are client ids, the same as their text': async store => {
    await store.put(7, token(1))
    assert.deepEqual(await all(store.list('7')), [token(1)])
    assert.deepEqual(await all(store.list([7n])), [token(1)])
    assert.equal((await all(store.entries(7)))[0].clientId, '7')
  },

  'what cannot be a client id is refused': async store => {
    for (const clientId of ['', 'a\0b', 'half \ud800 a pair', 'x'.repeat(256), 1.5, NaN, true, null, undefined, {}]) {
      await assert.rejects(store.put(/** @type {any} */ (clientId), token(1)), { code: 'BELLPUSH_OPTION_INVALID' })
    }
    assert.equal(await store.count(), 0)
  },

  'a token is stored in lower-case hexadecimal whatever its spelling': async store => {
    await store.put('1', `<${token(1).toUpperCase().replace(/.{8}(?=.)/g, '$& ')}>`)
    assert.deepEqual(await all(store.list()), [token(1)])
  },

  'tokens have 1 to 100 bytes': async store => {
    await store.put('1', 'ab')
    await store.put('1', 'cd'.repeat(100))
    assert.deepEqual(await sorted(store.list()), ['ab', 'cd'.repeat(100)])
  },

  'what is not a token is refused': async store => {
    for (const text of ['', 'abc', 'xy'.repeat(32), 'ab'.repeat(101), `${token(1)}';--`, null, undefined, 12, {}]) {
      await assert.rejects(store.put('1', /** @type {any} */ (text)), { code: 'BELLPUSH_TOKEN_MALFORMED' })
    }
    assert.equal(await store.count(), 0)
  },

  'registering a token again replaces it': async store => {
    await store.put('1', token(1), { at: NOON })
    await store.put('1', token(1).toUpperCase(), { at: NOON + HOUR })
    assert.deepEqual(await all(store.entries()), [{ clientId: '1', token: token(1), registeredAt: NOON + HOUR }])
  },

  'a token moves to the client that registered it last': async store => {
    await store.put('1', token(1))
    await store.put('2', token(1))
    assert.deepEqual(await all(store.list('1')), [])
    assert.deepEqual(await all(store.list('2')), [token(1)])
    assert.deepEqual(await all(store.list(['1', '2'])), [token(1)])
  },

  'a registration is of now unless it says when': async store => {
    const before = Date.now()
    await store.put('1', token(1))
    const [{ registeredAt }] = await all(store.entries())
    assert.ok(registeredAt !== null && registeredAt >= before && registeredAt <= Date.now())
    await store.put('1', token(1), { at: new Date(NOON) })
    assert.equal((await all(store.entries()))[0].registeredAt, NOON)
  },

  'a registration that may be an old one leaves the time of a token that the client has': async store => {
    await store.put('1', token(1), { at: NOON })
    await store.put('1', token(1).toUpperCase(), { at: NOON + HOUR, keepTime: true })
    assert.deepEqual(await all(store.entries()), [{ clientId: '1', token: token(1), registeredAt: NOON }])
  },

  'a registration that may be an old one gives its time to a token that is new or moves': async store => {
    await store.put('1', token(1), { at: NOON })
    await store.putMany([1, 2].map(n => ({ clientId: '2', token: token(n), at: NOON + HOUR, keepTime: true })))
    const entries = (await all(store.entries())).sort((a, b) => a.token < b.token ? -1 : 1)
    assert.deepEqual(entries, [1, 2].map(n => ({ clientId: '2', token: token(n), registeredAt: NOON + HOUR })))
  },

  'a registration that may be an old one gives way to a sure one in the same batch': async store => {
    const sure = { clientId: '1', token: token(1), at: NOON + HOUR }
    const unsure = { ...sure, at: NOON, keepTime: true }
    for (const batch of [[sure, unsure], [unsure, sure]]) {
      await store.put('1', token(1), { at: NOON - HOUR })
      await store.putMany(batch)
      assert.equal((await all(store.entries()))[0].registeredAt, NOON + HOUR)
    }
  },

  'what is no time in milliseconds is refused': async store => {
    await store.put('1', token(1), { at: NOON })
    for (const time of [NaN, -1, Infinity, '2026-01-01', new Date(NaN), null]) {
      const at = /** @type {any} */ (time)
      await assert.rejects(store.put('1', token(2), { at }), { code: 'BELLPUSH_OPTION_INVALID' })
      await assert.rejects(store.remove(token(1), { unlessSince: at }), { code: 'BELLPUSH_OPTION_INVALID' })
    }
    assert.deepEqual(await all(store.list()), [token(1)])
  },

  'whether a time is kept is true or false': async store => {
    const keepTime = /** @type {any} */ ('yes')
    await assert.rejects(store.put('1', token(1), { keepTime }), { code: 'BELLPUSH_OPTION_INVALID' })
    assert.equal(await store.count(), 0)
  },

  'seconds are not taken for milliseconds: they register nothing and remove nothing': async store => {
    const seconds = NOON / 1_000
    await store.put('1', token(1), { at: NOON })
    await assert.rejects(store.put('1', token(2), { at: seconds }), { code: 'BELLPUSH_OPTION_INVALID' })
    assert.equal(await store.remove(token(1), { unlessSince: seconds }), false)
    assert.deepEqual(await all(store.list()), [token(1)])
  },

  'removing says whether the token was there': async store => {
    await store.put('1', token(1))
    await store.put('1', token(2))
    assert.equal(await store.remove(token(1)), true)
    assert.equal(await store.remove(token(1)), false)
    assert.equal(await store.remove('not a token'), false)
    assert.deepEqual(await all(store.list()), [token(2)])
  },

  'a token is removed by any spelling of it': async store => {
    const grouped = token(1).replace(/.{8}(?=.)/g, '$& ')
    for (const spelling of [token(1).toUpperCase(), grouped, `<${grouped}>`]) {
      await store.put('1', token(1))
      assert.equal(await store.remove(spelling), true)
      assert.equal(await store.count(), 0)
    }
  },

  'a removal takes a token that was registered before the time': async store => {
    await store.put('1', token(1), { at: NOON - 1 })
    await store.put('1', token(2), { at: NOON })
    assert.equal(await store.remove(token(1), { unlessSince: NOON }), true)
    assert.equal(await store.remove(token(2), { unlessSince: new Date(NOON) }), true)
    assert.equal(await store.count(), 0)
  },

  'a removal never takes a token that was registered after the time': async store => {
    await store.put('1', token(1), { at: NOON + 1 })
    assert.equal(await store.remove(token(1), { unlessSince: NOON }), false)
    assert.deepEqual(await all(store.list()), [token(1)])
  },

  'a token that was registered again is not taken for its first death': async store => {
    await store.put('1', token(1), { at: NOON - HOUR })
    await store.put('1', token(1), { at: NOON + HOUR })
    assert.equal(await store.remove(token(1), { unlessSince: NOON }), false)
    assert.deepEqual(await all(store.list()), [token(1)])
  },

  'many removals at once tell which tokens went, as they were spelled': async store => {
    await store.put('1', token(1), { at: NOON - 1 })
    await store.put('1', token(2), { at: NOON + 1 })
    await store.put('1', token(3), { at: NOON + 1 })
    const upper = token(1).toUpperCase()
    const removed = await store.removeMany([
      { token: upper, unlessSince: NOON },
      { token: token(2), unlessSince: NOON },
      { token: token(3) },
      { token: token(4), unlessSince: NOON }
    ])
    assert.deepEqual(removed.sort(), [token(3), upper].sort())
    assert.deepEqual(await all(store.list()), [token(2)])
    assert.deepEqual(await store.removeMany([]), [])
  },

  'of two removals of a token the later counts, in either order': async store => {
    const early = { token: token(1), unlessSince: NOON - HOUR }
    const late = { token: token(1).toUpperCase(), unlessSince: NOON + HOUR }
    for (const removals of [[early, late], [late, early]]) {
      await store.put('1', token(1), { at: NOON })
      assert.notDeepEqual(await store.removeMany(removals), [])
      assert.equal(await store.count(), 0)
    }
  },

  'one bad removal in a batch and nothing is removed': async store => {
    await store.put('1', token(1))
    const bad = /** @type {any} */ ({ token: token(2), unlessSince: 'yesterday' })
    await assert.rejects(store.removeMany([{ token: token(1) }, bad]), { code: 'BELLPUSH_OPTION_INVALID' })
    assert.deepEqual(await all(store.list()), [token(1)])
  },

  'removing a client takes its tokens and nobody else\'s': async store => {
    await store.putMany([1, 2, 3].map(n => ({ clientId: n === 3 ? '2' : '1', token: token(n) })))
    assert.equal(await store.removeClient('1'), 2)
    assert.equal(await store.removeClient('1'), 0)
    assert.deepEqual(await all(store.list()), [token(3)])
  },

  'many registrations at once, from a list or a stream': async store => {
    const registrations = Array.from({ length: 2_500 }, (_, n) => ({ clientId: n % 10, token: token(n) }))
    assert.equal(await store.putMany(registrations), 2_500)
    assert.equal(await store.count(), 2_500)
    assert.equal(await store.count(['3', '4']), 500)
    assert.equal(await store.putMany(async function * () { yield * registrations }()), 2_500)
    assert.equal(new Set(await all(store.list())).size, 2_500)
    assert.equal(await store.count(), 2_500)
  },

  'of a token that comes twice in one batch the last registration counts': async store => {
    await store.putMany([
      { clientId: '1', token: token(1), at: NOON },
      { clientId: '2', token: token(1).toUpperCase(), at: NOON + HOUR }
    ])
    assert.deepEqual(await all(store.entries()), [{ clientId: '2', token: token(1), registeredAt: NOON + HOUR }])
  },

  'a bad token in a batch is an error': async store => {
    const batch = [{ clientId: '1', token: token(1) }, { clientId: '1', token: 'abc' }]
    await assert.rejects(store.putMany(batch), { code: 'BELLPUSH_TOKEN_MALFORMED' })
  },

  'thousands of clients in one listing, each token once': async store => {
    const ids = Array.from({ length: 5_000 }, (_, n) => `client ${n}`)
    await store.putMany(ids.map((clientId, n) => ({ clientId, token: token(n) })))
    const listed = await all(store.list(ids))
    assert.equal(listed.length, 5_000)
    assert.equal(new Set(listed).size, 5_000)
    assert.equal(await store.count(ids), 5_000)
  },

  'entries tell client and time of every token': async store => {
    await store.put('1', token(1), { at: NOON })
    await store.put('2', token(2), { at: NOON + HOUR })
    assert.deepEqual(await all(store.entries('2')), [{ clientId: '2', token: token(2), registeredAt: NOON + HOUR }])
    assert.equal((await all(store.entries())).length, 2)
  },

  'tokens may be removed and put back while they are listed': async store => {
    await store.putMany(Array.from({ length: 2_500 }, (_, n) => ({ clientId: '1', token: token(n) })))
    const listed = []
    for await (const text of store.list()) {
      listed.push(text)
      if (listed.length % 100 === 0) await store.remove(text)
      if (listed.length % 500 === 0) await store.put('2', text)
    }
    assert.equal(new Set(listed).size, listed.length)
    assert.equal(listed.length, 2_500)
    assert.equal(await store.count(), 2_500 - 20)
  },

  'a listing that is left early holds nothing up': async store => {
    await store.putMany(Array.from({ length: 2_500 }, (_, n) => ({ clientId: '1', token: token(n) })))
    let listed = 0
    for await (const text of store.list()) {
      assert.equal(text.length, 64)
      if (++listed === 10) break
    }
    await store.put('1', token(3_000))
    assert.equal(await store.count(), 2_501)
  },

  'what looks like SQL is a value like any other': async store => {
    const hostile = ["' OR '1'='1", '1; DROP TABLE device_tokens', '") --', '%', '_', '\\', '?', '$1', ':a', '1 OR 1=1']
    await store.put('honest', token(0))
    for (const [n, clientId] of hostile.entries()) await store.put(clientId, token(n + 1))
    for (const [n, clientId] of hostile.entries()) assert.deepEqual(await all(store.list(clientId)), [token(n + 1)])
    for (const text of hostile) assert.equal(await store.remove(text), false)
    for (const clientId of hostile) assert.equal(await store.removeClient(clientId), 1)
    assert.deepEqual(await all(store.list()), [token(0)])
  },

  'registrations at the same time are all kept': async store => {
    await Promise.all(Array.from({ length: 50 }, (_, n) => store.put(String(n), token(n))))
    await Promise.all(Array.from({ length: 50 }, (_, n) => store.put(String(n), token(1_000))))
    assert.equal(await store.count(), 51)
  },

  'a closed store takes no more work, and closing twice is harmless': async store => {
    await store.close()
    await store.close()
    await assert.rejects(store.put('1', token(1)), { code: 'BELLPUSH_CLOSED' })
    await assert.rejects(async () => all(store.list()), { code: 'BELLPUSH_CLOSED' })
    await assert.rejects(store.remove(token(1)), { code: 'BELLPUSH_CLOSED' })
    await assert.rejects(store.count(), { code: 'BELLPUSH_CLOSED' })
  },

  'a store can be disposed of': async store => {
    await store[Symbol.asyncDispose]()
    await assert.rejects(store.count(), { code: 'BELLPUSH_CLOSED' })
  }
}
