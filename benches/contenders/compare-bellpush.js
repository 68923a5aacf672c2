/**
 * This package's client as the comparison of faults asks it: pushes once, then says what it holds each token for.
 */
import { Client } from '../../js/index.js'
import { payload } from '../lib/tokens.js'

/** @param {{ port: number, credentials: { ca: string, cert: string, key: string }, tokens: string[] }} setup */
export async function prepare ({ port, credentials: { ca, ...auth }, tokens }) {
  const client = new Client({ gateway: `apns://127.0.0.1:${port}`, ca, auth, answerTimeout: 2_000 })
  /** @type {[token: string, said: string][]} */
  const said = []
  return async (/** @type {{ what: 'push' | 'tell' }} */ { what }) => {
    if (what === 'tell') return said
    for await (const { token, outcome } of client.stream(payload, tokens)) said.push([token, outcome])
    await client.close()
  }
}
