/** Audiences that fail, are stopped, or hold what is no token: all that was read of them has its outcome. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readAudience } from '../js/audience.js'
import { Client } from '../js/client.js'
import { Listing } from '../js/stores/listing.js'
import { closedPort } from './helpers/servers.js'
import { dingDong, doorbell, ring, token, tokens } from './helpers/ring.js'

/**
 * The report of a push that fails, and its error.
 * @param {Promise<unknown>} sent
 * @returns {Promise<any>}
 */
const failure = sent => sent.then(() => assert.fail('it was all right'), error => error)

/** A source as most are written, which fails behind its last token. @param {number} count @param {unknown} cause */
function * failing (count, cause) {
  yield * tokens(count)
  throw cause
}

/** @param {Iterable<string>} tokens */
async function * later (tokens) { yield * tokens }

describe('a source that fails', () => {
  for (const [kind, of] of /** @type {const} */ ([['iterable', failing], [
    'async iterable', (/** @type {number} */ count, /** @type {unknown} */ cause) => later(failing(count, cause))
  ]])) {
    test(`an ${kind}: what it gave before goes out`, async t => {
      const { simulator, client } = await doorbell(t)
      const error = await failure(client.send(dingDong, of(1_500, new Error('no more paper'))))
      assert.deepEqual([error.code, error.report.accepted, error.report.total, error.report.complete],
        ['BELLPUSH_AUDIENCE_FAILED', 1_500, 1_500, false])
      assert.match(error.message, /no more paper/)
      assert.equal(simulator.counts().accepted, 1_500)
    })

    for (const cause of [undefined, null]) {
      test(`an ${kind} that throws ${cause} has failed as well`, async t => {
        const { client } = await doorbell(t)
        const error = await failure(client.send(dingDong, of(2, cause)))
        assert.deepEqual([error.code, error.report.accepted], ['BELLPUSH_AUDIENCE_FAILED', 2])
      })
    }
  }

  test('bytes whose memory was given away are no token, and lose no others', async t => {
    const bell = await doorbell(t)
    const gone = new Uint8Array(32)
    structuredClone(gone, { transfer: [gone.buffer] })
    const { counts } = await bell.client.send(dingDong, [token(1), gone, token(2)])
    assert.deepEqual([counts.accepted, counts.rejected], [2, 1])
  })
})

test('a hole in an array is no token, and loses no others', async t => {
  const { client } = await doorbell(t)
  const audience = tokens(3_000)
  delete audience[2_500]
  const { counts } = await client.send(dingDong, audience)
  assert.deepEqual([counts.accepted, counts.rejected], [2_999, 1])
})

test('an async iterator whose results are no promises is read to its end, as `for await` does', async t => {
  const { client } = await doorbell(t)
  const all = tokens(3_000)
  const audience = { [Symbol.asyncIterator]: () => all[Symbol.iterator]() }
  assert.equal((await client.send(dingDong, /** @type {any} */ (audience))).accepted, 3_000)
})

describe('a push that is stopped', () => {
  for (const [kind, of] of /** @type {const} */ ([
    ['iterable', (/** @type {Iterable<string>} */ tokens) => tokens], ['async iterable', later]
  ])) {
    test(`of an ${kind} that was read further than there was room, all is not sent`, async t => {
      const { simulator, client } = await doorbell(t, {}, { maxInFlight: 100 })
      const controller = new AbortController()
      let read = 0
      function * source () {
        for (const each of tokens(1_024)) {
          read++
          yield each
        }
      }
      simulator.once('accepted', () => controller.abort())
      const { report } = await failure(client.send(dingDong, of(source()), { signal: controller.signal }))
      assert.equal(report.total, read)
      assert.equal(report.accepted + report.counts.notSent + report.counts.inDoubt, read)
      assert.ok(report.counts.notSent > 900)
    })
  }
})

test('several tokens for one id are named, though their source hangs', async t => {
  const { client } = await doorbell(t)
  const { simulator } = await doorbell(t)
  const { ca, cert, key } = simulator.credentials
  const http2 = new Client({ gateway: simulator.http2, auth: { cert, key }, ca, topic: 'com.example.doorbell' })
  t.after(() => http2.destroy())
  async function * hanging () {
    yield token(1)
    yield token(2)
    await new Promise(() => {})
  }
  const id = '123e4567-e89b-12d3-a456-426614174000'
  await assert.rejects(http2.send(dingDong, hanging(), { id }), { code: 'BELLPUSH_OPTION_INVALID' })
  assert.equal(simulator.counts().accepted, 0)
  assert.equal((await client.send(dingDong, token(1))).accepted, 1)
})

