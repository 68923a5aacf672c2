/**
 * The core as the host sees it: plain JavaScript values, and no view of the WebAssembly module's memory.
 *
 * What it is not: it opens nothing and waits for nothing.
 */
export { Batch, outcomes } from './core/batch.js'
export { BinaryLink } from './core/binary-link.js'
export { Capture } from './core/capture.js'
export {
  checkPayload, decodeErrorResponse, decodeFeedback, encodeErrorResponse, encodeFeedback, encodeNotification, explain,
  load, normalizeToken, payloadBytes
} from './core/codec.js'
export { Conversation, errorResponse, Memory } from './core/conversation.js'
export { FeedbackDecoder, FrameDecoder } from './core/decoders.js'
export { hex } from './core/hex.js'
export { Http2Connection } from './core/http2-connection.js'
export { ready } from './core/push-module.js'
export { describeReason } from './core/reasons.js'

/**
 * @typedef {import('./core/batch.js').BatchOptions} BatchOptions
 * @typedef {import('./core/batch.js').Outcome} Outcome
 * @typedef {import('./core/reasons.js').ReasonInWords} ReasonInWords
 * @typedef {import('./core/batch.js').SettledSlot} SettledSlot
 * @typedef {import('./core/batch.js').Standing} Standing
 * @typedef {import('./core/capture.js').CapturePart} CapturePart
 * @typedef {import('./core/capture.js').Connection} CaptureConnection
 * @typedef {import('./core/capture.js').Finding} Finding
 * @typedef {import('./core/capture.js').Overview} CaptureOverview
 * @typedef {import('./core/codec.js').Explanation} Explanation
 * @typedef {import('./core/codec.js').Field} Field
 * @typedef {import('./core/decoders.js').FeedbackTuple} FeedbackTuple
 * @typedef {import('./core/decoders.js').Frame} Frame
 * @typedef {import('./core/decoders.js').FrameFault} FrameFault
 * @typedef {import('./core/http2-connection.js').ConnectionStanding} ConnectionStanding
 * @typedef {import('./core/http2-connection.js').Ending} Ending
 * @typedef {import('./core/http2-connection.js').Http2Request} Http2Request
 */
