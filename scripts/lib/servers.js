/**
 * The servers of Debian's packages that the tests start for themselves.
 */
import { aptInstall, missingPackages } from './debian.js'
import { say } from './run.js'
import { Skipped } from './steps.js'

/**
 * Installs what is missing of them.
 * @param {string} kind what they are, in words
 * @param {string[]} packages
 * @throws {Skipped} that says what to install, where this may not be done here
 */
export function installServers (kind, packages) {
  const missing = missingPackages(packages)
  const names = packages.join(', ')
  const failure = missing === undefined
    ? `there is no dpkg-query: the tests start the servers of Debian's packages ${names}`
    : missing.length > 0 ? aptInstall(missing) : ''
  if (failure) throw new Skipped(`no ${kind} for the tests: ${failure}`)
  say(`Debian's packages ${names} are there`)
}
