/** Certificates that several tests share. All belong to one authority. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority } from '../../js/simulator/certificates.js'
import { keys } from './kept.js'

const day = 86_400_000

export const [authority, stranger] = await Promise.all([
  createAuthority({ keyPem: keys[0] }), createAuthority({ commonName: 'Somebody else', keyPem: keys[1] })
])

export const [server, client, other, unknown] = await Promise.all([
  authority.issue({ commonName: 'gateway', hosts: ['127.0.0.1', 'localhost'], keyPem: keys[2] }),
  authority.issue({
    commonName: 'Apple Push Services: com.example.doorbell', uid: 'com.example.doorbell', keyPem: keys[3]
  }),
  authority.issue({ commonName: 'other', keyPem: keys[4] }),
  stranger.issue({ commonName: 'unknown', keyPem: keys[5] })
])

export const past = { notBefore: new Date('2015-03-01T00:00:00Z'), notAfter: new Date('2016-03-30T00:00:00Z') }
export const future = { notBefore: new Date(Date.now() + 10 * day), notAfter: new Date(Date.now() + 20 * day) }

/**
 * Writes files into a folder that is gone after the test.
 * @param {import('node:test').TestContext} t
 * @param {Record<string, string | Uint8Array>} files
 * @returns {Promise<string>} the folder
 */
export async function folder (t, files = {}) {
  const path = await mkdtemp(join(tmpdir(), 'bellpush-'))
  t.after(() => rm(path, { recursive: true }))
  for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content)
  return path
}