test('a source that cannot be closed does not hide why the push was stopped', async t => {
  const { client } = await doorbell(t, { dead: tokens(2_000) })
  const audience = {
    [Symbol.asyncIterator]: () => {
      const all = tokens(2_000).values()
      return { next: async () => all.next(), return: async () => { throw new Error('closed already') } }
    }
  }
  const error = await failure(client.send(dingDong, /** @type {any} */ (audience)))
  assert.equal(error.code, 'BELLPUSH_MOSTLY_INVALID')
})

describe('a listing, which comes page by page', () => {
  /** @param {string[][]} pages @param {unknown} [cause] */
  const listing = (pages, cause) => new Listing(async function * () {
    yield * pages
    if (cause) throw cause
  })

  test('is pushed whole, empty pages and all', async t => {
    const { simulator, client } = await doorbell(t)
    const all = tokens(2_500)
    const pages = [[], all.slice(0, 1_000), [], all.slice(1_000, 2_000), all.slice(2_000), []]
    const report = await client.send(dingDong, listing(pages))
    assert.deepEqual([report.accepted, report.complete, simulator.counts().accepted], [2_500, true, 2_500])
    const single = []
    for await (const each of listing(pages)) single.push(each)
    assert.deepEqual(single, all, 'to everybody else it is an async iterable of tokens')
  })

  test('that fails: the pages before go out', async t => {
    const { client } = await doorbell(t)
    const error = await failure(client.send(dingDong, listing([tokens(1_000)], new Error('no more paper'))))
    const { accepted, complete } = error.report
    assert.deepEqual([error.code, accepted, complete], ['BELLPUSH_AUDIENCE_FAILED', 1_000, false])
  })

  test('is read one page ahead, and is closed when nobody wants more', async () => {
    let read = 0
    let isClosed = false
    const { chunks } = readAudience(new Listing(async function * () {
      try {
        for (;;) yield [token(read++)]
      } finally {
        isClosed = true
      }
    }), undefined)
    for (const wanted of [1, 2, 3]) {
      assert.equal((await chunks.next()).value?.length, 1)
      await new Promise(setImmediate)
      assert.equal(read, wanted + 1)
    }
    await chunks.return()
    assert.equal(isClosed, true)
  })

  test('may fail ahead of one that nobody takes any more', async () => {
    const { chunks } = readAudience(listing([tokens(5)], new Error('no more paper')), undefined)
    await chunks.next()
    await new Promise(setImmediate)
    await chunks.return()
  })

  test('that hangs holds up no abort', async t => {
    const { simulator, client } = await doorbell(t)
    const controller = new AbortController()
    simulator.once('accepted', () => controller.abort())
    const hanging = new Listing(async function * () {
      yield tokens(10)
      await new Promise(() => {})
    })
    const { name, report } = await failure(client.send(dingDong, hanging, { signal: controller.signal }))
    assert.deepEqual([name, report.total, report.complete], ['AbortError', 10, false])
  })
})

describe('what is no token', () => {
  for (const [kind, of] of /** @type {const} */ ([
    ['array', (/** @type {string[]} */ tokens) => tokens],
    ['iterable', (/** @type {string[]} */ tokens) => tokens.values()],
    ['async iterable', later]
  ])) {
    test(`texts without end in an ${kind} cost neither the core nor other tokens`, async t => {
      const bell = await doorbell(t)
      const endless = 'a'.repeat(5_000_000)
      const audience = [...Array(1_023).fill(endless), token(1)]
      const report = await bell.client.send(dingDong, of(audience))
      assert.deepEqual([report.accepted, report.counts.rejected], [1, 1_023])
      assert.equal(report.rejected[0].token, endless, 'named as it was given')
      assert.deepEqual((await ring(bell, [token(2)])).report.accepted, 1)
    })
  }

  test('what stands around one token is read alike whatever stands beside it', async t => {
    const { client } = await doorbell(t)
    const marked = `\uFEFF${token(1)}`
    const alone = await client.send(dingDong, [marked, 'x'])
    const beside = await client.send(dingDong, [marked, 'x\n'])
    assert.deepEqual([alone.counts.rejected, beside.counts.rejected], [2, 2])
  })
})

test('where no connection can be made, tokens expire when their time is past', async t => {
  const { simulator } = await doorbell(t)
  const { ca, cert, key } = simulator.credentials
  const client = new Client({
    gateway: `apns://127.0.0.1:${await closedPort(t)}`, auth: { cert, key }, ca,
    connectTries: 1_000, retryDelay: { first: 600_000, longest: 600_000 }
  })
  t.after(() => client.destroy())
  const report = await client.send(dingDong, tokens(5), { expiration: Math.floor(Date.now() / 1000) + 1 })
  assert.equal(report.counts.expired, 5)
})
