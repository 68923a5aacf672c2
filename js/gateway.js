/**
 * Where a notification goes: the address of a gateway or of a feedback service, read from text.
 */
import { BellpushError } from './errors.js'

/**
 * @typedef {object} Gateway
 * @property {string} host name or address, without brackets
 * @property {number} port
 */

/**
 * @param {unknown} text `apns://host[:port]`
 * @param {number} defaultPort 2195 for a gateway, 2196 for a feedback service
 * @returns {Gateway}
 */
export function readGateway (text, defaultPort) {
  if (text === 'production' || text === 'sandbox' || (typeof text === 'string' && text.startsWith('https:'))) {
    throw new BellpushError('BELLPUSH_OPTION_INVALID',
      `the gateway '${text}' speaks HTTP/2, which this version does not; it speaks the binary protocol to apns://host:port`)
  }
  const url = typeof text === 'string' && /^apns:\/\//i.test(text) ? parse(text) : undefined
  const plain = url && url.pathname.length <= 1 && !url.search && !url.hash && !url.username && !url.password
  if (!plain || !url.hostname || url.port === '0') {
    throw new BellpushError('BELLPUSH_OPTION_INVALID',
      `a gateway is written apns://host:port, found ${typeof text === 'string' ? `'${text.replace(/\/\/.*@/, '//…@')}'` : typeof text}`)
  }
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: url.port === '' ? defaultPort : Number(url.port) }
}

/** @param {string} text */
function parse (text) {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
