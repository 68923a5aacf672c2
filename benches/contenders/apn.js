/**
 * npm's `apn` 1.7.8, with the options that make it fastest and let it lose nothing: all notifications fit its cache.
 */
import { createRequire } from 'node:module'
import { makeTokens, payload } from '../lib/tokens.js'

/** @param {{ path: string, port: number, credentials: object, count: number }} setup */
export async function prepare ({ path, port, credentials, count }) {
  const apn = createRequire(import.meta.url)(path)
  const tokens = makeTokens(count)
  return async () => {
    const connection = new apn.Connection({
      ...credentials, address: '127.0.0.1', port, fastMode: true, cacheLength: count, buffersNotifications: true
    })
    connection.on('error', () => {})
    const notification = new apn.Notification(JSON.parse(payload))
    connection.pushNotification(notification, tokens)
    // It has written everything then, and knows nothing more: what comes back later it handles on its own.
    await new Promise(resolve => connection.once('completed', resolve))
    return { knows: false }
  }
}
