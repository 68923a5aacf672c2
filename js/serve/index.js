/**
 * The sidecar for whoever starts it: the command, or a test.
 */
export { readConfig } from './config.js'
export { createSidecar } from './sidecar.js'
