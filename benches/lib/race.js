/**
 * Clients that push the same to the same gateway, taking turns.
 */
import { Contender } from './contender.js'
import { makeCertificates } from './certificates.js'
import { Gateway } from './native.js'
import { installApn } from './peers.js'

/**
 * @typedef {object} Round
 * @property {number} seconds from the call until the gateway had accepted the last, and the client knew if it ever does
 * @property {import('./native.js').Counts} counts the gateway's
 * @property {any} said what the client says of it
 */

/**
 * @typedef {object} Runner
 * @property {string} contender the name of a module in contenders/
 * @property {number} rounds
 * @property {number} [warmUp] rounds that do not count
 * @property {object} [options] of the client
 */

/**
 * @param {object} race
 * @param {number} race.count tokens
 * @param {number} [race.deadEvery] one of so many is dead
 * @param {Record<string, Runner>} race.runners
 * @param {(port: number) => Promise<{ port: number, stop: () => Promise<void> }>} [race.via] what stands in between
 * @returns {Promise<Record<string, Round[]>>}
 */
export async function race ({ count, deadEvery = 0, runners, via }) {
  const certificates = await makeCertificates()
  const gateway = await Gateway.start(certificates.files)
  const between = await via?.(gateway.port)
  const port = between?.port ?? gateway.port
  /** @type {Record<string, Round[]>} */
  const rounds = Object.fromEntries(Object.keys(runners).map(name => [name, []]))
  /** @type {Record<string, Contender>} */
  const contenders = {}
  try {
    for (const [name, { contender, options }] of Object.entries(runners)) {
      const path = contender === 'apn' ? installApn() : undefined
      contenders[name] = await Contender.start(contender,
        { port, credentials: certificates.client, count, options, path }, { silent: contender === 'apn' })
    }
    const alive = count - (deadEvery > 0 ? Math.floor((count + deadEvery - 1 - (deadEvery >> 1)) / deadEvery) : 0)
    const most = Math.max(...Object.values(runners).map(({ rounds, warmUp = 0 }) => rounds + warmUp))
    for (let turn = 0; turn < most; turn++) {
      for (const [name, { rounds: wanted, warmUp = 0 }] of Object.entries(runners)) {
        if (turn >= wanted + warmUp) continue
        gateway.reset(deadEvery)
        const start = performance.now()
        const said = await contenders[name].run()
        const knew = performance.now()
        const { counts, at } = await gateway.until(alive)
        // A client that never comes to its gateway is not slow: it was not measured at all.
        if (counts.distinct === 0) throw new Error(`${name}: the gateway accepted nothing of it`)
        const end = said.knows ? knew : at
        if (turn >= warmUp) rounds[name].push({ seconds: (end - start) / 1000, counts, said })
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
