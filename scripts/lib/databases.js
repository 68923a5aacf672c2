/**
 * The database servers that the tests start for themselves.
 */
import { aptInstall, missingPackages } from './debian.js'
import { Failure } from './failure.js'
import { say } from './run.js'

const packages = ['mariadb-server', 'postgresql']

/**
 * Installs what is missing of them.
 * @throws {Failure} that says what to install
 */
export function installDatabases () {
  const missing = missingPackages(packages)
  const failure = missing === undefined
    ? `there is no dpkg-query: the tests start the servers of Debian's packages ${packages.join(' and ')}`
    : missing.length > 0 ? aptInstall(missing) : ''
  if (failure) throw new Failure(`No database servers for the tests: ${failure}`)
  say(`Debian's packages ${packages.join(' and ')} are there`)
}
