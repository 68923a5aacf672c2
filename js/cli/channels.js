/**
 * `bellpush channels`: the broadcast channels of an app, and a broadcast to all devices that listen to one.
 *
 * Not here: what Apple is asked, which is the library's (../channels.js).
 */
import { Command, Option } from 'commander'
import { Client } from '../client.js'
import { usage } from './exit.js'
import { addGatewayOptions, readGatewayOptions } from './gateway-options.js'
import { checkHttp2 } from './http2-options.js'
import { interruptible } from './interrupt.js'
import { print, printable, printJson, tell } from './output.js'
import { readExpiration, readPayload } from './payload-options.js'

/**
 * @typedef {import('./gateway-options.js').GatewayOptions & import('./payload-options.js').PayloadOptions & {
 *   keyId?: string, teamId?: string, proxy?: string, topic?: string, storeLatest?: boolean, json?: boolean }} Options
 */

const POLICIES = ['nothing is stored', 'the latest is stored']

const EXIT_CODES = `
Exit codes: 0 done, 1 Apple refused it, 2 usage, 3 could not connect or
authenticate.`

const LOCAL = `\\
      --gateway https://127.0.0.1:2197 \\
      --ca bellpush-simulator/ca.pem --key bellpush-simulator/AuthKey.p8 \\
      --key-id SIMULATOR1 --team-id BELLPUSH01 --topic com.example.doorbell`

/** @returns {Command} */
export function channelsCommand () {
  return new Command('channels')
    .summary('see and change broadcast channels, and broadcast')
    .description('Broadcast channels are for live activities: devices subscribe to a channel, and one request ' +
      'reaches all of them. Apple knows who listens, and does not tell. HTTP/2 only.')
    .addCommand(subcommand(new Command('create')
      .summary('make a channel')
      .description('Makes a channel and prints its id, which the app subscribes to. An app may have 10,000.')
      .option('--store-latest', 'devices that are offline get the latest message when they are back (default: ' +
        'nothing is stored, and a broadcast may have no --expiration)'),
    [`bellpush channels create ${LOCAL}`], create))
    .addCommand(subcommand(new Command('list').summary('list the ids of all channels'),
      [`bellpush channels list ${LOCAL}`], list))
    .addCommand(subcommand(new Command('read').summary('tell what a channel stores').argument('<id>'),
      [`bellpush channels read dHN0LXNyY2gtY2hubA== ${LOCAL}`], read))
    .addCommand(subcommand(new Command('delete')
      .summary('delete a channel, for good')
      .description('Deletes a channel. No other one will ever have its id.')
      .argument('<id>'),
    [`bellpush channels delete dHN0LXNyY2gtY2hubA== ${LOCAL}`], remove))
    .addCommand(subcommand(new Command('broadcast')
      .summary('send to all devices that listen to a channel')
      .description('Sends to all devices that listen to a channel. That Apple took it is all that anybody is told.')
      .argument('<id>')
      .requiredOption('--payload <json>', "a live activity's, that updates or ends it: a JSON object or @FILE, of at " +
        'most 5,120 bytes')
      .option('--expiration <time>', 'for channels that store: a time from now as 30s, 5m, 2h or 1d, or Unix seconds ' +
        '(default: 0)')
      .addOption(new Option('--priority <number>', '10: at once, 5: when it suits the battery (default: 10)')
        .choices(['1', '5', '10'])),
    [`bellpush channels broadcast dHN0LXNyY2gtY2hubA== ${LOCAL} \\
      --payload '{"aps":{"timestamp":1795510800,"event":"update",
        "content-state":{"ringing":true}}}'`], broadcast))
    .addHelpText('after', `
Each has its own help: bellpush channels broadcast --help.

Examples, against a local APNs ("bellpush simulate" in another window):
  $ bellpush channels create ${LOCAL}
  $ bellpush channels list ${LOCAL}`)
}

/**
 * @param {Command} command
 * @param {string[]} examples
 * @param {(client: Client, asked: { id: string, options: Options, signal: AbortSignal }) => Promise<void>} action
 */
function subcommand (command, examples, action) {
  addGatewayOptions(command, { what: 'gateway', port: 2195, http2: true })
  const gateway = command.options.find(({ long }) => long === '--gateway')
  if (gateway) gateway.description = "production or sandbox (Apple's own), or https://HOST[:PORT]"
  return command
    .option('--topic <bundle-id>', 'the app; certificates have one of their own')
    .option('--json', 'print one JSON object')
    .addHelpText('after', `${EXIT_CODES}

Example, against a local APNs ("bellpush simulate" in another window):
  $ ${examples.join('\n  $ ')}`)
    .action(async (/** @type {any[]} */ ...args) => {
      const [given, self] = args.slice(-2)
      await withClient(given, (client, signal) => action(client, { id: self.args[0], options: given, signal }))
    })
}

/**
 * @param {Options} options
 * @param {(client: Client, signal: AbortSignal) => Promise<void>} run
 */
async function withClient (options, run) {
  if (!checkHttp2(options)) throw usage('channels are of HTTP/2: --gateway production, sandbox or https://HOST')
  const { auth, ...gateway } = await readGatewayOptions(options)
  const { keyId, teamId, proxy, topic } = options
  const client = new Client({
    ...gateway, auth: /** @type {import('../client-options.js').Auth} */ ({ ...auth, keyId, teamId }), proxy, topic
  })
  const reactions = { stop: () => {}, end: () => client.destroy() }
  try {
    await interruptible(reactions, signal => run(client, signal))
  } finally {
    client.destroy()
  }
}

/** @type {Parameters<typeof subcommand>[2]} */
async function create (client, { options: { storeLatest, json }, signal }) {
  const channel = await client.channels.create({ messageStoragePolicy: storeLatest ? 1 : 0, signal })
  await (json ? printJson(channel) : print(channel.id))
}

/** @type {Parameters<typeof subcommand>[2]} */
async function list (client, { options: { json }, signal }) {
  const ids = await client.channels.list({ signal })
  if (json) await printJson({ channels: ids })
  else if (ids.length > 0) await print(ids.map(id => printable(id)))
}

/** @type {Parameters<typeof subcommand>[2]} */
async function read (client, { id, options: { json }, signal }) {
  const channel = await client.channels.get(id, { signal })
  const { pushType, messageStoragePolicy } = channel
  await (json ? printJson(channel) : print(`${printable(pushType)}, ${POLICIES[messageStoragePolicy]}`))
}

/** @type {Parameters<typeof subcommand>[2]} */
async function remove (client, { id, options: { json }, signal }) {
  await client.channels.delete(id, { signal })
  if (json) await printJson({ deleted: id })
  else tell(`${printable(id)} is deleted`)
}

/** @type {Parameters<typeof subcommand>[2]} */
async function broadcast (client, { id, options, signal }) {
  const { payload, priority } = await readPayload(options)
  const sent = await client.broadcast(payload, id, { priority, expiration: readExpiration(options.expiration), signal })
  if (options.json) await printJson(sent)
  else tell(`Apple took it${sent.id === null ? '' : `: ${printable(sent.id)}`}. Who got it, nobody is told.`)
}
