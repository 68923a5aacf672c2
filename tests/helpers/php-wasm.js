/**
 * A program that runs PHP of some version, as WebAssembly: `php-wasm.js 7.4 ARGUMENTS`. It sees the package's folder
 * and Debian's PHP libraries, and neither the network nor other programs.
 */
import { Writable } from 'node:stream'
import { phpModules } from '../../scripts/lib/php-wasm.js'
import { php as folder } from './php.js'

const [version, ...args] = process.argv.slice(2)
const modules = phpModules(version)
const { getPHPLoaderModule } = await import(modules.php)
const { PHP, loadPHPRuntime } = await import(modules.universal)

const php = new PHP(await loadPHPRuntime(await getPHPLoaderModule(), {}))
for (const root of [folder, '/usr/share/php', '/usr/bin']) {
  await php.mount(root, async (/** @type {any} */ _php, /** @type {any} */ files, /** @type {string} */ path) => {
    files.mkdirTree(path)
    files.mount(files.filesystems.NODEFS, { root }, path)
    return () => files.unmount(path)
  })
}
php.chdir(folder)
const { stdout, stderr, exitCode } = await php.cli(['php', ...args])
await Promise.all([
  stdout.pipeTo(Writable.toWeb(process.stdout), { preventClose: true }),
  stderr.pipeTo(Writable.toWeb(process.stderr), { preventClose: true })
])
process.exit(await exitCode)
