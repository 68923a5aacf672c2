/**
 * A simulator in the test's own process, whose events and counts the test can wait for, and what the command needs to
 * connect to it. Its certificates are made once for all tests of a file.
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { Simulator } from '../../js/simulator/index.js'
import { folder } from './certificates.js'

const dir = await mkdtemp(join(tmpdir(), 'bellpush-'))
after(() => rm(dir, { recursive: true }))

/**
 * @param {import('node:test').TestContext} t
 * @param {import('../../js/simulator/simulator.js').SimulatorOptions} [options]
 */
export async function localGateway (t, options) {
  const simulator = await Simulator.start({ dir, ...options })
  t.after(() => simulator.stop())
  const { ca, cert, key } = /** @type {{ ca: string, cert: string, key: string }} */ (simulator.credentials.paths)
  return {
    simulator,
    /** A folder of the test's own. */
    cwd: await folder(t),
    paths: { ca, cert, key },
    certificate: ['--ca', ca, '--cert', cert, '--key', key]
  }
}
