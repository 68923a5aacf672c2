/**
 * A WebAssembly module: loading it, calling it, and what happens when it fails.
 *
 * What it is not: it knows nothing of what a module does.
 */
import { BellpushError } from '../errors.js'

/** In Node a module is there as soon as it is wanted; a browser calls and awaits {@link WasmModule.load} first. */
const fs = globalThis.process?.getBuiltinModule?.('node:fs')

/**
 * What wasm-bindgen makes around a module, of which every module has this much.
 * @typedef {object} Glue
 * @property {(options: { module_or_path: any }) => Promise<unknown>} default
 * @property {(options: any) => { memory: WebAssembly.Memory }} initSync
 * @property {() => void} __wbg_reset_state
 */

/** One of the modules of `pkg/`, and the instance of it that is in use. */
export class WasmModule {
  #glue
  #file
  #isLoaded = false

  /** Goes up each time an instance has failed and was replaced; what belonged to it is lost. */
  generation = 0

  /**
   * @param {Glue} glue
   * @param {URL} file the WebAssembly
   */
  constructor (glue, file) {
    this.#glue = glue
    this.#file = file
  }

  /**
   * Loads the module where that cannot be done at once (a browser). Harmless where it has been done.
   * @param {URL | string | BufferSource | WebAssembly.Module} [source] where it is, if not where the package has it
   * @returns {Promise<void>}
   */
  async load (source) {
    if (this.#isLoaded || fs !== undefined) return this.ready()
    await this.#glue.default({ module_or_path: source ?? this.#file })
    this.#isLoaded = true
  }

  /** Loads it now, if it is not there yet, so that the first use need not wait for that. */
  ready () {
    if (this.#isLoaded) return
    if (fs === undefined) {
      throw new BellpushError('BELLPUSH_CORE_FAILED', 'the WebAssembly is not loaded yet: call and await load() first')
    }
    this.#glue.initSync({ module: fs.readFileSync(this.#file) })
    this.#isLoaded = true
  }

  /**
   * Runs something of the module and makes its errors ours.
   * @template T
   * @param {() => T} run
   * @returns {T}
   */
  guarded (run) {
    if (!this.#isLoaded) this.ready()
    try {
      return run()
    } catch (error) {
      throw this.#translated(error)
    }
  }

  /** @param {unknown} error */
  #translated (error) {
    if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
      // The instance may have been left in the middle of anything: nothing of it is used again.
      this.generation++
      this.#glue.__wbg_reset_state()
      return coreFailed(error)
    }
    const code = /** @type {{ code?: unknown }} */ (error).code
    if (error instanceof Error && typeof code === 'string' && code.startsWith('BELLPUSH_')) {
      return new BellpushError(/** @type {import('../errors.js').ErrorCode} */ (code), error.message)
    }
    return error
  }

  /** The memory of the instance in use; loading a module that is loaded gives just that. */
  get #memory () {
    return this.#glue.initSync(undefined).memory.buffer
  }

  /**
   * A view of the memory, good until the next call of anything in the module.
   * @param {number} address
   * @param {number} length
   */
  view (address, length) {
    return new Uint8Array(this.#memory, address, length)
  }

  /**
   * The same of numbers, each in eight bytes.
   * @param {number} address
   * @param {number} length numbers
   */
  numbers (address, length) {
    return new Float64Array(this.#memory, address, length)
  }
}

/** @param {unknown} [cause] */
export function coreFailed (cause) {
  return new BellpushError('BELLPUSH_CORE_FAILED',
    'the WebAssembly core stopped, which is a bug in Bellpush: please report it; what was in flight is in doubt',
    { cause })
}

/**
 * Something that lives in an instance of a module, and dies with it.
 * @template {{ free(): void }} T
 */
export class Resident {
  #module
  #inner
  #generation

  /**
   * @param {WasmModule} module
   * @param {() => T} make
   */
  constructor (module, make) {
    this.#module = module
    this.#inner = /** @type {T | undefined} */ (module.guarded(make))
    this.#generation = module.generation
  }

  /** It can still be asked: it was not freed, and its instance has not failed. */
  get isAlive () {
    return this.#inner !== undefined && this.#generation === this.#module.generation
  }

  /**
   * @template R
   * @param {(inner: T) => R} run
   * @returns {R}
   */
  use (run) {
    const inner = this.#inner
    if (inner === undefined || this.#generation !== this.#module.generation) throw coreFailed()
    return this.#module.guarded(() => run(inner))
  }

  /** Gives the memory back at once and not when the garbage collector finds it. */
  free () {
    if (this.#generation === this.#module.generation) this.#inner?.free()
    this.#inner = undefined
  }
}
