/**
 * Where dead tokens are kept from the moment they are read until they are gone from the token store: the feedback
 * service forgets them as soon as they are read.
 *
 * Each run writes a file of its own, so that two runs never need to know of each other. A run that is cut short leaves
 * its file behind, and the next one takes it up. Taking up twice does no harm: a removal is by time.
 *
 * Not here: the removal itself. The files are text, a line a tuple: Unix seconds, the token's bytes, the token.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { BellpushError } from './errors.js'

/** @typedef {import('./core.js').FeedbackTuple} FeedbackTuple */

/** Tuples that are read from a file at once. */
const PAGE = 500

/** How a file is called while its run may still add to it. */
const READING = '.reading'

/**
 * Milliseconds without an addition after which the run of a file that is still called so was cut short. A run adds to
 * its file, or ends, far more often than that: see the limit of `idleTimeout`.
 */
const ABANDONED = 600_000

/** The number of bytes tells a token that was cut off by a crash from a shorter one. */
const LINE = /^(\d{1,10}) (\d{1,5}) ([0-9a-f]+)$/

/** The file of one run. */
export class FeedbackJournal {
  #folder
  #path
  #file
  #tuples = 0
  #sealed = false

  /**
   * @param {string} folder made if it is missing
   * @param {string} service what the files of this feedback service are called: others are none of our business
   * @returns {Promise<FeedbackJournal>}
   * @throws {BellpushError} BELLPUSH_JOURNAL_FAILED
   */
  static async create (folder, service) {
    const path = join(resolve(folder), `${service}.${randomUUID()}${READING}`)
    return await guarded(path, async () => {
      await mkdir(folder, { recursive: true })
      const file = await open(path, 'ax', 0o600)
      await syncFolder(folder)
      return new FeedbackJournal(resolve(folder), path, file)
    })
  }

  /**
   * @param {string} folder
   * @param {string} path
   * @param {import('node:fs/promises').FileHandle} file
   */
  constructor (folder, path, file) {
    this.#folder = folder
    this.#path = path
    this.#file = file
  }

  /** The file, under the name that it has now. */
  get path () {
    return this.#path
  }

  /**
   * The tuples are on the disk when this is done.
   * @param {FeedbackTuple[]} tuples
   * @throws {BellpushError} BELLPUSH_JOURNAL_FAILED
   */
  async append (tuples) {
    await guarded(this.#path, async () => {
      await this.#file.appendFile(tuples.map(lineOf).join(''))
      await this.#file.datasync()
      this.#tuples += tuples.length
    })
  }

  /**
   * Nothing more is added. What is in the file stays for `readPages`, here or in a later run; an empty one goes.
   * @returns {Promise<void>}
   */
  async seal () {
    if (this.#sealed) return
    this.#sealed = true
    await guarded(this.#path, () => this.#file.close())
    const sealed = this.#path.slice(0, -READING.length)
    if (this.#tuples === 0) return await removeJournal(this.#path)
    try {
      await rename(this.#path, sealed)
      await syncFolder(this.#folder)
      this.#path = sealed
    } catch {
      // It is taken up under the old name as well, only later.
    }
  }
}

/**
 * Files that earlier runs of this service left behind.
 * @param {string} folder
 * @param {string} service
 * @returns {Promise<{ path: string, inUse: boolean }[]>} `inUse`: its run may still be adding to it
 */
export async function leftJournals (folder, service) {
  const left = []
  for (const name of await guarded(folder, () => readdir(folder))) {
    if (!name.startsWith(`${service}.`) || !/^[0-9a-f-]{36}(\.reading)?$/.test(name.slice(service.length + 1))) continue
    const path = join(resolve(folder), name)
    try {
      const inUse = name.endsWith(READING) && (await stat(path)).mtimeMs > Date.now() - ABANDONED
      left.push({ path, inUse })
    } catch {
      // Its own run, or another one, has just finished with it.
    }
  }
  return left
}

/**
 * @param {string} path
 * @returns {AsyncGenerator<{ tuples: FeedbackTuple[], unreadable: number }>} page by page; `unreadable`: lines that a
 *   crash or a disk has damaged
 * @throws {BellpushError} BELLPUSH_JOURNAL_FAILED
 */
export async function * readPages (path) {
  const file = await guarded(path, () => open(path).catch(error => {
    if (error.code !== 'ENOENT') throw error
  }))
  if (file === undefined) return // another run has finished with it
  try {
    /** @type {FeedbackTuple[]} */
    let tuples = []
    let unreadable = 0
    for await (const line of file.readLines({ autoClose: false })) {
      const [, time, bytes, token] = LINE.exec(line) ?? []
      if (token?.length === 2 * Number(bytes)) tuples.push({ time: Number(time), token })
      else unreadable++
      if (tuples.length === PAGE) {
        yield { tuples, unreadable }
        tuples = []
        unreadable = 0
      }
    }
    yield { tuples, unreadable }
  } catch (error) {
    throw failed(path, error)
  } finally {
    await file.close()
  }
}

/** @param {FeedbackTuple} tuple */
const lineOf = ({ time, token }) => `${time} ${token.length / 2} ${token}\n`

/** @param {string} path */
export async function removeJournal (path) {
  await guarded(path, () => rm(path, { force: true }))
}

/** So that the name survives a crash too, where the system has such a thing. @param {string} folder */
async function syncFolder (folder) {
  try {
    const handle = await open(folder)
    await handle.sync().finally(() => handle.close())
  } catch {
    // Windows cannot open folders, and some file systems cannot sync them.
  }
}

/**
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} run
 * @returns {Promise<T>}
 */
async function guarded (path, run) {
  try {
    return await run()
  } catch (error) {
    throw failed(path, error)
  }
}

/** @param {string} path @param {unknown} error */
function failed (path, error) {
  if (error instanceof BellpushError) return error
  return new BellpushError('BELLPUSH_JOURNAL_FAILED', `the journal of dead tokens ${path} cannot be kept: ` +
    /** @type {Error} */ (error).message, { cause: error })
}
