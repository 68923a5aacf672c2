/**
 * The commands `wasm-bindgen` and `wasm-bindgen-test-runner`, of exactly the version of the crate in Cargo.lock: any
 * other refuses the module. Built once a person and version.
 */
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cacheFolder } from './cache.js'
import { pinnedTools } from './recipe.js'
import { capture, CommandFailed, run, say, which } from './run.js'

/**
 * @param {import('./toolchain.js').Toolchain} toolchain
 * @returns {string} the folder that holds both commands
 */
export function bindgenFolder (toolchain) {
  const version = pinnedTools()['wasm-bindgen']
  const onPath = which('wasm-bindgen')
  if (onPath && isVersion(onPath, version) && existsSync(join(dirname(onPath), 'wasm-bindgen-test-runner'))) {
    return dirname(onPath)
  }
  const home = join(cacheFolder(), `wasm-bindgen-${version}`)
  if (!existsSync(home)) install(toolchain, version, home)
  return join(home, 'bin')
}

/**
 * @param {string} command
 * @param {string} version
 */
function isVersion (command, version) {
  return capture(command, ['--version']).stdout === `wasm-bindgen ${version}`
}

/**
 * @param {import('./toolchain.js').Toolchain} toolchain
 * @param {string} version
 * @param {string} home where it shall be in the end, all at once
 */
function install (toolchain, version, home) {
  say(`building wasm-bindgen-cli ${version} into ${home} (once; two to five minutes)`)
  const unfinished = mkdtempSync(`${home}-`)
  const args = ['install', 'wasm-bindgen-cli', '--version', `=${version}`, '--root', unfinished, '--quiet']
  try {
    try {
      run(toolchain.cargo, [...args, '--locked'], { env: toolchain.env })
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error
      say('the versions that it is locked to cannot be had from this registry: building it with the newest that fit')
      run(toolchain.cargo, args, { env: toolchain.env })
    }
    renameSync(unfinished, home)
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
}
