/**
 * `bellpush/decode`: reading and writing the bytes of the binary protocol, and captures of it, in Node and in a
 * browser. No sockets, no files, and nothing of what sends. In a browser, await {@link load} first, and
 * {@link loadCaptures} before captures.
 */
export { bytesOfText } from './bytes-of-text.js'
export { Capture, loadCaptures } from './core/capture.js'
export {
  decodeErrorResponse, decodeFeedback, encodeErrorResponse, encodeFeedback, encodeNotification, explain, load,
  normalizeToken
} from './core/codec.js'
export { FeedbackDecoder, FrameDecoder } from './core/decoders.js'
export { BellpushError, codes } from './errors.js'
export { describeFinding, isTrouble } from './findings.js'
