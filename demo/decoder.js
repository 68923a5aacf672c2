/**
 * The core in a worker, so that the page never waits: one worker for one capture, which ends with it and so gives its
 * memory back.
 */

/** @typedef {import('../js/core/capture.js').Overview} Overview */
/** @typedef {import('../js/core/capture.js').CapturePart} CapturePart */

/**
 * What was opened: the findings with their words in English and whether they are trouble; `hex`: all bytes, where they
 * are few.
 * @typedef {Overview & { hex: string }} Opened
 */

/** @typedef {CapturePart & { bytes: Uint8Array }} WholePart */
/** @typedef {{ token?: string, identifier?: number, status?: number }} Query */

/**
 * What a line of the timeline says of a part.
 * @typedef {Pick<CapturePart, 'index' | 'direction' | 'kind' | 'length' | 'time' | 'packet' | 'identifier' | 'status' |
 *   'fate'> & { token: string, detail: string, type: string }} Row
 */

/** Something that is read: a file, or bytes as text. @typedef {File | Blob | string} Source */

/** Compiled once for all workers, while the first of them starts. Undefined: a worker does it itself. */
const core = WebAssembly.compileStreaming(fetch(new URL('../pkg/capture_bg.wasm', import.meta.url)))
  .catch(() => undefined)

export class Decoder {
  #worker = new Worker(new URL('worker.js', import.meta.url), { type: 'module' })
  /** @type {Map<number, { resolve: (value: any) => void, reject: (error: Error) => void }>} */
  #waiting = new Map()
  #asked = 0
  #isClosed = false
  #loaded = core.then(compiled => this.#ask('load', compiled))

  /** @type {(read: number, of: number) => void} */
  onprogress = () => {}

  constructor () {
    this.#loaded.catch(() => {}) // whoever opens something is told
    this.#worker.onmessage = ({ data: { number, progress, result, error } }) => {
      if (progress) return this.onprogress(progress.read, progress.of)
      const waiting = this.#waiting.get(number)
      this.#waiting.delete(number)
      if (error) waiting?.reject(new DecoderError(error))
      else waiting?.resolve(result)
    }
    this.#worker.onerror = event => {
      event.preventDefault()
      this.#fail(new DecoderError({ code: 'worker', message: event.message ?? '' }))
    }
  }

  /** @param {Source} source @returns {Promise<Opened>} */
  async open (source) {
    await this.#loaded
    return this.#ask('open', source)
  }

  /** @param {number} connection @param {ArrayLike<number>} indices @returns {Promise<Row[]>} */
  rows (connection, indices) {
    return this.#ask('rows', connection, indices)
  }

  /** @param {number} connection @param {number} index @returns {Promise<WholePart | undefined>} */
  part (connection, index) {
    return this.#ask('part', connection, index)
  }

  /** @param {number} connection @param {Query} query @returns {Promise<Uint32Array>} */
  find (connection, query) {
    return this.#ask('find', connection, query)
  }

  /** Ends it; what was asked is not answered any more. */
  close () {
    this.#isClosed = true
    this.#worker.terminate()
    this.#fail(closed())
  }

  /** @param {string} verb @param {...unknown} args @returns {Promise<any>} */
  #ask (verb, ...args) {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(closed())
      this.#waiting.set(++this.#asked, { resolve, reject })
      this.#worker.postMessage({ number: this.#asked, verb, args })
    })
  }

  /** @param {DecoderError} error */
  #fail (error) {
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}

/** The next one, warm: a worker takes longer to start than most captures to decode. @type {Decoder | undefined} */
let spare = new Decoder()

export function nextDecoder () {
  const next = spare ?? new Decoder()
  spare = undefined
  return next
}

/** Makes the next one ready. */
export function warmUp () {
  spare ??= new Decoder()
}

/** Why something could not be read: `closed` where the page itself has ended it. */
export class DecoderError extends Error {
  /** @param {{ code: string, message: string }} error */
  constructor ({ code, message }) {
    super(message)
    this.code = code
  }
}

const closed = () => new DecoderError({ code: 'closed', message: '' })
