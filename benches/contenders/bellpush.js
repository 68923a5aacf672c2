/**
 * This package's client: a round is one `send`.
 */
import { Client } from '../../js/index.js'
import { makeTokens, payload } from '../lib/tokens.js'

/**
 * @typedef {{ ca: string, cert: string, key: string }} Credentials
 * @param {{ port: number, credentials: Credentials, count: number, options?: object }} setup
 */
export async function prepare ({ port, credentials: { ca, ...auth }, count, options }) {
  const tokens = makeTokens(count)
  return async (/** @type {{ options?: object }} */ input) => {
    const client = new Client({ gateway: `apns://127.0.0.1:${port}`, ca, auth, ...options, ...input.options })
    const { counts, connections } = await client.send(payload, tokens)
    await client.close()
    return { knows: true, counts, connections }
  }
}
