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
    const [start, before] = [performance.now(), process.cpuUsage()]
    const results = []
    for await (const result of client.stream(payload, tokens)) results.push(result)
    const { user, system } = process.cpuUsage(before)
    const seconds = (performance.now() - start) / 1000
    const ids = new Set(results.filter(({ outcome }) => outcome === 'accepted').map(({ id }) => id))
    ids.delete(null)
    return { knows: true, ids: ids.size, seconds, cpu: user + system }
  }
}
