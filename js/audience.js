/**
 * Who gets a notification: whatever the caller has, as a sequence of chunks of token texts.
 *
 * Nothing is checked here: the core gives every entry a slot, and one that is no token is rejected there.
 */
import { BellpushError } from './errors.js'

/** Tokens in a chunk: enough that crossing into the core costs nothing a token, few enough to begin at once. */
const CHUNK = 1024

/**
 * @typedef {string | Uint8Array} Token hexadecimal text as people store it, or the raw bytes
 * @typedef {{ clientId: string | number | (string | number)[] }} Query the tokens of these clients, from the token store
 * @typedef {Token | Iterable<Token> | AsyncIterable<Token> | Query} Audience
 */

/**
 * @param {Audience} audience
 * @param {Pick<import('./stores/token-store.js').TokenStore, 'list'> | undefined} store for a {@link Query}
 * @returns {{ total: number | undefined, chunks: AsyncGenerator<string[], void, undefined> }} `total`: where it is known
 */
export function readAudience (audience, store) {
  if (typeof audience === 'string' || audience instanceof Uint8Array) return fromArray([audience])
  if (Array.isArray(audience)) return fromArray(audience)
  if (isIterable(audience)) return { total: undefined, chunks: chunked(audience) }
  if (typeof audience === 'object' && audience !== null && 'clientId' in audience) {
    if (!store) {
      throw new BellpushError('BELLPUSH_OPTION_INVALID',
        'an audience of clients needs a token store: give the client one with the option `tokens`')
    }
    const clientIds = [audience.clientId].flat().map(String)
    return { total: undefined, chunks: chunked(store.list(clientIds)) }
  }
  throw new BellpushError('BELLPUSH_OPTION_INVALID',
    `the audience must be a token, an array or (async) iterable of tokens, or { clientId }, found ${describe(audience)}`)
}

/** @param {Token[]} tokens */
function fromArray (tokens) {
  return { total: tokens.length, chunks: sliced(tokens) }
}

/** @param {Token[]} tokens */
async function * sliced (tokens) {
  for (let at = 0; at < tokens.length; at += CHUNK) yield tokens.slice(at, at + CHUNK).map(textOf)
}

/**
 * @param {Iterable<Token> | AsyncIterable<Token>} tokens
 * @returns {AsyncGenerator<string[], void, undefined>}
 */
function chunked (tokens) {
  return Symbol.iterator in tokens ? chunkedAtOnce(tokens) : chunkedAsReady(tokens)
}

/** @param {Iterable<Token>} tokens */
async function * chunkedAtOnce (tokens) {
  let chunk = []
  for (const token of tokens) {
    chunk.push(textOf(token))
    if (chunk.length === CHUNK) {
      yield chunk
      chunk = []
    }
  }
  if (chunk.length > 0) yield chunk
}

/**
 * A source that pauses must not hold back what it has already given: a chunk ends at its size or at the first pause.
 * @param {AsyncIterable<Token>} tokens
 */
async function * chunkedAsReady (tokens) {
  const iterator = tokens[Symbol.asyncIterator]()
  let ended = false
  try {
    let next = iterator.next()
    while (!ended) {
      const chunk = []
      /** @type {IteratorResult<Token> | undefined} */
      let result = await next
      const pause = new Promise(resolve => setImmediate(resolve, undefined))
      while (result && !result.done) {
        chunk.push(textOf(result.value))
        next = iterator.next()
        result = chunk.length < CHUNK ? await Promise.race([next, pause]) : undefined
      }
      ended = result?.done === true
      if (chunk.length > 0) yield chunk
    }
  } catch (error) {
    ended = true // a source that has failed is not asked to end
    throw error
  } finally {
    if (!ended) await iterator.return?.()
  }
}

/** @param {Token} token */
function textOf (token) {
  return token instanceof Uint8Array ? Buffer.from(token).toString('hex') : String(token)
}

/**
 * @param {unknown} value
 * @returns {value is Iterable<Token> | AsyncIterable<Token>}
 */
function isIterable (value) {
  return typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value)
}

/** @param {unknown} value */
function describe (value) {
  return value === null ? 'null' : typeof value
}
