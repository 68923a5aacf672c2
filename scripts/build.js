/**
 * `npm run build`: builds `pkg/` from the Rust sources. Not needed to use or to change the JavaScript.
 */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { buildCore } from './lib/core.js'
import { messageOf } from './lib/failure.js'
import { root } from './lib/files.js'
import { findToolchain } from './lib/toolchain.js'

try {
  const pkg = join(root, 'pkg')
  buildCore(findToolchain(), pkg)
  const kilobytes = (statSync(join(pkg, 'bellpush_bg.wasm')).size / 1024).toFixed(1)
  console.log(`pkg/ is built: ${kilobytes} KiB of WebAssembly`)
} catch (error) {
  console.error(messageOf(error))
  process.exitCode = 1
}
