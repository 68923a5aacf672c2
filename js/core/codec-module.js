/**
 * The WebAssembly module with tokens, payloads, frames and explanations: for whoever reads and checks bytes.
 */
import * as pkg from '../../pkg/codec.js'
import { WasmModule } from './module.js'

export { pkg }

export const codec = new WasmModule(pkg, new URL('../../pkg/codec_bg.wasm', import.meta.url))
