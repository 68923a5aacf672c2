#!/usr/bin/env node
/**
 * The command `bellpush`. Each subcommand has a file of its own.
 */
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { channelsCommand } from './channels.js'
import { dbCommand } from './db.js'
import { decodeCommand } from './decode.js'
import { feedbackCommand } from './feedback.js'
import { pushCommand } from './push.js'
import { run } from './run.js'
import { serveCommand } from './serve.js'
import { simulateCommand } from './simulate.js'
import { tokensCommand } from './tokens.js'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

const program = new Command('bellpush')
  .description('Pushes one notification to many Apple devices and tells what became of every single one.')
  .version(version)
  .addCommand(pushCommand())
  .addCommand(channelsCommand())
  .addCommand(tokensCommand())
  .addCommand(feedbackCommand())
  .addCommand(decodeCommand())
  .addCommand(serveCommand())
  .addCommand(dbCommand())
  .addCommand(simulateCommand())
  .addHelpText('after', `
Each command has its own help: bellpush push --help.

Exit codes: 0 done, 1 some rejected or in doubt, 2 usage, 3 could not connect or
authenticate, or the database could not be used. With BELLPUSH_DEBUG=1 an error
tells where it happened.

Examples, against a local APNs (leave the first one running, in its own window):
  $ bellpush simulate
  $ bellpush tokens add --db sqlite:doorbell.db alice 0a1b2c3d 4e5f6071
  $ bellpush push --gateway apns://127.0.0.1:2195 \\
      --ca bellpush-simulator/ca.pem --cert bellpush-simulator/cert.pem \\
      --key bellpush-simulator/key.pem \\
      --db sqlite:doorbell.db --client alice --alert 'Ding dong'
  $ bellpush decode 08 08 00 00 00 07`)

await run(program, process.argv)
