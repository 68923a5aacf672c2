/**
 * `bellpush push`: one notification to an audience, and what became of every token.
 *
 * Not here: pushing, which is the client's; what the payload is made of (payload-options.js).
 */
import { Command, InvalidArgumentError, Option } from 'commander'
import { Client } from '../client.js'
import { openAudience } from './audience.js'
import { errorJson, exit, exitCodeOf, tellError, usage } from './exit.js'
import { addGatewayOptions, readGatewayOptions } from './gateway-options.js'
import { addHeaderOptions, checkHttp2 } from './http2-options.js'
import { interruptible } from './interrupt.js'
import { count, print, printJson, tell } from './output.js'
import { addPayloadOptions, readExpiration, readPayload } from './payload-options.js'
import { isProgressShown, startProgress } from './progress.js'
import { reportLines } from './push-report.js'
import { addStoreOptions, labelOf, namesTable, withStore } from './store-options.js'

/** Results of each kind that a report lists: more than the client holds at once, so that hardly any is only counted. */
const MAX_LISTED = 100_000

/**
 * @typedef {import('./gateway-options.js').GatewayOptions & import('./store-options.js').StoreOptions &
 *   import('./payload-options.js').PayloadOptions & import('./http2-options.js').Http2Options & {
 *   client?: string[], all?: boolean, tokens?: string,
 *   connections?: number, inDoubt?: 'report' | 'resend', json?: boolean }} PushOptions
 */

/** @returns {Command} */
export function pushCommand () {
  const command = new Command('push')
    .summary('push a notification to many tokens')
    .description('Pushes one notification to an audience, over HTTP/2 as Apple wants it or over the legacy binary ' +
      'protocol, and tells what became of every token. Tokens that prove dead are removed from the database. ' +
      '"Accepted" is the word of the gateway: nobody can tell whether a phone rang.')
  addGatewayOptions(command.optionsGroup('Gateway:'), { what: 'gateway', port: 2195, http2: true })
  addStoreOptions(command.optionsGroup('Audience (one of --client, --all, --tokens):')
    .option('--client <id...>', 'the tokens of these clients in the database')
    .option('--all', 'every token in the database')
    .option('--tokens <file>', 'the tokens in a file, or - for stdin: one a line, alone or after its client as ' +
      '`tokens list` prints it; # begins a comment'),
  'token database, sqlite:FILE, mysql://… or postgres://…: where clients are looked up and dead tokens are removed, ' +
  'those of --tokens too')
  addHeaderOptions(addPayloadOptions(command.optionsGroup('Notification:')))
  return command.optionsGroup('Options:')
    .option('--connections <number>', 'connections at work at once, 1 to 100 (default: HTTP/2: up to 8; binary ' +
      'protocol: 1 while no token is refused, then more)', readConnections)
    .addOption(new Option('--in-doubt <how>', 'what to do with notifications of which nobody can know whether they ' +
      'were accepted: report never rings twice, resend rather rings twice than never').choices(['report', 'resend'])
      .default('report'))
    .option('--json', 'print the report as one JSON object, with the tokens of every kind but the accepted')
    .addHelpText('after', help)
    .action(push)
}

const help = `
The JSON object: total, accepted; counts of each outcome; lists of rejected,
exhausted (given up), expired, inDoubt, notSent, each { token, reason, status,
at, … }; removed and kept (dead tokens); truncated (a list is shorter than its
count); complete (the audience was read to its end); connections; elapsed
(milliseconds); removalError and error: null or { code, message }.

On a terminal, progress is shown. Ctrl+C stops: what has been sent still gets
its verdict. Pressed again, it ends at once, and what was sent is in doubt.

Exit codes:
  0  every token was accepted, or there was none
  1  some were rejected, in doubt or not sent
  2  usage: an option, the payload or the table is wrong; nothing was sent
  3  could not connect or authenticate, or the database could not be used;
     if that happened half-way, the report says what had been sent

Examples:
  Ring two customers through Apple, with the .p8 key of your team:
  $ bellpush push --gateway production --key AuthKey_ABCDE12345.p8 \\
      --key-id ABCDE12345 --team-id FGHIJ67890 --topic com.example.doorbell \\
      --db sqlite:doorbell.db --client alice bob \\
      --alert 'Ding dong' --sound default --expiration 30s

  Wake an app in the background; its tokens are in a file:
  $ bellpush push --gateway sandbox --pfx push.p12 --tokens tokens.txt \\
      --topic com.example.doorbell --payload '{"aps":{"content-available":1}}'

  Try it against a local APNs ("bellpush simulate" in another window):
  $ bellpush push --gateway https://127.0.0.1:2197 \\
      --ca bellpush-simulator/ca.pem --key bellpush-simulator/AuthKey.p8 \\
      --key-id SIMULATOR1 --team-id BELLPUSH01 --topic com.example.doorbell \\
      --tokens tokens.txt --alert 'Ding dong'

  A private gateway of the binary protocol, and a report for a program:
  $ bellpush push --gateway apns://127.0.0.1:2195 --ca ca.pem --cert cert.pem \\
      --key key.pem --tokens tokens.txt --json --alert 'Ding dong'

  Everybody in a table that was there before:
  $ BELLPUSH_PASSPHRASE=secret bellpush push --gateway production \\
      --pfx cert.p12 --db sqlite:old.db --table tb_apns \\
      --token-column deviceToken --all --payload @payload.json`

