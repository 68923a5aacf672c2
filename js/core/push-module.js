/**
 * The WebAssembly module with the batch machine and the links: for whoever sends.
 */
import * as pkg from '../../pkg/push.js'
import { WasmModule } from './module.js'
import { readReasons } from './reasons.js'

export { pkg }

export const push = new WasmModule(pkg, new URL('../../pkg/push_bg.wasm', import.meta.url))

/**
 * Loads all that a push needs now: the first notification need not wait for it, and no push depends on files that may
 * have been replaced meanwhile.
 */
export function ready () {
  push.ready()
  readReasons()
}
