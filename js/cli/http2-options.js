/**
 * The options that only HTTP/2 knows: provider tokens, the proxy, and what a notification says beside its payload. What
 * is missing or contradictory is said in the words of the command line.
 *
 * Not here: what is wrong with a value, which the client says (auth.js, notification.js).
 */
import { Option } from 'commander'
import { isApple } from '../certificate.js'
import { readClientGateway } from '../gateway.js'
import { pushTypes } from '../push-types.js'
import { usage } from './exit.js'

/**
 * @typedef {object} Http2Options
 * @property {string} [keyId]
 * @property {string} [teamId]
 * @property {string} [proxy]
 * @property {string} [topic]
 * @property {string} [pushType]
 * @property {string} [collapseId]
 */

/** @param {import('commander').Command} command */
export function addTokenOptions (command) {
  return command
    .option('--key-id <id>', 'with a .p8 key: its ten characters, as the portal shows them beside the key')
    .option('--team-id <id>', 'with a .p8 key: the ten characters of your team')
}

/** @param {import('commander').Command} command */
export function addProxyOption (command) {
  return command.addOption(new Option('--proxy <url>', 'HTTP/2 through a proxy that knows CONNECT: ' +
    'http://USER:PASSWORD@HOST:PORT. A password is better in the environment').env('BELLPUSH_PROXY'))
}

/** @param {import('commander').Command} command */
export function addHeaderOptions (command) {
  return command
    .option('--topic <bundle-id>', 'HTTP/2: the app. Certificates have one of their own; push types add their suffix')
    .addOption(new Option('--push-type <type>', 'HTTP/2 (default: background where the payload only says ' +
      'content-available, else alert)').choices(Object.keys(pushTypes)))
    .option('--collapse-id <id>', 'HTTP/2: replaces an earlier notification with the same id on the phone; 64 bytes')
}

/** Options of the command line that only HTTP/2 knows. @type {Record<string, keyof Http2Options>} */
const onlyHttp2 = {
  '--key-id': 'keyId',
  '--team-id': 'teamId',
  '--topic': 'topic',
  '--push-type': 'pushType',
  '--collapse-id': 'collapseId'
}

/**
 * What is wrong with the options together, the first that holds: asked where the gateway speaks HTTP/2.
 * @type {[(options: Given) => boolean, string][]}
 */
const faults = [
  [({ keyId, teamId }) => keyId !== undefined && teamId === undefined, '--key-id wants its --team-id, too'],
  [({ keyId, teamId }) => keyId === undefined && teamId !== undefined, '--team-id wants its --key-id, too'],
  [({ keyId, cert, pfx }) => keyId !== undefined && (cert ?? pfx) !== undefined,
    'who are you? --key-id and --team-id are for a .p8 key, --cert and --pfx for a certificate: give one of the two'],
  [({ keyId, key }) => keyId !== undefined && key === undefined, '--key FILE is missing: the .p8 file of --key-id'],
  [({ keyId, key, cert }) => keyId === undefined && key !== undefined && cert === undefined,
    'is --key a .p8 file? Then give its --key-id and --team-id, too; the key of a certificate wants its --cert'],
  [({ key, cert, pfx, isApple }) => isApple === true && (key ?? cert ?? pfx) === undefined,
    'who are you? Give --key FILE.p8 --key-id ID --team-id ID, or a certificate: --cert FILE --key FILE or --pfx FILE'],
  [({ keyId, topic }) => keyId !== undefined && topic === undefined,
    '--topic is missing: with a .p8 key, which may be for many apps, say for which, as --topic com.example.doorbell']
]

/** @typedef {Http2Options & { key?: string, cert?: string, pfx?: string, isApple?: boolean }} Given */

/**
 * @param {Given & { gateway: string }} options
 * @returns {boolean} whether the gateway speaks HTTP/2
 * @throws {import('../errors.js').BellpushError} usage
 */
export function checkHttp2 ({ gateway, ...options }) {
  const { http2 = false, host } = readClientGateway(gateway)
  if (!http2) {
    const [name] = Object.entries(onlyHttp2).find(([, key]) => options[key] !== undefined) ?? []
    if (name === undefined) return false
    throw usage(`${name} is for HTTP/2, and apns:// is the binary protocol: --gateway production, sandbox or https://HOST`)
  }
  const fault = faults.find(([holds]) => holds({ ...options, isApple: isApple(host) }))
  if (fault !== undefined) throw usage(fault[1])
  return true
}
