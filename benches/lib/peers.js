/**
 * The clients that Bellpush is compared with: installed once into this person's cache, for the benchmarks alone.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../../scripts/lib/cache.js'
import { run, say } from '../../scripts/lib/run.js'

/** Which package a contender drives, and its version. @type {Record<string, [name: string, version: string]>} */
const peers = {
  // The last version that spoke the binary protocol.
  apn: ['apn', '1.7.8'],
  'http2-node-apn': ['@parse/node-apn', '8.1.0']
}

/** @returns {string} where `apn` can be required from */
export function installApn () {
  return /** @type {string} */ (pathOfPeer('apn'))
}

/**
 * Installs what a contender drives, where that is a package.
 * @param {string} contender the name of a module in contenders/
 * @returns {string | undefined} where it can be required from
 */
export function pathOfPeer (contender) {
  if (!Object.hasOwn(peers, contender)) return undefined
  const [name, version] = peers[contender]
  const folder = join(cacheFolder(), `${name.replace(/^@.*\//, '')}-${version}`)
  const path = join(folder, 'node_modules', name)
  if (!existsSync(path)) {
    say(`npm install ${name}@${version} into ${folder} (once)`)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
    run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', `${name}@${version}`], { cwd: folder })
  }
  return path
}
