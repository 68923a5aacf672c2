/**
 * This package's client, asked for a result of every token: as `bellpush.js`, by `stream`.
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
    const ids = new Set()
    for await (const { outcome, id } of client.stream(payload, tokens)) if (outcome === 'accepted') ids.add(id)
    const { user, system } = process.cpuUsage(before)
    return { knows: true, ids: ids.size - Number(ids.has(null)), cpu: user + system }
  }
}
