/** A program of the one command `simulate`. What it throws is printed as JSON: { code, message }. */

import { Command } from 'commander'
import { simulateCommand } from '../../js/cli/simulate.js'

try {
  await new Command('bellpush').addCommand(simulateCommand().exitOverride()).parseAsync()
} catch (error) {
  const { code, message } = /** @type {Error & { code: string }} */ (error)
  console.log(JSON.stringify({ code, message }))
}
