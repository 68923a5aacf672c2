/**
 * The certificates that a simulator runs with: its authority, a client's and its own. With a directory they are kept
 * there, for other programs to use and to be used again; without one, all simulators of a process share one set.
 *
 * Not here: making certificates. That is certificates.js.
 */

import { createPrivateKey, randomUUID, X509Certificate } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { BellpushError } from '../errors.js'
import { Authority, authorityName, createAuthority } from './certificates.js'
import { createSigningKey, signingKey } from './http2-authorization.js'

const day = 86_400_000
const serverHosts = ['127.0.0.1', '::1', 'localhost']
const files = /** @type {const} */ ({
  ca: 'ca.pem', caKey: 'ca-key.pem', cert: 'cert.pem', key: 'key.pem', p8: 'AuthKey.p8'
})

/**
 * What a client needs, in PEM.
 *
 * @typedef {object} ClientCredentials
 * @property {string} ca
 * @property {string} cert
 * @property {string} key
 * @property {{ ca: string, cert: string, key: string }} [paths] of the files, if there is a directory
 */

/**
 * @typedef {object} SimulatorCredentials
 * @property {Authority} authority
 * @property {ClientCredentials} client
 * @property {import('./certificates.js').Issued} server
 * @property {import('./http2-authorization.js').SigningKey} signing what provider tokens are signed with
 * @property {string} [p8] the path of its key, if there is a directory
 */

/** @type {Promise<SimulatorCredentials> | undefined} */
let shared

/**
 * @param {string} [dir] made if it is missing
 * @returns {Promise<SimulatorCredentials>}
 * @throws {BellpushError} BELLPUSH_OPTION_INVALID if the directory cannot be used or holds somebody else's certificates
 */
export function simulatorCredentials (dir) {
  if (dir !== undefined) return keptCredentials(resolve(dir))
  shared ??= newCredentials()
  return shared
}

async function newCredentials () {
  const authority = await createAuthority()
  const [{ certPem, keyPem }, server] = await Promise.all([issueClient(authority), issueServer(authority)])
  return {
    authority, server, signing: createSigningKey(), client: { ca: authority.certPem, cert: certPem, key: keyPem }
  }
}

/** @param {string} dir absolute */
async function keptCredentials (dir) {
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 })
    const kept = await readKept(dir)
    const authority = usableAuthority(kept) ?? await keepAuthority(dir)
    const client = usableClient(kept, authority) ?? await keepClient(dir, authority)
    const [ca, cert, key] = [files.ca, files.cert, files.key].map((name) => join(dir, name))
    const p8 = usableSigningKey(kept) ?? createSigningKey()
    if (p8.key !== kept.p8) await keep(dir, files.p8, p8.key)
    return {
      authority,
      server: await issueServer(authority),
      signing: p8,
      p8: join(dir, files.p8),
      client: { ca: authority.certPem, cert: client.certPem, key: client.keyPem, paths: { ca, cert, key } }
    }
  } catch (cause) {
    if (cause instanceof BellpushError) throw cause
    const { message } = /** @type {Error} */ (cause)
    throw new BellpushError('BELLPUSH_OPTION_INVALID',
      `the directory ${dir} cannot keep the simulator's certificates: ${message}`, { cause })
  }
}

/** @param {Authority} authority */
const issueClient = (authority) => authority.issue({ commonName: 'bellpush client', uid: 'com.example.doorbell' })
/**
 * With the authority's own key: whoever has the one has the other, and to make another takes a quarter of a second.
 *
 * @param {Authority} authority
 */
const issueServer = (authority) =>
  authority.issue({ commonName: 'bellpush simulator', hosts: serverHosts, keyPem: authority.keyPem })

/** @typedef {Partial<Record<keyof typeof files, string>>} Kept the PEM text of the files that are there */

/**
 * The files, none of which may be anything but the simulator's: a developer's own key must not be overwritten.
 *
 * @param {string} dir
 * @returns {Promise<Kept>}
 */
async function readKept (dir) {
  /** @type {Kept} */
  const kept = {}
  for (const [role, name] of Object.entries(files)) {
    const text = await readFile(join(dir, name), 'utf8').catch((error) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    if (text !== undefined) kept[/** @type {keyof typeof files} */ (role)] = text
  }
  const foreign = kept.ca === undefined ? Object.keys(kept).length > 0 : !isOurs(kept.ca)
  if (foreign || (kept.cert !== undefined && !isOurs(kept.cert))) {
    const names = Object.keys(kept).map((role) => files[/** @type {keyof typeof files} */ (role)])
    throw new BellpushError('BELLPUSH_OPTION_INVALID',
      `the directory ${dir} holds files that no simulator made (among ${names.join(', ')}): choose another directory`)
  }
  return kept
}

/** @param {string} certPem */
function isOurs (certPem) {
  try {
    return new X509Certificate(certPem).issuer === `CN=${authorityName}`
  } catch {
    return false
  }
}

/** @param {Kept} kept @returns {Authority | undefined} */
function usableAuthority ({ ca, caKey }) {
  if (ca !== undefined && caKey !== undefined && fits(ca, caKey, ca)) return new Authority(ca, caKey)
}

/**
 * @param {Kept} kept
 * @param {Authority} authority
 */
function usableClient ({ cert, key }, authority) {
  if (cert !== undefined && key !== undefined && fits(cert, key, authority.certPem)) {
    return { certPem: cert, keyPem: key }
  }
}

/** @param {Kept} kept */
function usableSigningKey ({ p8 }) {
  try {
    const curve = p8 && createPrivateKey(p8).asymmetricKeyDetails?.namedCurve
    return p8 && curve === 'prime256v1' ? signingKey(p8) : undefined
  } catch {
    return undefined // damaged: a new one takes its place
  }
}

/**
 * Whether a certificate is in force for another day, belongs to the key and was signed by the issuer.
 *
 * @param {string} certPem
 * @param {string} keyPem
 * @param {string} issuerPem
 */
function fits (certPem, keyPem, issuerPem) {
  try {
    const certificate = new X509Certificate(certPem)
    const issuer = new X509Certificate(issuerPem)
    return Date.parse(certificate.validFrom) <= Date.now() && Date.parse(certificate.validTo) > Date.now() + day &&
      certificate.checkPrivateKey(createPrivateKey(keyPem)) && certificate.verify(issuer.publicKey)
  } catch {
    return false // damaged: a new one takes its place
  }
}

/** @param {string} dir */
async function keepAuthority (dir) {
  const authority = await createAuthority()
  await keep(dir, files.ca, authority.certPem)
  await keep(dir, files.caKey, authority.keyPem)
  return authority
}

/**
 * @param {string} dir
 * @param {Authority} authority
 */
async function keepClient (dir, authority) {
  const issued = await issueClient(authority)
  await keep(dir, files.key, issued.keyPem)
  await keep(dir, files.cert, issued.certPem)
  return issued
}

/**
 * Writes under another name first, so that nobody ever reads half a file; readable by this user only.
 *
 * @param {string} dir
 * @param {string} name
 * @param {string} text
 */
async function keep (dir, name, text) {
  const temporary = join(dir, `.${name}.${randomUUID()}`)
  await writeFile(temporary, text, { mode: 0o600, flag: 'wx' })
  await rename(temporary, join(dir, name))
}
