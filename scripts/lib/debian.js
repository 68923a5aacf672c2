/**
 * Debian's packages: which are there, and installing the others where this is allowed.
 */
import { capture, complaintOf, say, which } from './run.js'
import { Skipped } from './steps.js'

/** apt-get gets this long, milliseconds. */
const aptTimeout = 600_000

/**
 * @param {string[]} names
 * @returns {string[] | undefined} those that are not installed; nothing where there is no dpkg
 */
export function missingPackages (names) {
  if (!which('dpkg-query')) return undefined
  // eslint-disable-next-line no-template-curly-in-string -- dpkg's own placeholders
  const found = capture('dpkg-query', ['-W', '-f', '${db:Status-Status} ${Package}\n', ...names])
  const installed = new Set(found.stdout.split('\n'))
  return names.filter(name => !installed.has(`installed ${name}`))
}

/**
 * @param {string[]} packages
 * @returns {string} why it failed; empty if it did not
 */
export function aptInstall (packages) {
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`
  if (process.getuid?.() !== 0) return `missing: ${packages.join(' ')}, and only root can install them: sudo ${command}`
  const options = { env: { DEBIAN_FRONTEND: 'noninteractive' }, timeout: aptTimeout }
  say(`apt-get update && ${command}`)
  capture('apt-get', ['update'], options)
  const installed = capture('apt-get', command.split(' ').slice(1), options)
  return installed.ok ? '' : `${command}: ${complaintOf(installed)}`
}

/**
 * Installs what is missing of some packages.
 * @param {string[]} packages
 * @param {string} purpose what they are for, in a few words
 * @throws {Skipped} that says what to install, where this may not be done here
 */
export function needPackages (packages, purpose) {
  const missing = missingPackages(packages)
  const failure = missing === undefined
    ? `there is no dpkg-query: they are those of Debian's packages ${packages.join(' ')}`
    : missing.length > 0 ? aptInstall(missing) : ''
  if (failure) throw new Skipped(`no ${purpose}: ${failure}`)
  say(`Debian's packages ${packages.join(' ')} are there`)
}
