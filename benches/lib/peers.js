/**
 * The clients that Bellpush is compared with: installed once into this person's cache, for the benchmarks alone.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../../scripts/lib/cache.js'
import { run, say } from '../../scripts/lib/run.js'

const apn = '1.7.8'

/** @returns {string} where `apn`, the last version that spoke the binary protocol, can be required from */
export function installApn () {
  const folder = join(cacheFolder(), `apn-${apn}`)
  const path = join(folder, 'node_modules/apn')
  if (!existsSync(path)) {
    say(`npm install apn@${apn} into ${folder} (once)`)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
    run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', `apn@${apn}`], { cwd: folder })
  }
  return path
}
