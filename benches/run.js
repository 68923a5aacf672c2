/**
 * `npm run bench`: every benchmark, or those that are named (`npm run bench -- encode rejected`); `--json FILE` writes
 * all figures there as well. What is compared is measured in one run, taking turns: machines drift.
 *
 * Each says what it has found when it has found it, and one that fails takes none of the others with it: the exit code
 * is 1 then.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { say } from '../scripts/lib/run.js'
import { decoder } from './decoder.js'
import { encode } from './encode.js'
import { far } from './far.js'
import { http2Burst } from './http2/burst.js'
import { http2Far } from './http2/far.js'
import { http2Goaway } from './http2/goaway.js'
import { http2Million } from './http2/million.js'
import { http2Once } from './http2/once.js'
import { http2Results } from './http2/results.js'
import { legacy } from './legacy.js'
import { machine, show } from './lib/figures.js'
import { buildNative } from './lib/native.js'
import { plain } from './plain.js'
import { rejected } from './rejected.js'
import { serve } from './serve.js'
import { http2Streamed, streamed } from './streamed.js'

/** @type {Record<string, () => Promise<import('./lib/figures.js').Outcome>>} */
const benchmarks = {
  encode,
  plain,
  rejected,
  far,
  streamed,
  legacy,
  serve,
  'http2-burst': http2Burst,
  'http2-million': http2Million,
  'http2-results': http2Results,
  'http2-once': http2Once,
  'http2-far': http2Far,
  'http2-goaway': http2Goaway,
  'http2-streamed': http2Streamed,
  decoder
}

const { values, positionals } = parseArgs({ options: { json: { type: 'string' } }, allowPositionals: true })
const unknown = positionals.filter(name => !(name in benchmarks))
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(', ')}; there are ${Object.keys(benchmarks).join(', ')}.`)
  process.exit(2)
}

buildNative()
const outcomes = []
const where = machine()
console.log(`\n${where}\n`)
for (const name of positionals.length > 0 ? positionals : Object.keys(benchmarks)) {
  say(name)
  try {
    const outcome = await benchmarks[name]()
    outcomes.push(outcome)
    console.log(`\n${show(outcome)}\n`)
  } catch (error) {
    console.error(`\n${name} has failed: ${error instanceof Error ? error.stack : error}\n`)
    process.exitCode = 1
  }
}
if (values.json) writeFileSync(values.json, JSON.stringify({ machine: where, benchmarks: outcomes }, null, 2) + '\n')
