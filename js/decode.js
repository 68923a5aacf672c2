/**
 * `bellpush/decode`: reading and writing the bytes of the binary protocol, and captures of it, in Node and in a
 * browser. No sockets, no files. In a browser, await {@link load} first.
 */
export {
  Capture, decodeErrorResponse, decodeFeedback, encodeErrorResponse, encodeFeedback, encodeNotification,
  explain, FeedbackDecoder, FrameDecoder, load, normalizeToken
} from './core.js'
export { BellpushError, codes } from './errors.js'
export { describeFinding } from './findings.js'
