/**
 * A simulator in the test's own process, whose events and counts the test can wait for, and what the command needs to
 * connect to it.
 */

import { Simulator } from '../../js/simulator/index.js'
import { folder } from './certificates.js'
import { simulatorDir } from './kept.js'

/**
 * @param {import('node:test').TestContext} t
 * @param {import('../../js/simulator/simulator.js').SimulatorOptions} [options]
 */
export async function localGateway (t, options) {
  const simulator = await Simulator.start({ dir: simulatorDir, ...options })
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
