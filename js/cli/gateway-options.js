/**
 * The options of every command that connects: the gateway, and who we are to it.
 *
 * Not here: what only HTTP/2 knows (http2-options.js).
 */
import { readFile } from 'node:fs/promises'
import { Option } from 'commander'
import { addProxyOption, addTokenOptions } from './http2-options.js'
import { unreadable } from './token-lines.js'

/**
 * @typedef {object} GatewayOptions
 * @property {string} gateway
 * @property {string} [ca]
 * @property {string} [cert]
 * @property {string} [key]
 * @property {string} [pfx]
 * @property {string} [passphrase]
 * @property {string} [passphraseFile]
 */

/**
 * @param {import('commander').Command} command
 * @param {{ what: string, port: number, http2?: boolean, required?: boolean }} gateway what it is called; the usual
 *   port of the binary protocol; whether it may speak HTTP/2, too
 */
export function addGatewayOptions (command, { what, port, http2 = false, required = true }) {
  const binary = `apns://HOST[:PORT]${http2 ? ' (the binary protocol)' : ''}, port ${port} if left out`
  command
    .addOption(new Option('--gateway <url>', http2
      ? `${what}: production or sandbox (Apple's own), https://HOST[:PORT] (any other of HTTP/2), or ${binary}`
      : `${what}: ${binary}`).makeOptionMandatory(required))
    .option('--key <file>', http2
      ? 'private key: the .p8 file of the developer portal, or that of the certificate, PEM'
      : 'private key of the certificate, PEM')
  if (http2) addTokenOptions(command)
  command
    .option('--cert <file>', 'client certificate, PEM; its key may be in the same file')
    .addOption(new Option('--pfx <file>', 'certificate and key in one PKCS#12 file (.p12)').conflicts(['cert', 'key']))
    .addOption(new Option('--passphrase <text>', 'passphrase of the key or the PKCS#12 file. Whoever lists the ' +
      'processes of this machine reads it here: better use the environment or --passphrase-file')
      .env('BELLPUSH_PASSPHRASE'))
    .option('--passphrase-file <file>', 'file whose first line is the passphrase')
    .option('--ca <file>', "authorities that the server's certificate must be from, PEM (default: the public ones)")
  return http2 ? addProxyOption(command) : command
}

/**
 * @param {GatewayOptions} options
 * @returns {Promise<{ gateway: string, ca: string | undefined, auth: import('../auth.js').CertificateAuth }>}
 */
export async function readGatewayOptions ({ gateway, ca, cert, key, pfx, passphrase, passphraseFile }) {
  const given = passphraseFile === undefined ? passphrase : await firstLine(passphraseFile)
  return { gateway, ca, auth: { cert, key, pfx, passphrase: given } }
}

/** @param {string} path */
async function firstLine (path) {
  try {
    return (await readFile(path, 'utf8')).split(/\r?\n/, 1)[0]
  } catch (error) {
    throw unreadable(path, error)
  }
}
