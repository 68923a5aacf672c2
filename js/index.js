/**
 * `bellpush`: push one notification to many Apple devices and learn what became of every single one.
 */
export { Client } from './client.js'
export { decodeErrorResponse, decodeFeedback, encodeNotification, normalizeToken } from './core.js'
export { AbortError, BellpushError, codes } from './errors.js'
export { readFeedback } from './feedback.js'
export { feedbackTuples } from './feedback-service.js'
export { openTokenStore } from './stores/index.js'

/**
 * @typedef {import('./client.js').ClientOptions} ClientOptions
 * @typedef {import('./client.js').SendOptions} SendOptions
 * @typedef {import('./client.js').Progress} Progress
 * @typedef {import('./channels.js').Channel} Channel
 * @typedef {import('./channels.js').BroadcastOptions} BroadcastOptions
 * @typedef {import('./audience.js').Audience} Audience
 * @typedef {import('./report.js').Report} Report
 * @typedef {import('./report.js').Result} Result
 * @typedef {import('./errors.js').ErrorCode} ErrorCode
 * @typedef {import('./feedback.js').FeedbackCounts} FeedbackCounts
 * @typedef {import('./feedback.js').FeedbackReport} FeedbackReport
 * @typedef {import('./core.js').FeedbackTuple} FeedbackTuple
 * @typedef {import('./stores/token-store.js').TokenStore} TokenStore
 * @typedef {import('./stores/token-store.js').Entry} Entry
 * @typedef {import('./stores/token-store.js').Registration} Registration
 * @typedef {import('./stores/token-store.js').Removal} Removal
 * @typedef {import('./stores/callbacks.js').Callbacks} Callbacks
 * @typedef {import('./stores/index.js').DatabaseOptions} DatabaseOptions
 */
