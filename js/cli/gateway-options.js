/**
 * The options of every command that connects: the gateway, and the certificate to show it.
 */
import { readFile } from 'node:fs/promises'
import { Option } from 'commander'
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
 * @param {{ what: string, port: number, required?: boolean }} gateway what it is called, and its usual port
 */
export function addGatewayOptions (command, { what, port, required = true }) {
  return command
    .addOption(new Option('--gateway <url>', `${what}: apns://HOST[:PORT], port ${port} if left out`)
      .makeOptionMandatory(required))
    .option('--cert <file>', 'client certificate, PEM; its key may be in the same file')
    .option('--key <file>', 'private key of the certificate, PEM')
    .addOption(new Option('--pfx <file>', 'certificate and key in one PKCS#12 file (.p12)').conflicts(['cert', 'key']))
    .addOption(new Option('--passphrase <text>', 'passphrase of the key or the PKCS#12 file. Whoever lists the ' +
      'processes of this machine reads it here: better use the environment or --passphrase-file')
      .env('BELLPUSH_PASSPHRASE'))
    .option('--passphrase-file <file>', 'file whose first line is the passphrase')
    .option('--ca <file>', "authorities that the server's certificate must be from, PEM (default: the public ones)")
}

/**
 * @param {GatewayOptions} options
 * @returns {Promise<Pick<import('../client.js').ClientOptions, 'gateway' | 'auth' | 'ca'>>}
 */
export async function readGatewayOptions ({ gateway, ca, cert, key, pfx, passphrase, passphraseFile }) {
  return {
    gateway,
    ca,
    auth: { cert, key, pfx, passphrase: passphraseFile === undefined ? passphrase : await firstLine(passphraseFile) }
  }
}

/** @param {string} path */
async function firstLine (path) {
  try {
    return (await readFile(path, 'utf8')).split(/\r?\n/, 1)[0]
  } catch (error) {
    throw unreadable(path, error)
  }
}
