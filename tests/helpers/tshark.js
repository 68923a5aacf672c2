/** Captures as tshark reads them. */

import { execFileSync } from 'node:child_process'

/**
 * Both directions of a file's only connection, as tshark puts them together.
 * @param {string} path
 * @returns {[Buffer, Buffer]}
 */
export function followed (path) {
  const text = execFileSync('tshark', ['-r', path, '-q', '-z', 'follow,tcp,raw,0'], {
    encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1e9
  })
  const lines = text.split('\n').filter(line => /^\t?[0-9a-f]+$/.test(line))
  const of = (/** @type {boolean} */ back) =>
    Buffer.from(lines.filter(line => line.startsWith('\t') === back).join('').replaceAll('\t', ''), 'hex')
  return [of(false), of(true)]
}
