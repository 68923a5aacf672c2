/**
 * The WebAssembly module with the old connections of a legacy gateway: for whoever takes the old protocol in.
 */
import * as pkg from '../../pkg/gateway.js'
import { WasmModule } from './module.js'

export { pkg }

export const gateway = new WasmModule(pkg, new URL('../../pkg/gateway_bg.wasm', import.meta.url))
