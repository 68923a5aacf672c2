/**
 * The WebAssembly module that reads captures: for whoever looks at recorded traffic.
 */
import * as pkg from '../../pkg/capture.js'
import { WasmModule } from './module.js'

export { pkg }

export const capture = new WasmModule(pkg, new URL('../../pkg/capture_bg.wasm', import.meta.url))
