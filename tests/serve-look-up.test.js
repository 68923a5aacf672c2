/** Look-ups of many small pushes at once: one statement for all, and everybody gets his own. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LookUp } from '../js/serve/look-up.js'
import { openTokenStore } from '../js/stores/index.js'
import { token } from './helpers/ring.js'

/**
 * A store in memory, and what it was asked for.
 * @param {Record<string, string[]>} clients
 */
async function counting (clients) {
  const store = await openTokenStore('memory:')
  for (const [clientId, tokens] of Object.entries(clients)) {
    await store.putMany(tokens.map(token => ({ clientId, token })))
  }
  /** @type {string[][]} */
  const asked = []
  /** @type {Error | undefined} */
  let failure
  return {
    asked,
    /** @param {Error | undefined} error */
    fail: error => { failure = error },
    lookUp: new LookUp({
      entries (/** @type {any} */ clientIds) {
        asked.push(clientIds)
        if (failure) throw failure
        return store.entries(clientIds)
      }
    })
  }
}

/**
 * @param {LookUp} lookUp
 * @param {string[]} clientIds
 */
async function tokensOf (lookUp, clientIds) {
  const tokens = []
  for await (const entry of await lookUp.entriesOf(clientIds)) tokens.push(entry.token)
  return tokens
}

test('pushes that come together share a statement, and each gets the tokens of its own clients', async () => {
  const { lookUp, asked } = await counting({ alice: [token(1), token(2)], bob: [token(3)] })
  const found = await Promise.all([['alice'], ['bob', 'alice'], ['nobody'], ['alice', 'alice']]
    .map(ids => tokensOf(lookUp, ids)))
  assert.deepEqual(found.map(tokens => tokens.sort()),
    [[token(1), token(2)], [token(1), token(2), token(3)], [], [token(1), token(2)]])
  assert.deepEqual(asked, [['alice', 'bob', 'nobody']])
})

test('who asks later is told what is there then', async () => {
  const { lookUp, asked } = await counting({ alice: [token(1)] })
  assert.deepEqual(await tokensOf(lookUp, ['alice']), [token(1)])
  assert.deepEqual(await tokensOf(lookUp, ['alice']), [token(1)])
  assert.equal(asked.length, 2)
})

test('a client with thousands of tokens holds up nobody: each goes on by itself', async () => {
  const crowd = Array.from({ length: 2000 }, (_, i) => token(i + 10))
  const { lookUp, asked } = await counting({ crowd, bob: [token(1)] })
  const [all, bobs] = await Promise.all([tokensOf(lookUp, ['crowd']), tokensOf(lookUp, ['bob'])])
  assert.equal(new Set(all).size, 2000)
  assert.deepEqual(bobs, [token(1)])
  assert.deepEqual(asked, [['crowd', 'bob'], ['crowd'], ['bob']])
})

test('a rush of more clients than a statement takes is divided, and a long list goes by itself', async () => {
  const clients = Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`c${i}`, [token(i)]]))
  const { lookUp, asked } = await counting(clients)
  const ids = Object.keys(clients)
  const [whole, ...single] = await Promise.all([tokensOf(lookUp, ids), ...ids.map(id => tokensOf(lookUp, [id]))])
  assert.equal(whole.length, 600)
  assert.deepEqual(single, ids.map((_, i) => [token(i)]))
  assert.deepEqual(asked.map(({ length }) => length), [600, 256, 256, 88])
})

test('an error is told to all who shared, and the next ones are looked up again', async () => {
  const { lookUp, fail } = await counting({ alice: [token(1)] })
  fail(new Error('away'))
  const results = await Promise.allSettled([tokensOf(lookUp, ['alice']), tokensOf(lookUp, ['bob'])])
  assert.deepEqual(results.map(({ status }) => status), ['rejected', 'rejected'])
  fail(undefined)
  assert.deepEqual(await tokensOf(lookUp, ['alice']), [token(1)])
})
