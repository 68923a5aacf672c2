/**
 * This package's client, one for all rounds as a backend has one for all rings: a round is one `send`.
 */
import { Client } from '../../js/index.js'
import { makeTokens, payload } from '../lib/tokens.js'

/**
 * @typedef {{ ca: string, cert: string, key: string }} Credentials
 * @param {{ port: number, credentials: Credentials, count: number, options?: object }} setup
 */
export async function prepare ({ port, credentials: { ca, ...auth }, count, options }) {
  const tokens = makeTokens(count)
  const client = new Client({ gateway: `apns://127.0.0.1:${port}`, ca, auth, ...options })
  return async () => {
    const { counts, connections } = await client.send(payload, tokens)
    return { knows: true, counts, connections }
  }
}
