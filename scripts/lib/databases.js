/**
 * The database servers that the tests start for themselves.
 */
import { aptInstall, missingPackages } from './debian.js'
import { say } from './run.js'
import { Skipped } from './steps.js'

const packages = ['mariadb-server', 'postgresql']

/**
 * Installs what is missing of them.
 * @throws {Skipped} that says what to install, where this may not be done here
 */
export function installDatabases () {
  const missing = missingPackages(packages)
  const failure = missing === undefined
    ? `there is no dpkg-query: the tests start the servers of Debian's packages ${packages.join(' and ')}`
    : missing.length > 0 ? aptInstall(missing) : ''
  if (failure) throw new Skipped(`no database servers for the tests: ${failure}`)
  say(`Debian's packages ${packages.join(' and ')} are there`)
}
