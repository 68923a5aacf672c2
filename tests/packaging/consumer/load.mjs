/** Says how long a WebAssembly module takes to be read, compiled and started, in milliseconds, in a fresh process. */
import { readFileSync } from 'node:fs'

const name = process.argv[2]
const { initSync } = await import(`./node_modules/bellpush/pkg/${name}.js`)

const start = performance.now()
initSync({ module: readFileSync(new URL(`./node_modules/bellpush/pkg/${name}_bg.wasm`, import.meta.url)) })
console.log(performance.now() - start)
