/**
 * The WebAssembly module: loading it, calling it, and what happens when it fails. The only file that touches `pkg/`.
 *
 * What it is not: it knows nothing of what the module does.
 */
import init, * as pkg from '../../pkg/bellpush.js'
import { BellpushError } from '../errors.js'

export { pkg }

/** In Node the module is there at once; a browser calls and awaits {@link load} first. */
const fs = globalThis.process?.getBuiltinModule?.('node:fs')
const loaded = fs && pkg.initSync({ module: fs.readFileSync(new URL('../../pkg/bellpush_bg.wasm', import.meta.url)) })

/**
 * Loads the module where that cannot be done at once (a browser). Harmless where it has been done.
 * @param {URL | string | BufferSource | WebAssembly.Module} [source] where it is, if not beside `pkg/bellpush.js`
 * @returns {Promise<void>}
 */
export async function load (source) {
  if (!loaded) await init(source === undefined ? undefined : { module_or_path: source })
}

/** Goes up each time an instance of the module has failed and was replaced; what belonged to it is lost. */
let generation = 0

/**
 * Runs something of `pkg/` and makes its errors ours.
 * @template T
 * @param {() => T} run
 * @returns {T}
 */
export function guarded (run) {
  try {
    return run()
  } catch (error) {
    throw translated(error)
  }
}

/** @param {unknown} error */
function translated (error) {
  if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
    // The instance may have been left in the middle of anything: nothing of it is used again.
    generation++
    pkg.__wbg_reset_state()
    return coreFailed(error)
  }
  const code = /** @type {{ code?: unknown }} */ (error).code
  if (error instanceof Error && typeof code === 'string' && code.startsWith('BELLPUSH_')) {
    return new BellpushError(/** @type {import('../errors.js').ErrorCode} */ (code), error.message)
  }
  return error
}

/** @param {unknown} [cause] */
function coreFailed (cause) {
  return new BellpushError('BELLPUSH_CORE_FAILED',
    'the WebAssembly core stopped, which is a bug in Bellpush: please report it; what was in flight is in doubt',
    { cause })
}

/**
 * Something that lives in an instance of the module, and dies with it.
 * @template {{ free(): void }} T
 */
export class Resident {
  #inner
  #generation = generation

  /** @param {() => T} make */
  constructor (make) {
    this.#inner = /** @type {T | undefined} */ (guarded(make))
  }

  /**
   * @template R
   * @param {(inner: T) => R} run
   * @returns {R}
   */
  use (run) {
    const inner = this.#inner
    if (inner === undefined || this.#generation !== generation) throw coreFailed()
    return guarded(() => run(inner))
  }

  /** Gives the memory back at once and not when the garbage collector finds it. */
  free () {
    if (this.#generation === generation) this.#inner?.free()
    this.#inner = undefined
  }
}

/** The exports of the instance that is in use; loading a module that is loaded gives just that. */
const instance = /** @type {() => pkg.InitOutput} */ (pkg.initSync)

/**
 * A view of the module's memory, good until the next call of anything in it.
 * @param {number} address
 * @param {number} length
 */
export function view (address, length) {
  return new Uint8Array(instance().memory.buffer, address, length)
}

/**
 * The same of numbers, each in eight bytes.
 * @param {number} address
 * @param {number} length numbers
 */
export function numbers (address, length) {
  return new Float64Array(instance().memory.buffer, address, length)
}
