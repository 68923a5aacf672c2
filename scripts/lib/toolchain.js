/**
 * A Rust that can build for WebAssembly: found on this machine or, where that is possible, installed. Two ways:
 *
 * - `rustup`: the cargo on the PATH, if its rustc has the WebAssembly target or rustup can add it;
 * - `debian`: Debian's own packages, which bring no such target, but the source of the standard library to build.
 *
 * The first that works is taken; BELLPUSH_TOOLCHAIN=rustup or =debian allows only that one.
 */
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { aptInstall, missingPackages } from './debian.js'
import { Failure } from './failure.js'
import { oldestRust, target } from './recipe.js'
import { capture, complaintOf, run, say, which } from './run.js'

/**
 * @typedef {object} Toolchain
 * @property {'rustup' | 'debian'} kind
 * @property {string} cargo path of the command
 * @property {string} rustc what `rustc --version` says
 * @property {Record<string, string>} env environment of every cargo command
 * @property {Record<string, string>} wasmEnv environment to add where the target is WebAssembly
 * @property {string[]} wasmArgs arguments to add there, behind cargo's own command
 */

/** Debian's packages; the names with `web` are the ones that are kept new, for its browsers. */
const debianPackages = ['rustc-web', 'cargo-web', 'rust-web-src', 'lld-19']

/** What checks the sources, and whose it is: rustup's component, Debian's package and the command in it. */
const linters = {
  clippy: { component: 'clippy', debianPackage: 'rust-web-clippy', command: '/usr/bin/cargo-clippy' },
  fmt: { component: 'rustfmt', debianPackage: 'rustfmt-web', command: '/usr/bin/cargo-fmt' }
}

/** rustup gets this long to fetch some 20 MB, milliseconds. */
const rustupTimeout = 180_000

/**
 * @returns {Toolchain}
 * @throws {Failure} that says what is missing and what to type
 */
export function findToolchain () {
  const wanted = process.env.BELLPUSH_TOOLCHAIN
  if (wanted && wanted !== 'rustup' && wanted !== 'debian') {
    throw new Failure(`BELLPUSH_TOOLCHAIN is "${wanted}"; it can be "rustup" or "debian"`)
  }
  const reasons = []
  if (wanted !== 'debian') {
    const found = toolchainOnPath()
    if (typeof found !== 'string') return announced(found)
    reasons.push(`  the cargo on the PATH: ${found}`)
  }
  if (wanted !== 'rustup') {
    const found = debianToolchain()
    if (typeof found !== 'string') return announced(found)
    reasons.push(`  Debian's packages: ${found}`)
  }
  throw new Failure(`No Rust for ${target} on this machine:
${reasons.join('\n')}
Either install rustup (https://rustup.rs) and type
  rustup target add ${target}
or, on Debian, type as root
  apt-get update && apt-get install -y --no-install-recommends ${debianPackages.join(' ')}`)
}

/**
 * @param {Toolchain} toolchain
 * @returns {Toolchain}
 */
function announced (toolchain) {
  say(`Rust: ${toolchain.rustc}, ${toolchain.kind === 'debian' ? 'of Debian' : 'of the PATH'} (${toolchain.cargo})`)
  return toolchain
}

/** @returns {Toolchain | string} the reason why not */
function toolchainOnPath () {
  const path = [process.env.PATH, join(process.env.CARGO_HOME || join(homedir(), '.cargo'), 'bin')].join(delimiter)
  const cargo = which('cargo', path)
  if (!cargo) return 'there is none'
  const env = { PATH: path }
  const rustc = capture('rustc', ['--version'], { env })
  if (!rustc.ok) return `its rustc does not run (${complaintOf(rustc)})`
  if (!isNewEnough(rustc.stdout)) return `${rustc.stdout} is older than the ${oldestRust()} that Cargo.toml asks for`
  const missing = addTarget(path)
  if (missing) return missing
  return { kind: 'rustup', cargo, rustc: rustc.stdout, env, wasmEnv: {}, wasmArgs: [] }
}

