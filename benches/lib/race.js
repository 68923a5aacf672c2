/**
 * Clients that push the same to the same gateway, taking turns.
 */
import { say } from '../../scripts/lib/run.js'
import { Contender } from './contender.js'
import { makeCertificates } from './certificates.js'
import { Gateway } from './native.js'
import { pathOfPeer } from './peers.js'

/** A round that takes longer does not end, milliseconds. */
const LONGEST_ROUND = 300_000

/**
 * @typedef {object} Round
 * @property {number} seconds from the call until the gateway had accepted the last, and the client knew if it ever
 *   does; of a client that is a program of its own, what it says
 * @property {import('./native.js').Counts} counts the gateway's
 * @property {number | undefined} gatewayCpu microseconds of the processor's time that the gateway took, roughly
 * @property {any} said what the client says of it
 */

/**
 * @typedef {object} Runner
 * @property {string} contender the name of a module in contenders/
 * @property {number} rounds
 * @property {number} [warmUp] rounds that do not count
 * @property {number} [count] tokens, where it is slow and gets fewer than the others
 * @property {object} [options] of the client
 * @property {boolean} [silent] one of the peers: what it says on its standard error is not shown, and a round that it
 *   does not end is begun once more, by a new process
 */

/**
 * @param {object} race
 * @param {number} race.count tokens
 * @param {number} [race.deadEvery] one of so many is dead
 * @param {import('./native.js').Http2Limits} [race.http2] that is spoken, and not the binary protocol
 * @param {Record<string, Runner>} race.runners
 * @param {(port: number) => Promise<{ port: number, stop: () => Promise<void> }>} [race.via] what stands in between
 * @returns {Promise<Record<string, Round[]>>}
 */
export async function race ({ count, deadEvery = 0, http2, runners, via }) {
  const certificates = await makeCertificates()
  const gateway = await Gateway.start(certificates.files, http2)
  const between = await via?.(gateway.port)
  const port = between?.port ?? gateway.port
  /** @type {Record<string, Round[]>} */
  const rounds = Object.fromEntries(Object.keys(runners).map(name => [name, []]))
  /** @type {Record<string, Contender>} */
  const contenders = {}
  const begin = async (/** @type {string} */ name) => {
    const { contender, options, silent, count: own = count } = runners[name]
    const { client: credentials, folder, files, clientFiles } = certificates
    const address = `${http2 ? 'https' : 'apns'}://127.0.0.1:${port}`
    const path = pathOfPeer(contender)
    const setup = { port, gateway: address, credentials, folder, ca: files.ca, clientFiles, count: own, options, path }
    contenders[name] = await Contender.start(contender, setup, { silent })
  }
  const run = async (/** @type {string} */ name) => {
    gateway.reset(deadEvery)
    const cpuBefore = gateway.cpu
    const start = performance.now()
    const said = await contenders[name].run({}, { timeout: LONGEST_ROUND })
    return { cpuBefore, start, said, knew: performance.now() }
  }
  const again = async (/** @type {string} */ name, /** @type {Error} */ error) => {
    if (!runners[name].silent) throw error
    say(`${name}: ${error.message}; once more`)
    contenders[name].stop()
    await begin(name)
    return run(name)
  }
  try {
    for (const name of Object.keys(runners)) await begin(name)
    const alive = (/** @type {number} */ of) =>
      of - (deadEvery > 0 ? Math.floor((of + deadEvery - 1 - (deadEvery >> 1)) / deadEvery) : 0)
    const most = Math.max(...Object.values(runners).map(({ rounds, warmUp = 0 }) => rounds + warmUp))
    for (let turn = 0; turn < most; turn++) {
      for (const [name, { rounds: wanted, warmUp = 0, count: own = count }] of Object.entries(runners)) {
        if (turn >= wanted + warmUp) continue
        const { cpuBefore, start, said, knew } = await run(name).catch(error => again(name, error))
        const { counts, at } = await gateway.until(alive(own))
        // A client that never comes to its gateway is not slow: it was not measured at all.
        if (counts.distinct === 0) throw new Error(`${name}: the gateway accepted nothing of it`)
        const seconds = said.seconds ?? ((said.knows ? knew : at) - start) / 1000
        const gatewayCpu = cpuBefore === undefined ? undefined : /** @type {number} */ (gateway.cpu) - cpuBefore
        if (turn >= warmUp) rounds[name].push({ seconds, counts, gatewayCpu, said })
      }
    }
  } finally {
    for (const contender of Object.values(contenders)) contender.stop()
    await between?.stop()
    await gateway.stop()
    await certificates.remove()
  }
  return rounds
}
