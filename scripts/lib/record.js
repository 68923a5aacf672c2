/**
 * `pkg/build.json`: what `pkg/` was built from, with what, and what came out. Written by the build, read by the check.
 */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { filesUnder, hashesOf, root } from './files.js'
import { artefacts, flags, modules, pinnedTools, sources, wasmFile } from './recipe.js'

/**
 * @typedef {object} BuildRecord
 * @property {Record<string, number>} wasmBytes size of each module's WebAssembly
 * @property {Record<string, string>} tools versions
 * @property {Record<string, string[]>} flags
 * @property {Record<string, string>} artefacts SHA-256 by file name
 * @property {Record<string, string>} sources SHA-256 by path
 */

/** The record's file name, beside the artefacts. */
export const recordName = 'build.json'

/**
 * Records a build that has just been made.
 * @param {string} folder where the artefacts are
 * @param {string} rustc what `rustc --version` said
 */
export function writeRecord (folder, rustc) {
  /** @type {BuildRecord} */
  const record = {
    wasmBytes: Object.fromEntries(modules.map(name => [name, statSync(join(folder, wasmFile(name))).size])),
    tools: { rustc, ...pinnedTools() },
    flags,
    artefacts: hashesOf(folder, artefacts),
    sources: hashesOf(root, sources())
  }
  writeFileSync(join(folder, recordName), JSON.stringify(record, null, 2) + '\n')
}

/**
 * @param {string} folder
 * @returns {BuildRecord | undefined} nothing if there is no record
 */
export function readRecord (folder) {
  let text
  try {
    text = readFileSync(join(folder, recordName), 'utf8')
  } catch {
    return undefined
  }
  return JSON.parse(text)
}

/**
 * What speaks against these artefacts being the build of the sources they stand beside, a line each.
 * @param {string} folder where the artefacts are
 * @returns {string[]} empty if all is well
 */
export function differences (folder) {
  const record = readRecord(folder)
  if (!record) return [`${recordName} is missing: nothing says what pkg/ was built from`]
  const present = filesUnder(folder).filter(path => path !== recordName)
  return [
    ...changes(record.sources, hashesOf(root, sources()), ''),
    ...changes(record.artefacts, hashesOf(folder, present), 'pkg/'),
    ...Object.entries(pinnedTools())
      .filter(([name, version]) => record.tools[name] !== version)
      .map(([name, version]) => `${name} ${record.tools[name]} built it, the lock file names ${version}`),
    ...(JSON.stringify(record.flags) === JSON.stringify(flags) ? [] : ['scripts/lib/recipe.js names other flags now'])
  ]
}

/**
 * @param {Record<string, string>} before
 * @param {Record<string, string>} now
 * @param {string} prefix
 */
function changes (before, now, prefix) {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].sort()
    .filter(path => before[path] !== now[path])
    .map(path => `${prefix}${path} ${!(path in before) ? 'is new' : !(path in now) ? 'is gone' : 'has changed'}`)
}
