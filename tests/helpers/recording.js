/** Real traffic: tcpdump records what a simulator without TLS is told on the loopback, tshark says what it was. */

import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { folder } from './certificates.js'

/**
 * Records what is said to a port while `act` runs. Each packet is written as it comes.
 * @param {import('node:test').TestContext} t
 * @param {string | number} port
 * @param {() => Promise<unknown>} act
 * @returns {Promise<Buffer>} a pcap file
 */
export async function recorded (t, port, act) {
  const file = join(await folder(t, {}), 'run.pcap')
  // Packets of the loopback have up to 64 KiB, and there must be room for many of them.
  const room = ['-s', '65535', '-B', '65536']
  const args = ['-i', 'lo', '-U', '--immediate-mode', ...room, '-Z', 'root', '-w', file, `tcp port ${port}`]
  const child = spawn('tcpdump', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  t.after(() => child.kill('SIGKILL'))
  for await (const line of createInterface({ input: child.stderr })) {
    if (/listening on/.test(line)) break
  }
  child.stderr.resume()
  await act()
  while (ends(await readFile(file)) < 2) await setTimeout(20, undefined, { signal: t.signal })
  child.kill('SIGINT')
  await once(child, 'exit')
  return readFile(file)
}

/** How many packets say FIN or RST: Ethernet and IPv4 have 34 bytes. @param {Buffer} file */
function ends (file) {
  if (file.length < 24) return 0
  return packetsOf(file).packets.filter(packet => packet.length > 16 + 47 && (packet[16 + 34 + 13] & 5) !== 0).length
}

/** The file's head, and its packets with their heads. @param {Buffer} file pcap, little-endian */
export function packetsOf (file) {
  assert.equal(file.readUInt32LE(0), 0xa1b2c3d4)
  const packets = []
  for (let at = 24; at + 16 <= file.length;) {
    const end = at + 16 + file.readUInt32LE(at + 8)
    packets.push(file.subarray(at, end))
    at = end
  }
  return { head: file.subarray(0, 24), packets }
}

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
