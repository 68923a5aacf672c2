/**
 * `bellpush serve`: the sidecar as a process.
 *
 * Not here: what it does (../serve). It is loaded only when it is asked for: its parts are many.
 */
import { once } from 'node:events'
import { Command, InvalidArgumentError, Option } from 'commander'
import { BellpushError } from '../errors.js'
import { addGatewayOptions, readGatewayOptions } from './gateway-options.js'

/** @returns {Command} */
export function serveCommand () {
  const command = new Command('serve')
    .summary('serve HTTP for programs in any language')
    .description('Serves HTTP for programs in any language on this host: pushes, tokens, jobs that survive a crash, ' +
      'metrics, and a page for the person on call. All of it is told in a file, bellpush.toml; for a first try the ' +
      'options below are enough.')
    .addOption(new Option('--config <file>', 'the file (default: bellpush.toml, if there is one)')
      .env('BELLPUSH_CONFIG'))
    .addOption(new Option('--listen <host:port>', 'where it listens (default: 127.0.0.1:8195); beyond loopback it ' +
      'needs keys').env('BELLPUSH_LISTEN'))
    .addOption(new Option('--database <url>', 'tokens and jobs: sqlite:FILE, mysql://… or postgres://…')
      .env('BELLPUSH_DATABASE'))
    .addOption(new Option('--log-level <level>', 'trace, debug, info, warn, error, fatal or silent (default: info)')
      .env('BELLPUSH_LOG_LEVEL'))
    .option('--legacy-port <port>', 'also takes the legacy binary protocol in, here (loopback, without TLS; the file ' +
      'can say more); the app must speak HTTP/2', readPort)
    .option('--legacy-feedback-port <port>', 'the legacy feedback service', readPort)
  addGatewayOptions(command.optionsGroup('An app without a file (its name is "default"):'),
    { what: 'its gateway', port: 2195, required: false })
  return command.addHelpText('after', help).action(serve)
}

const help = `
The file, whole (paths are relative to it; { env = "NAME" } takes any value from
the environment, so that secrets need not be in it):

  listen = "127.0.0.1:8195"
  database = "sqlite:doorbell.db"    # or { env = "DATABASE_URL" }

  [apps.doorbell]                    # any option of the client, besides
  gateway = "apns://gateway.example:2195"
  cert = "doorbell.pem"              # or pfx; key, passphrase, ca
  inDoubt = "report"                 # never rings twice; "resend": may

  [[keys]]                           # needed beyond loopback
  name = "shop"
  key = { env = "SHOP_KEY" }
  apps = ["doorbell"]                # left out: all

  [tokens]                           # where an old table is
  table = "tb_apns"
  columns = { token = "deviceToken" }

  [webhook]                          # told of jobs and of removed tokens
  url = "https://shop.example/bellpush"
  secret = { env = "WEBHOOK_SECRET" }

  [legacy]                           # the old protocol in, HTTP/2 out
  host = "0.0.0.0"                   # beyond loopback it needs TLS:
  cert = "gateway.pem"               # its own; key, pfx, passphrase
  ca = "old-clients-ca.pem"          # who issues client certificates
  port = 2195
  feedbackPort = 2196
  feedback = "legacy-feedback.db"    # dead tokens, until they are fetched
  certificates = { doorbell = ["old.pem"] } # good though they have expired

Then: http://127.0.0.1:8195/ is the page of the person on call, /docs says what
can be called, /metrics is for Prometheus.

SIGTERM and SIGINT end it in order: what is under way gets its verdict, jobs go
on when it is started again. A second one ends it at once.

Exit codes: 0 ended by a signal, 2 the configuration is wrong, 3 the database,
a certificate or the port cannot be used.

Examples:
  $ bellpush simulate
  $ bellpush serve --database sqlite:doorbell.db \\
      --gateway apns://localhost:2195 --ca bellpush-simulator/ca.pem \\
      --cert bellpush-simulator/cert.pem --key bellpush-simulator/key.pem
  $ curl -X PUT http://127.0.0.1:8195/v1/clients/7/tokens/0a1b2c3d4e5f6071
  $ curl http://127.0.0.1:8195/v1/push -H 'content-type: application/json' \\
      -d '{"clientIds": [7], "aps": {"alert": "Ding dong"}}'`

/**
 * @param {import('./gateway-options.js').GatewayOptions & { config?: string, listen?: string, database?: string,
 *   logLevel?: string, legacyPort?: number, legacyFeedbackPort?: number }} options
 */
async function serve ({
  config: file, listen, database, logLevel, legacyPort, legacyFeedbackPort, ...gatewayOptions
}) {
  const { createSidecar, readConfig } = await import('../serve/index.js')
  // Before anything else, so that a signal at any time ends in order.
  const listening = new AbortController()
  const ended = Promise.race(['SIGINT', 'SIGTERM'].map(signal => once(process, signal, { signal: listening.signal })))
  const { gateway, ca, auth } = await readGatewayOptions(gatewayOptions)
  const app = gateway === undefined ? undefined : { gateway, ca, ...auth }
  const legacy = { port: legacyPort, feedbackPort: legacyFeedbackPort }
  const config = readConfig({ config: file, listen, database, logLevel, legacy, app })
  const server = await createSidecar(config)
  try {
    await server.listen({ host: config.host, port: config.port })
  } catch (error) {
    await server.close()
    if (error instanceof BellpushError) throw error
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error)
    const where = `${config.host}:${config.port}`
    throw new BellpushError('BELLPUSH_LISTEN_FAILED',
      `cannot listen on ${where}: ${code === 'EADDRINUSE' ? 'the port is in use' : message}`, { cause: error })
  }
  const [signal] = await ended
  listening.abort() // once more, and it ends by itself
  server.log.info({ signal }, 'ending: what is under way gets its verdict')
  await server.close()
  // A database that does not answer would hold this process by its connections.
  process.exit(0)
}

/** @param {string} text */
function readPort (text) {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65535) return port
  throw new InvalidArgumentError('A number from 0 to 65535 is needed.')
}
