/** Says how long the WebAssembly module takes to be read, compiled and started, in milliseconds, in a fresh process. */
import { readFileSync } from 'node:fs'
import { initSync } from './node_modules/bellpush/pkg/bellpush.js'

const start = performance.now()
initSync({ module: readFileSync(new URL('./node_modules/bellpush/pkg/bellpush_bg.wasm', import.meta.url)) })
console.log(performance.now() - start)
