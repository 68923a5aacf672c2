/** That the package runs on the oldest and on the newest PHP that it is for: what needs no network, on each of them. */
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ran } from '../helpers/php.js'

const php = fileURLToPath(new URL('../helpers/php-wasm.js', import.meta.url))

/** PHPUnit itself is of an age at which the newest PHP calls some of it deprecated. */
const phpunit = ['-d', 'include_path=/usr/share/php', '-d', 'disable_functions=exec,shell_exec', '-d',
  'error_reporting=E_ALL & ~E_DEPRECATED', '/usr/bin/phpunit', '--columns=80', '--testsuite', 'unit']

for (const [name, version, ...settings] of [
  ['7.4', '7.4'],
  ['7.4 that counts characters where others count bytes', '7.4', '-d', 'mbstring.func_overload=7'],
  ['8.5', '8.5']
]) {
  test(`on PHP ${name}`, async t => {
    t.diagnostic(await ran(t, process.execPath, [php, version, ...settings, ...phpunit]))
  })
}
