/**
 * Runs the command line: one set of manners for all subcommands, and an exit code whatever happens.
 */
import { CommanderError } from 'commander'
import { errorJson, exit, exitCodeOf, tellError } from './exit.js'
import { allowClosedOutput, printJson } from './output.js'

/**
 * @param {import('commander').Command} program
 * @param {string[]} argv as `process.argv`
 */
export async function run (program, argv) {
  allowClosedOutput()
  prepare(program, 'bellpush')
  let json = false
  program.hook('preAction', (_, command) => { json = command.opts().json === true })
  try {
    if (argv.length <= 2) program.outputHelp()
    else await program.parseAsync(argv)
  } catch (error) {
    // Commander has told its own errors, and help and --version are none.
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? exit.done : exit.usage
      return
    }
    process.exitCode = exitCodeOf(error)
    tellError(error)
    if (json) await printJson({ error: errorJson(error) })
  }
}

/**
 * @param {import('commander').Command} command
 * @param {string} path as one types it
 */
function prepare (command, path) {
  command.exitOverride().showHelpAfterError(`See ${path} --help`).configureHelp({ showGlobalOptions: false })
  for (const subcommand of command.commands) prepare(subcommand, `${path} ${subcommand.name()}`)
}
