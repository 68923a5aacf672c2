/**
 * The window of a push's tokens: each slot has its token back, letter by letter, however it is kept.
 */
import assert from 'node:assert/strict'
import { randomBytes, randomInt } from 'node:crypto'
import { test } from 'node:test'
import { TokenWindow } from '../js/window.js'

/** @param {number} count @param {number} [length] */
const tokens = (count, length = 64) => Array.from({ length: count }, () => {
  const text = randomBytes(length >> 1).toString('hex').padEnd(length, ' ')
  return text.codePointAt(0) === 0x61 ? text.toUpperCase() : text
})

/**
 * @param {TokenWindow} window
 * @param {string[]} all
 * @param {number} [from]
 */
function checkAll (window, all, from = 0) {
  assert.equal(window.next, all.length)
  for (let slot = from; slot < all.length; slot++) assert.equal(window.tokenOf(slot), all[slot])
}

for (const packs of [false, true]) {
  test(`random chunks come and go, packed: ${packs}`, () => {
    const window = new TokenWindow({ packs })
    /** @type {string[]} */
    const all = []
    let forgotten = 0
    for (let round = 0; round < 200; round++) {
      const chunk = tokens(randomInt(1_100), [1, 2, 64, 64, 64, 64, 200][randomInt(7)])
      if (randomInt(10) === 0 && chunk.length > 0) {
        chunk[randomInt(chunk.length)] = ['', '…'.repeat(64), 'ÿ'.repeat(64), '\ud800'.repeat(64), 'ab'][randomInt(5)]
      }
      window.add(chunk)
      all.push(...chunk)
      assert.equal(window.next, all.length)
      if (randomInt(3) === 0) {
        forgotten += randomInt(Math.min(all.length - forgotten, 5_000) + 1)
        window.forgetBelow(forgotten)
      }
      for (let n = 0; n < 20 && forgotten < all.length; n++) {
        const slot = randomInt(forgotten, all.length)
        assert.equal(window.tokenOf(slot), all[slot])
        assert.equal(window.find(slot), all[slot])
      }
    }
    checkAll(window, all, forgotten)
    window.forgetBelow(all.length)
    assert.equal(window.find(all.length - 1), undefined)
  })
}

test('memory of forgotten tokens is used again, and that of others is left alone', () => {
  const window = new TokenWindow({ packs: true })
  /** @type {string[]} */
  const all = []
  for (let round = 0; round < 100; round++) {
    const chunk = tokens(300, round % 7 === 0 ? 40 : 64)
    window.add(chunk)
    all.push(...chunk)
    const from = Math.max(0, all.length - 900)
    window.forgetBelow(from)
    checkAll(window, all, from)
  }
})

test('the memory of so many tokens is that of the window, and not of all that have passed through it', () => {
  const window = new TokenWindow({ packs: true })
  const chunk = tokens(1024)
  const before = process.memoryUsage().arrayBuffers
  for (let round = 0; round < 2_000; round++) {
    window.add(chunk)
    window.forgetBelow(window.next - 4 * chunk.length)
  }
  const grown = process.memoryUsage().arrayBuffers - before
  assert.ok(grown < 10 * chunk.length * 64, `${grown} bytes`)
})

test('tokens that are packed are kept without their texts', () => {
  const window = new TokenWindow({ packs: true })
  const chunk = tokens(1024)
  window.add(chunk)
  chunk.fill('changed by nobody but this test')
  assert.notEqual(window.tokenOf(5), chunk[5])
})
