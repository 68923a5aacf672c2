/**
 * `npm run check`: was `pkg/` built from the sources it stands beside? Needs no Rust: it compares hashes and versions
 * with those that the build recorded. That the recorded artefacts really come out of such a build, `npm test` shows.
 */
import { join } from 'node:path'
import { root } from './lib/files.js'
import { differences } from './lib/record.js'

const found = differences(join(root, 'pkg'))
if (found.length > 0) {
  console.error('pkg/ was not built from the sources it stands beside:')
  for (const line of found) console.error(`  ${line}`)
  console.error('Build it again with: npm run build')
  process.exitCode = 1
} else {
  console.log('pkg/ was built from these sources')
}
