/**
 * npm's `@parse/node-apn`: one provider for all rounds, which sends to so many tokens a call.
 */
import { createRequire } from 'node:module'
import { makeTokens, payload, topic } from '../lib/tokens.js'

/** @param {{ path: string, port: number, credentials: object, count: number, options?: { chunk?: number } }} setup */
export async function prepare ({ path, port, credentials, count, options: { chunk = 500 } = {} }) {
  const { Notification, Provider } = createRequire(import.meta.url)(path)
  const tokens = makeTokens(count)
  const provider = new Provider({ ...credentials, production: false, address: '127.0.0.1', port })
  const notification = new Notification()
  Object.assign(notification, { rawPayload: JSON.parse(payload), topic, pushType: 'alert' })
  return async () => {
    const said = { knows: true, accepted: 0, failed: 0, cpu: 0 }
    const before = process.cpuUsage()
    for (let at = 0; at < tokens.length; at += chunk) {
      const { sent, failed } = await provider.send(notification, tokens.slice(at, at + chunk))
      said.accepted += sent.length
      said.failed += failed.length
    }
    const { user, system } = process.cpuUsage(before)
    said.cpu = user + system
    return said
  }
}
