/**
 * The crates that this one depends on, compiled: kept in this person's cache, so that the next clone need not compile
 * them again. Whether they are what the lock files, the flags and the compiler ask for, cargo finds out as ever.
 *
 * Not here: what is made of the project's own sources.
 */
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { cacheFolder } from './cache.js'
import { hashOf, root } from './files.js'
import { capture, say } from './run.js'

/** Of cargo: for the crate, and for its fuzz targets. */
const folders = ['target', 'fuzz/target']

/** What they are compiled by; other ones have other dependencies. */
const sources = ['Cargo.lock', 'Cargo.toml', 'fuzz/Cargo.lock', 'fuzz/Cargo.toml', 'scripts/lib/recipe.js']

/**
 * Copies what is kept into a clone that has compiled nothing yet.
 * @param {import('./toolchain.js').Toolchain} toolchain
 */
export function restoreDependencies (toolchain) {
  const kept = join(cacheFolder(), nameFor(toolchain))
  if (process.env.CARGO_TARGET_DIR || !existsSync(kept) || compiled().length > 0) return
  say(`the crates that this one depends on are there, compiled: ${kept}`)
  try {
    cpSync(kept, root, { recursive: true, preserveTimestamps: true })
  } catch (error) {
    for (const path of compiled()) rmSync(join(root, path), { recursive: true })
    throw error
  }
}

/**
 * Keeps what this clone has compiled, unless it is kept already; then nothing older is.
 * @param {import('./toolchain.js').Toolchain} toolchain
 */
export function keepDependencies (toolchain) {
  const name = nameFor(toolchain)
  const home = cacheFolder()
  if (process.env.CARGO_TARGET_DIR || existsSync(join(home, name))) return
  say(`keeping the crates that this one depends on, compiled: ${join(home, name)}`)
  const unfinished = mkdtempSync(join(home, 'unfinished-'))
  try {
    for (const path of compiled()) {
      const options = { recursive: true, preserveTimestamps: true, filter: isForeign }
      for (const part of ['.fingerprint', 'build', 'deps']) {
        if (existsSync(join(root, path, part))) cpSync(join(root, path, part), join(unfinished, path, part), options)
      }
    }
    for (const old of readdirSync(home).filter(each => each.startsWith('dependencies-'))) {
      rmSync(join(home, old), { recursive: true })
    }
    renameSync(unfinished, join(home, name))
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
}

/** @returns {string[]} folders of cargo's that hold what was compiled, relative to the project */
function compiled () {
  return folders.filter(folder => existsSync(join(root, folder)))
    .flatMap(folder => ['', ...readdirSync(join(root, folder))].map(triple => join(folder, triple)))
    .flatMap(path => [join(path, 'debug'), join(path, 'release')])
    .filter(path => existsSync(join(root, path, '.fingerprint')))
}

/** @param {import('./toolchain.js').Toolchain} toolchain */
function nameFor ({ rustc }) {
  const nightly = capture('rustc', ['+nightly', '--version']).stdout
  // Without it those of the fuzz targets are not compiled, and what is kept then would lack them for ever.
  const fuzz = capture('cargo', ['+nightly', 'fuzz', '--version']).stdout
  const all = [rustc, nightly, fuzz, ...sources.map(file => hashOf(join(root, file)))].join('\n')
  return `dependencies-${createHash('sha256').update(all).digest('hex').slice(0, 16)}`
}

/**
 * What bears the project's name is its own, and so are the programs that its tests are.
 * @param {string} path
 */
function isForeign (path) {
  const name = basename(path)
  if (name.includes('bellpush')) return false
  return basename(dirname(path)) !== 'deps' || /^lib.+\.(rlib|rmeta|so|dylib)$/.test(name)
}
