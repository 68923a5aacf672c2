/**
 * After `npm pack` and `npm publish`: takes the declarations away again. Left behind they would go stale, and `tsc`
 * would believe them rather than the modules wherever one says `import … from 'bellpush'` here.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './lib/files.js'

rmSync(join(root, 'types'), { recursive: true, force: true })
