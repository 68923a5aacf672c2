/**
 * `bellpush simulate`: the simulator as a process of its own, for programs in any language. One JSON line when it is
 * ready, one with the counts when it ends.
 *
 * Not here: exit codes of errors. Errors are thrown, and the command's main file turns them into exit codes.
 */

import { once } from 'node:events'
import { Command, InvalidArgumentError, Option } from 'commander'
import { normalizeToken } from '../core.js'
import { BellpushError } from '../errors.js'
import { everyFaultKind, parseFault } from '../simulator/faults.js'
import { LineSource, tokenOf } from './token-lines.js'

/**
 * @typedef {object} SimulateOptions
 * @property {number} binaryPort
 * @property {number} feedbackPort
 * @property {number} http2Port
 * @property {string} dir
 * @property {string} [dead]
 * @property {string[]} [fault]
 * @property {boolean} [plain]
 */

/** @returns {Command} */
export function simulateCommand () {
  return new Command('simulate')
    .summary('run a local APNs, with faults on demand')
    .description('Runs a local APNs over TLS: the HTTP/2 service, the legacy binary gateway (commands 0, 1 and 2) ' +
      'and the feedback service. It accepts every token that is not dead, and counts.')
    .option('--binary-port <port>', 'port of the binary gateway; 0 picks a free one', readPort, 2195)
    .option('--feedback-port <port>', 'port of the feedback service; 0 picks a free one', readPort, 2196)
    .option('--http2-port <port>', 'port of the HTTP/2 service; 0 picks a free one', readPort, 2197)
    .option('--dir <dir>', 'where ca.pem, cert.pem and key.pem are, or will be written', 'bellpush-simulator')
    .option('--dead <file>', 'tokens to reject, and to list in the feedback service: one a line, # comments')
    .option('--fault <fault...>', 'NAME@POSITION or NAME@token:HEX, see below', readFaults)
    .addOption(new Option('--plain', 'no TLS, so that what is said can be captured and read; makes no certificates')
      .conflicts('dir'))
    .addHelpText('after', ({ command }) => help(command))
    .action(simulate)
}

/** @param {Command} command */
function help (command) {
  return `
Faults:
${inColumns(command, [
    ['NAME@5', 'at the 5th notification that the gateway looks at, over all connections; fires once'],
    ['NAME@token:HEX', 'each time that this token comes (spurious: once)']
  ])}

In the binary protocol, whatever follows the notification on its connection is
thrown away unread, as Apple did. NAME is one of:
${inColumns(command, everyFaultKind.map(({ name, help }) => [name, help]))}

Output, one JSON object a line:
${inColumns(command, [
    ['when ready', '{"ready":true, "binary":"apns://127.0.0.1:2195", "feedback":"apns://127.0.0.1:2196", ' +
      '"http2":"https://127.0.0.1:2197", "ca":PATH, "cert":PATH, "key":PATH, "p8":PATH, "keyId":…, "teamId":…}'],
    ['SIGINT, SIGTERM', 'the counts, then exit 0: accepted, rejected, duplicates, connections, …'],
    ['SIGUSR2', 'the counts, then a new count begins (a second ring to the same tokens is no duplicate)']
  ])}

Exit codes: 0 ended by a signal, 2 usage, 3 cannot listen on a port.

Examples:
  $ bellpush simulate
  $ bellpush simulate --dead dead-tokens.txt --fault late-500@100 reset@2000
  $ bellpush simulate --binary-port 0 --feedback-port 0 --dir /tmp/apns \\
      --fault status-7@token:0a1b2c3d
  $ bellpush push --gateway apns://127.0.0.1:2195 \\
      --ca bellpush-simulator/ca.pem --cert bellpush-simulator/cert.pem \\
      --key bellpush-simulator/key.pem --tokens tokens.txt --alert 'Ding dong'`
}

/**
 * Terms and what they mean, wrapped as the options above them are.
 * @param {Command} command
 * @param {[term: string, meaning: string][]} items
 */
function inColumns (command, items) {
  const helper = command.createHelp()
  helper.prepareContext({ helpWidth: command.configureOutput().getOutHelpWidth?.() })
  const width = Math.max(...items.map(([term]) => term.length))
  return items.map(([term, meaning]) => helper.formatItem(term, width, meaning, helper)).join('\n')
}

/** @param {SimulateOptions} options */
async function simulate ({ binaryPort, feedbackPort, http2Port, dir, dead, fault, plain }) {
  // Before anything else, so that a signal at any time ends in order.
  const ended = Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)))
  process.stdout.on('error', () => {}) // whoever started this may have stopped reading
  const { Simulator } = await import('../simulator/simulator.js')
  const simulator = await Simulator.start({
    binaryPort,
    feedbackPort,
    http2Port,
    dir: plain ? undefined : dir,
    dead: dead === undefined ? [] : await readDead(dead),
    faults: fault,
    plain
  })
  process.on('SIGUSR2', () => print(simulator.reset()))
  print({
    ready: true,
    binary: simulator.binary,
    feedback: simulator.feedback,
    ...(plain ? {} : { http2: simulator.http2, ...simulator.credentials.paths, ...simulator.signing })
  })
  await ended
  await simulator.stop()
  print(simulator.counts())
}

/** @param {object} value */
function print (value) {
  process.stdout.write(JSON.stringify(value) + '\n')
}

/** @param {string} text */
function readPort (text) {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65535) return port
  throw new InvalidArgumentError('A number from 0 to 65535 is needed.')
}

/**
 * @param {string} text
 * @param {string[]} [earlier]
 */
function readFaults (text, earlier = []) {
  try {
    parseFault(text)
  } catch (error) {
    throw new InvalidArgumentError(/** @type {Error} */ (error).message)
  }
  return [...earlier, text]
}

/** @param {string} path @returns {Promise<string[]>} */
async function readDead (path) {
  const source = await LineSource.open(path)
  const tokens = []
  for await (const { number, text, problem } of source.lines()) {
    try {
      tokens.push(normalizeToken(tokenOf(text)))
    } catch (cause) {
      throw new BellpushError('BELLPUSH_TOKEN_MALFORMED',
        `${path}, line ${number}: ${problem ?? /** @type {Error} */ (cause).message}`, { cause })
    }
  }
  return tokens
}
