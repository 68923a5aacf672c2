/**
 * The WebAssembly module with the batch machine and the links: for whoever sends.
 */
import * as pkg from '../../pkg/push.js'
import { WasmModule } from './module.js'

export { pkg }

export const push = new WasmModule(pkg, new URL('../../pkg/push_bg.wasm', import.meta.url))

/** Loads it now, so that the first notification need not wait for that. */
export function ready () {
  push.ready()
}
