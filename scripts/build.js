/**
 * `npm run build`: builds `pkg/` from the Rust sources. Not needed to use or to change the JavaScript.
 */
import { join } from 'node:path'
import { buildCore } from './lib/core.js'
import { messageOf } from './lib/failure.js'
import { root } from './lib/files.js'
import { readRecord } from './lib/record.js'
import { findToolchain } from './lib/toolchain.js'

try {
  const pkg = join(root, 'pkg')
  buildCore(findToolchain(), pkg)
  const sizes = Object.entries(readRecord(pkg)?.wasmBytes ?? {})
  console.log(`pkg/ is built: ${sizes.map(([name, bytes]) => `${name} ${(bytes / 1024).toFixed(1)} KiB`).join(', ')}`)
} catch (error) {
  console.error(messageOf(error))
  process.exitCode = 1
}
