/** `npm pack` in a checkout without the packages for development: what to do is said, in a line. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from '../scripts/lib/files.js'

test('without TypeScript it says what is missing and how to get it', t => {
  const folder = mkdtempSync(join(tmpdir(), 'bellpush-prepack-'))
  t.after(() => rmSync(folder, { recursive: true }))
  for (const path of ['scripts', 'pkg', 'src', 'Cargo.toml', 'Cargo.lock', 'package.json', 'package-lock.json']) {
    cpSync(join(root, path), join(folder, path), { recursive: true })
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/prepack.js'],
    { cwd: folder, encoding: 'utf8' })
  assert.equal(status, 1)
  assert.equal(stderr, 'typescript is missing: run npm ci first\n', stdout)
})
