/**
 * Where a notification goes: the address of a gateway or of a feedback service, read from text.
 */
import { BellpushError } from './errors.js'

/**
 * @typedef {object} Gateway
 * @property {string} host name or address, without brackets
 * @property {number} port
 * @property {boolean} [http2] it speaks HTTP/2, and not the binary protocol
 */

/**
 * @param {unknown} text `production`, `sandbox`, `https://host[:port]` or `apns://host[:port]`
 * @returns {Gateway}
 */
export function readClientGateway (text) {
  const apple = typeof text === 'string' && Object.hasOwn(appleHosts, text) ? appleHosts[text] : undefined
  if (apple !== undefined) return { host: apple, port: 443, http2: true }
  if (typeof text === 'string' && /^https:/i.test(text)) return { ...readUrl(text, 'https', 443), http2: true }
  if (typeof text === 'string' && /^apns:/i.test(text)) return readGateway(text, 2195)
  throw new BellpushError('BELLPUSH_OPTION_INVALID', "a gateway is 'production', 'sandbox' or https://host:port " +
    `(HTTP/2), or apns://host:port (the binary protocol), found ${shown(text)}`)
}

/** @type {Record<string, string>} */
const appleHosts = { production: 'api.push.apple.com', sandbox: 'api.sandbox.push.apple.com' }

/**
 * Where channels are managed: at Apple's another host, told apart by its port; elsewhere the gateway itself.
 * @param {Gateway} gateway of HTTP/2
 * @returns {Gateway}
 */
export function managementOf (gateway) {
  const apple = /^api\.((?:sandbox|development)\.)?push\.apple\.com\.?$/i.exec(gateway.host)
  if (apple === null) return gateway
  return apple[1] === undefined
    ? { host: 'api-manage-broadcast.push.apple.com', port: 2196, http2: true }
    : { host: 'api-manage-broadcast.sandbox.push.apple.com', port: 2195, http2: true }
}

/** How HTTP/2 names it. @param {Gateway} gateway */
export function authorityOf ({ host, port }) {
  const name = host.includes(':') ? `[${host}]` : host
  return port === 443 ? name : `${name}:${port}`
}

/**
 * @param {unknown} text `apns://host[:port]`
 * @param {number} defaultPort 2195 for a gateway, 2196 for a feedback service
 * @returns {Gateway}
 */
export function readGateway (text, defaultPort) {
  return readUrl(text, 'apns', defaultPort)
}

/**
 * @param {unknown} text
 * @param {string} scheme
 * @param {number} defaultPort
 * @returns {Gateway}
 */
function readUrl (text, scheme, defaultPort) {
  const url = typeof text === 'string' && text.toLowerCase().startsWith(`${scheme}://`) ? parse(text) : undefined
  const plain = url && url.pathname.length <= 1 && !url.search && !url.hash && !url.username && !url.password
  if (!plain || !url.hostname || url.port === '0') {
    throw new BellpushError('BELLPUSH_OPTION_INVALID', `a gateway is written ${scheme}://host:port, found ${shown(text)}`)
  }
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: url.port === '' ? defaultPort : Number(url.port) }
}

/** Without a password. @param {unknown} text */
const shown = text => typeof text === 'string' ? `'${text.replace(/\/\/.*@/, '//…@')}'` : typeof text

/** @param {string} text */
function parse (text) {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
