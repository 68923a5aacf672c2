/**
 * Who runs a job, as a text in its row that tells the next one whether it is surely dead: then nobody has to wait until
 * its silence proves it.
 */
import { createHash, randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'

/** The owners of this very process that have not left. @type {Set<string>} */
const living = new Set()

/** @returns {string} the name of a new owner */
export function newOwner () {
  const owner = `${place ?? 'somewhere'}:${process.pid}:${randomUUID()}`
  living.add(owner)
  return owner
}

/** @param {string} owner that runs nothing any more */
export const leave = owner => living.delete(owner)

/**
 * @param {string} owner
 * @returns {boolean} false: it lives, or nobody can tell from here
 */
export function isSurelyDead (owner) {
  const [where, pid] = owner.split(':')
  if (place === undefined || where !== place) return false
  if (Number(pid) === process.pid) return !living.has(owner)
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'ESRCH'
  }
}

/** Where numbers of processes mean what they mean here: one boot of one machine, one container. */
const place = placeOf()

function placeOf () {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')
    return createHash('sha256').update(boot + readlinkSync('/proc/self/ns/pid')).digest('hex').slice(0, 16)
  } catch {
    return undefined // not Linux
  }
}
