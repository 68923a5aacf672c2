/**
 * The Rust crate a2, driven by a program of its own (a2/), which says itself how long it took.
 */
import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { program } from '../lib/native.js'
import { makeTokens, payload, topic } from '../lib/tokens.js'

/**
 * @param {{ port: number, folder: string, ca: string, clientFiles: { cert: string, key: string }, count: number,
 *   options?: { inFlight?: number } }} setup
 */
export async function prepare ({ port, folder, ca, clientFiles: { cert, key }, count, options }) {
  const { inFlight = 500 } = options ?? {}
  const tokens = join(folder, 'tokens')
  await writeFile(tokens, makeTokens(count).join('\n'))
  const child = spawn(program('bellpush-benches-a2'), [cert, key, tokens, payload, topic, String(inFlight)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, GATEWAY: `127.0.0.1:${port}`, GATEWAY_CA: ca }
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return async () => {
    child.stdin.write('round\n')
    const { value, done } = await lines.next()
    if (done) throw new Error('a2 has ended')
    return { knows: true, ...JSON.parse(value) }
  }
}
