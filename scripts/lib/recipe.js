/**
 * How `pkg/` is made: the sources, the tools that the lock files pin, and the flags. The check compares `pkg/` with
 * this, so a change here asks for a rebuild too.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectFiles, root } from './files.js'

/** What Rust calls the machine that WebAssembly runs on, in Node as in a browser. */
export const target = 'wasm32-unknown-unknown'

/** The WebAssembly modules, each named like the feature of the crate that it is built with. */
export const modules = ['push', 'codec', 'capture', 'gateway']

/** What `pkg/` holds, beside its record. */
export const artefacts = modules.flatMap(name =>
  [`${name}.d.ts`, `${name}.js`, wasmFile(name), `${wasmFile(name)}.d.ts`])

/**
 * @param {string} module
 * @returns {string} what wasm-bindgen calls the file
 */
export function wasmFile (module) {
  return `${module}_bg.wasm`
}

/** Flags that decide what the artefacts look like. */
export const flags = {
  // Vector instructions: Node has them since version 16, browsers since 2021 to 2023.
  rustc: ['-Ctarget-feature=+simd128'],
  // The reset function makes a new instance after a trap; objects of the old one are recognised and refused.
  'wasm-bindgen': ['--target', 'web', '--experimental-reset-state-function'],
  // Which features the module may use it says itself, in its section `target_features`.
  'wasm-opt': ['-O3', '--strip-producers']
}

/**
 * @returns {string[]} the files that the artefacts are built from, relative to the project
 */
export function sources () {
  return ['Cargo.lock', 'Cargo.toml', ...projectFiles('src')]
}

/**
 * The tools whose versions the lock files name. rustc is not among them: any that is new enough will do.
 * @returns {{ 'wasm-bindgen': string, 'wasm-opt': string }}
 */
export function pinnedTools () {
  return { 'wasm-bindgen': crateVersion('wasm-bindgen'), 'wasm-opt': packageVersion('binaryen') }
}

/** @returns {string} the oldest Rust that Cargo.toml allows, such as `1.85` */
export function oldestRust () {
  const found = /^rust-version = "(.+)"$/m.exec(read('Cargo.toml'))?.[1]
  if (!found) throw new Error('Cargo.toml names no rust-version')
  return found
}

/** @param {string} name */
function crateVersion (name) {
  const found = new RegExp(`^name = "${name}"\nversion = "(.+)"$`, 'm').exec(read('Cargo.lock'))?.[1]
  if (!found) throw new Error(`Cargo.lock names no crate ${name}`)
  return found
}

/** @param {string} name */
function packageVersion (name) {
  const found = JSON.parse(read('package-lock.json')).packages[`node_modules/${name}`]?.version
  if (!found) throw new Error(`package-lock.json names no package ${name}`)
  return found
}

/** @param {string} path */
function read (path) {
  return readFileSync(join(root, path), 'utf8')
}
