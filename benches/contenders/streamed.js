/**
 * This package's client, with an audience out of a token store. What it measures is itself.
 */
import { existsSync, readFileSync } from 'node:fs'
import { Client, openTokenStore } from '../../js/index.js'
import { payload } from '../lib/tokens.js'

const MEGABYTE = 2 ** 20

/**
 * @typedef {{ ca: string, cert: string, key: string }} Credentials
 * @param {{ gateway: string, credentials: Credentials, file: string, count: number, options?: object }} setup
 */
export async function prepare ({ gateway, credentials: { ca, ...auth }, file, count, options }) {
  const tokens = await openTokenStore(`sqlite:${file}`)
  const client = new Client({ gateway, ca, auth, tokens, ...options })
  return async () => {
    const readingAlone = await timeReading(tokens, count / 20)
    const before = process.memoryUsage.rss() / MEGABYTE
    const start = performance.now()
    /** @type {number[]} */
    const times = [start]
    await client.send(payload, { clientId: 'door' }, {
      onProgress: ({ settled }) => {
        if (settled >= times.length * count / 10) times.push(performance.now())
      }
    })
    const seconds = (performance.now() - start) / 1000
    const tenths = times.slice(1).map((time, i) => count / 10 / ((time - times[i]) / 1000))
    return { seconds, tenths, before, peak: peakMemory(), readingAlone }
  }
}

/**
 * @param {import('../../js/index.js').TokenStore} tokens
 * @param {number} count
 */
async function timeReading (tokens, count) {
  const start = performance.now()
  let seen = 0
  for await (const token of tokens.list('door')) if (token.length > 0 && ++seen === count) break
  return count / ((performance.now() - start) / 1000)
}

/** Megabytes that this process has ever held; elsewhere than on Linux it begins with the figure of its parent. */
function peakMemory () {
  const path = '/proc/self/status'
  const peak = existsSync(path) ? /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(path, 'utf8'))?.[1] : undefined
  return Number(peak ?? process.resourceUsage().maxRSS) / 1024
}
