/**
 * Before `npm pack` and `npm publish`: `pkg/` must have been built from these sources, and the declarations in `types/`
 * come from the JSDoc of the modules as they are now.
 */
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Failure, messageOf } from './lib/failure.js'
import { root } from './lib/files.js'
import { run } from './lib/run.js'

try {
  const tsc = 'node_modules/typescript/bin/tsc'
  if (!existsSync(join(root, tsc))) throw new Failure('typescript is missing: run npm ci first')
  run(process.execPath, ['scripts/check-pkg.js'])
  rmSync(join(root, 'types'), { recursive: true, force: true })
  run(process.execPath, [tsc, '-p', 'tsconfig.types.json'])
} catch (error) {
  console.error(messageOf(error))
  process.exitCode = 1
}
