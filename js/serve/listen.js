/**
 * Where the sidecar listens, read from text.
 */
import { BellpushError } from '../errors.js'

/**
 * @param {string} text `HOST:PORT`, `[IPV6]:PORT`; port 0: a free one
 * @returns {{ host: string, port: number }}
 * @throws {BellpushError} BELLPUSH_OPTION_INVALID
 */
export function parseListen (text) {
  const [, ipv6, host = ipv6, digits] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/\s]+)):(\d{1,5})$/i.exec(text) ?? []
  const port = Number(digits)
  if (host === undefined || port > 65_535) {
    throw new BellpushError('BELLPUSH_OPTION_INVALID',
      `listen is written host:port, as in 127.0.0.1:8195 or [::1]:8195, found '${text}'`)
  }
  return { host, port }
}
