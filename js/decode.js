/**
 * `bellpush/decode`: reading and writing the bytes of the binary protocol, in Node and in a browser. No sockets, no
 * files, and nothing of what sends. In a browser, await {@link load} first.
 */
export {
  decodeErrorResponse, decodeFeedback, encodeErrorResponse, encodeFeedback, encodeNotification, explain, load,
  normalizeToken
} from './core/codec.js'
export { FeedbackDecoder, FrameDecoder } from './core/decoders.js'
export { BellpushError, codes } from './errors.js'
