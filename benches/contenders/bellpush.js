/**
 * This package's client, one for all rounds as a backend has one for all rings: a round is one `send`.
 */
import { Client } from '../../js/index.js'
import { makeTokens, payload } from '../lib/tokens.js'

/**
 * @typedef {{ ca: string, cert: string, key: string }} Credentials
 * @param {{ gateway: string, credentials: Credentials, count: number, options?: object }} setup
 */
export async function prepare ({ gateway, credentials: { ca, ...auth }, count, options }) {
  const tokens = makeTokens(count)
  const client = new Client({ gateway, ca, auth, ...options })
  return async () => {
    const before = process.cpuUsage()
    const { counts, connections } = await client.send(payload, tokens)
    const { user, system } = process.cpuUsage(before)
    return { knows: true, counts, connections, cpu: user + system }
  }
}
