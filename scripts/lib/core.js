/**
 * From the Rust sources to the artefacts of `pkg/`. The same sources and tools give the same bytes wherever they lie.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { bindgenFolder } from './bindgen.js'
import { Failure } from './failure.js'
import { root } from './files.js'
import { writeRecord } from './record.js'
import { flags, modules, pinnedTools, target, wasmFile } from './recipe.js'
import { run, say } from './run.js'
import { cargo, cargoForWasm } from './toolchain.js'

/**
 * @param {import('./toolchain.js').Toolchain} toolchain
 * @param {string} folder is replaced by the new artefacts and their record, once all of them are there
 */
export function buildCore (toolchain, folder) {
  const wasmOpt = wasmOptCommand()
  const bindgen = join(bindgenFolder(toolchain), 'wasm-bindgen')
  const targetFolder = process.env.CARGO_TARGET_DIR || join(root, 'target')
  const unfinished = join(targetFolder, 'pkg')

  cargo(toolchain, ['fetch', '--quiet', '--locked'])
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished, { recursive: true })
  for (const name of modules) {
    say(`${name}: cargo build --release for ${target}, wasm-bindgen, wasm-opt`)
    const args = ['build', '--quiet', '--locked', '--release', '--lib', '--no-default-features', '--features', name]
    cargoForWasm(toolchain, args, rustFlags())
    const built = join(targetFolder, target, 'release', 'bellpush.wasm')
    run(bindgen, [...flags['wasm-bindgen'], '--out-name', name, '--out-dir', unfinished, built])
    const wasm = join(unfinished, wasmFile(name))
    run(process.execPath, [wasmOpt, ...flags['wasm-opt'], wasm, '-o', wasm])
  }
  writeRecord(unfinished, toolchain.rustc)

  rmSync(folder, { recursive: true, force: true })
  cpSync(unfinished, folder, { recursive: true })
}

/** @returns {string} the script, of the version that package-lock.json names */
function wasmOptCommand () {
  const folder = join(root, 'node_modules', 'binaryen')
  const manifest = join(folder, 'package.json')
  const version = existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).version : 'not installed'
  const wanted = pinnedTools()['wasm-opt']
  if (version !== wanted) {
    throw new Failure(`package-lock.json names binaryen ${wanted}, node_modules has it ${version}: type npm ci`)
  }
  return join(folder, 'bin', 'wasm-opt')
}

/**
 * What rustc is told. Messages of panics name source files; those of dependencies lie in cargo's own folder, which is
 * another on every machine: call it the same everywhere.
 * @returns {Record<string, string>} environment for cargo
 */
export function rustFlags () {
  const registry = join(process.env.CARGO_HOME || join(homedir(), '.cargo'), 'registry', 'src')
  const folders = existsSync(registry) ? readdirSync(registry) : []
  const remaps = folders.map(name => `--remap-path-prefix=${join(registry, name)}=/cargo`)
  return { CARGO_ENCODED_RUSTFLAGS: [...flags.rustc, ...remaps].join('\x1f') }
}
