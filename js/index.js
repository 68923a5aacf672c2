/**
 * `bellpush`: push one notification to many Apple devices and learn what became of every single one.
 */
export { Client } from './client.js'
export { decodeErrorResponse, decodeFeedback, encodeNotification, normalizeToken } from './core.js'
export { AbortError, BellpushError, codes } from './errors.js'
export { readFeedback } from './feedback.js'
export { openTokenStore } from './stores/index.js'
