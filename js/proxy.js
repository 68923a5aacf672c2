/**
 * A connection through an HTTP proxy, by CONNECT (RFC 9110, section 9.3.6).
 *
 * Not here: TLS, which goes through the tunnel (connection.js).
 */
import net from 'node:net'
import { BellpushError } from './errors.js'
import { nameOf } from './connection-errors.js'

/** Bytes of an answer's head, at most. */
const LONGEST_HEAD = 16_384

/**
 * @typedef {object} Proxy
 * @property {string} host
 * @property {number} port
 * @property {string | undefined} authorization the value of `proxy-authorization`
 */

/**
 * @param {unknown} text `http://user:password@host:port`
 * @returns {Proxy}
 * @throws {BellpushError} BELLPUSH_OPTION_INVALID, without the password
 */
export function readProxy (text) {
  const url = typeof text === 'string' && /^http:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : undefined
  const isPlain = url && url.pathname.length <= 1 && !url.search && !url.hash
  if (!isPlain || url.hostname === '' || url.port === '0') {
    throw new BellpushError('BELLPUSH_OPTION_INVALID', 'a proxy is written http://user:password@host:port')
  }
  const user = decode(url.username)
  const password = decode(url.password)
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port || 80),
    authorization: user + password === ''
      ? undefined
      : `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  }
}

/** @param {string} text */
function decode (text) {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/**
 * A TCP socket to the proxy, and what makes a tunnel of it.
 * @param {Proxy} proxy
 * @param {{ host: string, port: number }} peer
 * @returns {{ socket: net.Socket, opened: Promise<void> }} `opened` rejects where the proxy refuses; it stays pending
 *   where the socket ends before: whoever waits for it listens to the socket, too
 */
export function tunnel (proxy, peer) {
  const socket = net.connect({ host: proxy.host, port: proxy.port })
  const name = nameOf(peer)
  socket.once('connect', () => {
    const authorization = proxy.authorization === undefined ? '' : `Proxy-Authorization: ${proxy.authorization}\r\n`
    socket.write(`CONNECT ${name} HTTP/1.1\r\nHost: ${name}\r\n${authorization}\r\n`)
  })
  const opened = new Promise((resolve, reject) => {
    let head = Buffer.alloc(0)
    const hear = () => {
      const bytes = socket.read()
      if (bytes === null) return
      head = Buffer.concat([head, bytes])
      const end = head.indexOf('\r\n\r\n')
      if (end < 0 && head.length <= LONGEST_HEAD) return
      socket.off('readable', hear)
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(head.toString('latin1'))?.[1]
      if (end >= 0 && status?.startsWith('2')) {
        if (head.length > end + 4) socket.unshift(head.subarray(end + 4))
        resolve(undefined)
      } else {
        reject(refused(proxy, name, status))
      }
    }
    socket.on('readable', hear)
  })
  return { socket, opened }
}

/**
 * @param {Proxy} proxy
 * @param {string} name
 * @param {string | undefined} status
 */
function refused (proxy, name, status) {
  const words = status === '407'
    ? 'it wants another user and password (407)'
    : status === undefined ? 'what it answers is not HTTP' : `it answers ${status}`
  return new BellpushError('BELLPUSH_PROXY_REFUSED', `the proxy ${nameOf(proxy)} makes no way to ${name}: ${words}`)
}
