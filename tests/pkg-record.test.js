/**
 * `pkg/` is committed, so something must tell when it is not what its sources give. Here: that the check notices.
 */
import assert from 'node:assert/strict'
import { appendFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { root } from '../scripts/lib/files.js'
import { differences, readRecord, recordName } from '../scripts/lib/record.js'

/** @type {string} a copy of `pkg/` */
let folder

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellpush-pkg-'))
  cpSync(join(root, 'pkg'), folder, { recursive: true })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** @param {(record: import('../scripts/lib/record.js').BuildRecord) => void} change */
function changeRecord (change) {
  const record = readRecord(folder)
  assert.ok(record)
  change(record)
  writeFileSync(join(folder, recordName), JSON.stringify(record))
}

test('pkg/ was built from the sources it stands beside', () => {
  assert.deepEqual(differences(folder), [])
})

test('a source that is no longer what was built is named', () => {
  changeRecord(({ sources }) => { sources['src/lib.rs'] = 'something else' })
  assert.deepEqual(differences(folder), ['src/lib.rs has changed'])
})

test('a source that came or went is named', () => {
  changeRecord(({ sources }) => {
    delete sources['src/lib.rs']
    sources['src/gone.rs'] = 'was here'
  })
  assert.deepEqual(differences(folder), ['src/gone.rs is gone', 'src/lib.rs is new'])
})

test('an artefact changed by hand is named', () => {
  appendFileSync(join(folder, 'push.js'), '// quick fix')
  assert.deepEqual(differences(folder), ['pkg/push.js has changed'])
})

test('a tool of another version than the lock file names is named', () => {
  changeRecord(({ tools }) => { tools['wasm-bindgen'] = '0.0.1' })
  assert.match(differences(folder).join(), /^wasm-bindgen 0\.0\.1 built it, the lock file names \d/)
})

test('flags other than those of the recipe are told', () => {
  changeRecord(({ flags }) => { flags['wasm-opt'] = ['-O0'] })
  assert.deepEqual(differences(folder), ['scripts/lib/recipe.js names other flags now'])
})

test('a missing record is told', () => {
  rmSync(join(folder, recordName))
  assert.equal(differences(folder).length, 1)
})