/** @param {PushOptions} options */
async function push (options) {
  const http2 = checkHttp2(options)
  checkAudience(options)
  const { payload, priority } = await readPayload(options)
  const { topic, pushType, collapseId, expiration } = options
  const headers = http2 ? { topic, pushType, collapseId } : {}
  const send = { payload, priority, expiration: readExpiration(expiration), ...headers }
  if (options.db === undefined) await pushWith(options, send, undefined)
  else await withStore(options, {}, store => pushWith(options, send, store))
}

/** @param {PushOptions} options */
function checkAudience ({ client, all, tokens, db, ...rest }) {
  const given = [client && '--client', all && '--all', tokens !== undefined && '--tokens'].filter(Boolean)
  if (given.length !== 1) {
    throw usage(given.length === 0
      ? 'who is it for? Give --client ID…, --all or --tokens FILE'
      : `the audience was given twice, as ${given.join(' and ')}: give one of them`)
  }
  if (db !== undefined) return
  if (tokens === undefined) throw usage(`${given[0]} needs the database that knows the tokens: --db sqlite:FILE`)
  if (namesTable(rest)) throw usage('a table or column was named, but no database: --db sqlite:FILE')
}

/**
 * @param {PushOptions} options
 * @param {import('../client.js').SendOptions & { payload: string | object }} notification
 * @param {import('../stores/token-store.js').TokenStore | undefined} store
 */
async function pushWith (options, { payload, ...send }, store) {
  const { auth, ...gateway } = await readGatewayOptions(options)
  const { keyId, teamId, proxy, connections } = options
  const client = new Client({
    ...gateway,
    auth: /** @type {import('../client-options.js').Auth} */ ({ ...auth, keyId, teamId }),
    proxy,
    tokens: store,
    connections,
    maxConnections: connections,
    inDoubt: options.inDoubt,
    maxListed: MAX_LISTED
  })
  const audience = await openAudience(options, store)
  try {
    const total = isProgressShown() ? await audience.count() : undefined
    const bar = startProgress({ total, unit: 'tokens', note: 'connecting' })
    const onProgress = (/** @type {import('../client.js').Progress} */ { settled, counts }) =>
      bar.update(settled, `${count(counts.accepted)} accepted, ${count(settled - counts.accepted)} not`)
    const reactions = {
      stop: () => bar.aside(() => tell('Stopping: what has been sent gets its verdict. Ctrl+C again ends at once.')),
      end: () => client.destroy()
    }
    const { report, error } = await interruptible(reactions, async signal =>
      client.send(payload, audience.tokens(), { ...send, signal, onProgress }).then(
        report => ({ report, error: undefined }),
        error => ({ report: /** @type {import('../report.js').Report | undefined} */ (error.report), error })
      )).finally(() => bar.stop())
    if (report === undefined) throw error
    await tellOutcome(report, error, audience, options)
  } finally {
    audience.close()
  }
}

/**
 * @param {import('../report.js').Report} report
 * @param {unknown} error what ended the push early, if anything did
 * @param {import('./audience.js').CommandAudience} audience
 * @param {PushOptions} options
 */
async function tellOutcome (report, error, audience, { json, db }) {
  // First, so that it is read before a long list of tokens that were not sent for that reason.
  if (error !== undefined) tellError(error)
  if (json) {
    await printJson({
      ...report,
      rejected: report.rejected.map(result => ({ ...result, line: audience.lineOf(result.token) })),
      removalError: report.removalError ? errorJson(report.removalError) : null,
      error: error === undefined ? null : errorJson(error)
    })
  } else {
    await print(reportLines(report, { db: labelOf({ db }), lineOf: token => audience.lineOf(token) }))
  }
  const isDone = report.accepted === report.total && report.removalError === undefined
  process.exitCode = error !== undefined ? exitCodeOf(error) : isDone ? exit.done : exit.incomplete
}

/** @param {string} text */
function readConnections (text) {
  const connections = Number(text)
  if (/^\d+$/.test(text) && connections >= 1 && connections <= 100) return connections
  throw new InvalidArgumentError('A number from 1 to 100 is needed.')
}
