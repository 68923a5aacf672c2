/**
 * Recording what is said on the loopback, with tcpdump (which only root may do).
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'

/**
 * Records what is said to a port while `act` runs, and until `connections` of them have ended.
 * @param {string | number} port
 * @param {() => Promise<unknown>} act
 * @param {{ signal?: AbortSignal, connections?: number }} [options]
 * @returns {Promise<Buffer>} a pcap file
 */
export async function record (port, act, { signal, connections = 1 } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'bellpush-recording-'))
  const file = join(folder, 'run.pcap')
  // Packets of the loopback have up to 64 KiB, and there must be room for many of them. Each is written as it comes.
  const room = ['-s', '65535', '-B', '65536', '-U', '--immediate-mode']
  const args = ['-i', 'lo', ...room, '-Z', 'root', '-w', file, `tcp port ${port}`]
  const child = spawn('tcpdump', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  try {
    for await (const line of createInterface({ input: child.stderr })) {
      if (/listening on/.test(line)) break
    }
    child.stderr.resume()
    await act()
    while (ends(await readFile(file)) < 2 * connections) await setTimeout(20, undefined, { signal })
    child.kill('SIGINT')
    await once(child, 'exit')
    return await readFile(file)
  } finally {
    child.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  }
}

/** How many packets say FIN or RST: Ethernet and IPv4 have 34 bytes. @param {Buffer} file */
function ends (file) {
  if (file.length < 24) return 0
  return packetsOf(file).packets.filter(packet => packet.length > 16 + 47 && (packet[16 + 34 + 13] & 5) !== 0).length
}

/** The file's head, and its packets with their heads. @param {Buffer} file pcap, little-endian */
export function packetsOf (file) {
  const packets = []
  for (let at = 24; at + 16 <= file.length;) {
    const end = at + 16 + file.readUInt32LE(at + 8)
    packets.push(file.subarray(at, end))
    at = end
  }
  return { head: file.subarray(0, 24), packets }
}
