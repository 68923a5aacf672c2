/**
 * Keys and certificates that the tests of all files share, because an RSA key takes a fifth of a second: the first who
 * needs them makes them. They lie in a folder of target/ that is another one each month, long before anything expires.
 */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { newKey } from '../../js/simulator/certificates.js'
import { simulatorCredentials } from '../../js/simulator/credentials.js'

const KEYS = 6

const month = new Date().toISOString().slice(0, 7)
const folder = fileURLToPath(new URL('../../target/test-certificates', import.meta.url))
const home = join(folder, month)
if (!existsSync(home)) await make()

/** RSA keys, PKCS#8 in PEM. @type {string[]} */
export const keys = JSON.parse(await readFile(join(home, 'keys.json'), 'utf8'))

/** What simulators take as their `dir`. */
export const simulatorDir = join(home, 'simulator')

/** All at once, so that nobody finds a part of it; who comes second throws his own away. */
async function make () {
  await mkdir(folder, { recursive: true })
  const unfinished = await mkdtemp(join(folder, 'unfinished-'))
  await simulatorCredentials(join(unfinished, 'simulator'))
  const made = await Promise.all(Array.from({ length: KEYS }, newKey))
  await writeFile(join(unfinished, 'keys.json'), JSON.stringify(made))
  try {
    await rename(unfinished, home)
  } catch (error) {
    await rm(unfinished, { recursive: true })
    if (!existsSync(home)) throw error
  }
}