/**
 * @param {string} path
 * @returns {string} why the target is not there; empty if it is
 */
function addTarget (path) {
  const env = { PATH: path }
  if (hasTarget(env)) return ''
  const rustup = which('rustup', path)
  if (!rustup) return `its rustc lacks the target ${target}, and there is no rustup to add it`
  say(`rustup target add ${target}`)
  const added = capture(rustup, ['target', 'add', target], { env, timeout: rustupTimeout })
  if (added.ok && hasTarget(env)) return ''
  return `rustup could not add the target (${complaintOf(added)})`
}

/** @param {Record<string, string>} env */
function hasTarget (env) {
  const folder = capture('rustc', ['--print', 'target-libdir', '--target', target], { env })
  return folder.ok && existsSync(folder.stdout)
}

/** @returns {Toolchain | string} the reason why not */
function debianToolchain () {
  const missing = missingPackages(debianPackages)
  if (missing === undefined) return 'this is no Debian (there is no dpkg-query)'
  if (missing.length > 0) {
    const failure = aptInstall(missing)
    if (failure) return failure
  }
  const env = {
    PATH: `/usr/bin${delimiter}${process.env.PATH}`,
    CARGO: '/usr/bin/cargo',
    RUSTC: '/usr/bin/rustc',
    RUSTDOC: '/usr/bin/rustdoc',
    RUSTFMT: '/usr/bin/rustfmt'
  }
  const rustc = capture(env.RUSTC, ['--version'])
  if (!rustc.ok || !isNewEnough(rustc.stdout)) return `/usr/bin/rustc: ${rustc.stdout || rustc.how}: too old`
  return {
    kind: 'debian',
    cargo: env.CARGO,
    rustc: rustc.stdout,
    env,
    wasmEnv: {
      RUSTC_BOOTSTRAP: '1', // -Zbuild-std is not stable yet
      CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: 'wasm-ld-19'
    },
    wasmArgs: ['-Zbuild-std=std,panic_abort']
  }
}

/** @param {string} version what `rustc --version` says */
function isNewEnough (version) {
  const [have, want] = [version.split(' ')[1] ?? '', oldestRust()].map(text => text.split('.').map(Number))
  return have[0] > want[0] || (have[0] === want[0] && have[1] >= want[1])
}

/**
 * clippy or rustfmt, of the same toolchain; installed if need be.
 * @param {Toolchain} toolchain
 * @param {keyof typeof linters} name
 * @returns {{ command: string } | { missing: string }} what stands before the arguments, or why there is none
 */
export function linter (toolchain, name) {
  const { component, debianPackage, command } = linters[name]
  if (toolchain.kind === 'debian') {
    const failure = missingPackages([debianPackage])?.length ? aptInstall([debianPackage]) : ''
    return failure ? { missing: failure } : { command }
  }
  const { cargo: itself, env } = toolchain
  if (capture(itself, [name, '--version'], { env }).ok) return { command: itself }
  say(`rustup component add ${component}`)
  const added = capture('rustup', ['component', 'add', component], { env, timeout: rustupTimeout })
  return added.ok ? { command: itself } : { missing: complaintOf(added) }
}

/**
 * Runs cargo, showing its output.
 * @param {Toolchain} toolchain
 * @param {string[]} args
 * @param {string} [command] what stands for cargo itself
 */
export function cargo (toolchain, args, command = toolchain.cargo) {
  run(command, args, { env: toolchain.env })
}

/**
 * Runs cargo for WebAssembly, showing its output.
 * @param {Toolchain} toolchain
 * @param {string[]} args `--target` and what else the toolchain needs are added behind the first
 * @param {Record<string, string>} [env]
 * @param {string} [command] what stands for cargo itself
 */
export function cargoForWasm (toolchain, [first, ...rest], env = {}, command = toolchain.cargo) {
  run(command, [first, ...toolchain.wasmArgs, '--target', target, ...rest], {
    env: { ...toolchain.env, ...toolchain.wasmEnv, ...env }
  })
}
