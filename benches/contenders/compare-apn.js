/**
 * npm's `apn` 1.7.8 as the comparison of faults asks it, with the options that it has if nobody sets any. It never says
 * that something was accepted: what it does not call failed, its users take for sent.
 */
import { createRequire } from 'node:module'
import { payload } from '../lib/tokens.js'

/** @param {{ path: string, port: number, credentials: object, tokens: string[] }} setup */
export async function prepare ({ path, port, credentials, tokens }) {
  const apn = createRequire(import.meta.url)(path)
  const connection = new apn.Connection({ ...credentials, address: '127.0.0.1', port })
  /** @type {[token: string, said: string][]} */
  const said = []
  for (const event of ['error', 'socketError', 'timeout', 'cacheTooSmall']) connection.on(event, () => {})
  connection.on('transmissionError', (/** @type {number} */ _, /** @type {any} */ __, /** @type {any} */ device) => {
    if (device) said.push([device.toString(), 'rejected'])
  })
  return async (/** @type {{ what: 'push' | 'tell' }} */ { what }) => {
    if (what === 'tell') return said
    connection.pushNotification(new apn.Notification(JSON.parse(payload)), tokens)
  }
}
