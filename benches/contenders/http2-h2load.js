/**
 * h2load, a load generator on nghttp2, in C: no client that anybody could push with, but how fast one may be. It says
 * itself how long it took, connecting included and reading its tokens not.
 */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { makeTokens, payload, topic } from '../lib/tokens.js'

/** @param {{ gateway: string, folder: string, count: number, options?: { streams?: number } }} setup */
export async function prepare ({ gateway, folder, count, options: { streams = 1000 } = {} }) {
  const [addresses, data] = ['addresses', 'payload'].map(name => join(folder, name))
  await writeFile(addresses, makeTokens(count).map(token => `${gateway}/3/device/${token}\n`).join(''))
  await writeFile(data, payload)
  const args = [
    '-c', '1', '-t', '1', '-m', String(streams), '-n', String(count), '-i', addresses, '-d', data,
    '-H', `apns-topic: ${topic}`, '-H', 'apns-push-type: alert'
  ]
  return async () => {
    const { stdout } = await promisify(execFile)('h2load', args)
    const [, rate] = /finished in .*, ([\d.]+) req\/s/.exec(stdout) ?? []
    const [, accepted] = /status codes: (\d+) 2xx/.exec(stdout) ?? []
    if (rate === undefined) throw new Error(`h2load did not say how long it took: ${stdout}`)
    return { knows: true, accepted: Number(accepted), seconds: count / Number(rate) }
  }
}
