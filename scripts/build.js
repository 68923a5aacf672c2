/**
 * `npm run build`: builds `pkg/` from the Rust sources. Not needed to use or to change the JavaScript.
 */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { buildCore } from './lib/core.js'
import { root } from './lib/files.js'
import { CommandFailed } from './lib/run.js'
import { findToolchain, NoToolchain } from './lib/toolchain.js'

try {
  const pkg = join(root, 'pkg')
  buildCore(findToolchain(), pkg)
  const kilobytes = (statSync(join(pkg, 'bellpush_bg.wasm')).size / 1024).toFixed(1)
  console.log(`pkg/ is built: ${kilobytes} KiB of WebAssembly`)
} catch (error) {
  if (!(error instanceof NoToolchain || error instanceof CommandFailed)) throw error
  console.error(error.message)
  process.exitCode = 1
}
