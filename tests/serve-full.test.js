/** A journal on a disk that is full: clear answers, and what was accepted goes on when there is room again. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { rmSync, statfsSync, writeFileSync } from 'node:fs'
import { mkdtemp, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { token, tokens } from './helpers/ring.js'
import { ended, sidecar } from './helpers/sidecar.js'

const skip = process.getuid?.() !== 0 && 'only root may mount a small disk'

test('a full disk refuses new jobs in words, and those that were accepted lose nothing', { skip }, async t => {
  const disk = await mkdtemp(join(tmpdir(), 'bellpush-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', disk])
  t.after(async () => {
    execFileSync('umount', ['--lazy', disk])
    await rmdir(disk)
  })
  const { push, call, simulator } = await sidecar(t, { database: `sqlite:${join(disk, 'doorbell.db')}` })
  const { body: { id } } = await push({ tokens: tokens(20_000) })
  const { bavail, bsize } = statfsSync(disk)
  writeFileSync(join(disk, 'else'), Buffer.alloc(bavail * bsize))
  let refused
  // Some more fit into what the database has already.
  for (let n = 1; refused === undefined && n < 20; n++) {
    const answer = await push({ tokens: Array.from({ length: 30_000 }, (_, i) => token(n * 1_000_000 + i)) })
    if (answer.status !== 202) refused = answer
  }
  assert.deepEqual([refused?.status, refused?.body.code], [503, 'BELLPUSH_STORE_FAILED'])
  assert.match(refused?.body.detail, /the disk is full/)
  rmSync(join(disk, 'else'))
  const job = await ended(call, id)
  assert.deepEqual([job.state, job.counts.accepted], ['finished', 20_000])
  assert.equal(simulator.counts().duplicates, 0)
})
