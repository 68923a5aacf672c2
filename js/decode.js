/**
 * `bellpush/decode`: reading and writing the bytes of the binary protocol, in Node and in a browser. No sockets, no
 * files. In a browser, await {@link load} first.
 */
export {
  decodeErrorResponse, decodeFeedback, encodeErrorResponse, encodeFeedback, encodeNotification, explain,
  FeedbackDecoder, FrameDecoder, load, normalizeToken
} from './core.js'
export { BellpushError, codes } from './errors.js'
