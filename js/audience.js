/**
 * Who gets a notification: whatever the caller has, as a sequence of chunks of token texts.
 *
 * Nothing is checked here: the core gives every entry a slot, and one that is no token is rejected there.
 */
import { BellpushError } from './errors.js'
import { Listing } from './stores/listing.js'
import { checkClientIds } from './stores/values.js'

/** Tokens in a chunk: enough that crossing into the core costs nothing a token, few enough to begin at once. */
const CHUNK = 1024

/**
 * @typedef {string | Uint8Array} Token hexadecimal text as people store it, or the raw bytes
 * @typedef {import('./stores/values.js').ClientId} ClientId
 * @typedef {{ clientId: ClientId | Iterable<ClientId> }} Query the tokens of these clients, from the store
 * @typedef {Token | Iterable<Token> | AsyncIterable<Token> | Query} Audience
 */

/**
 * @typedef {object} Chunks
 * @property {number | undefined} total where it is known
 * @property {AsyncGenerator<string[], void, undefined>} chunks
 * @property {boolean} isHeld the caller holds all of the tokens meanwhile
 */

/**
 * @param {Audience} audience
 * @param {Pick<import('./stores/token-store.js').TokenStore, 'list'> | undefined} store for a {@link Query}
 * @returns {Chunks}
 */
export function readAudience (audience, store) {
  if (typeof audience === 'string' || audience instanceof Uint8Array) return fromArray([audience])
  if (Array.isArray(audience)) return fromArray(audience)
  if (isIterable(audience)) return ofUnknownLength(audience)
  if (typeof audience === 'object' && audience !== null && 'clientId' in audience) {
    if (!store) {
      throw new BellpushError('BELLPUSH_OPTION_INVALID',
        'an audience of clients needs a token store: give the client one with the option `tokens`')
    }
    const { clientId } = audience
    if (clientId === undefined || clientId === null) {
      throw new BellpushError('BELLPUSH_OPTION_INVALID',
        `the audience { clientId } names no client: found ${String(clientId)}; for everybody, give tokens.list()`)
    }
    return ofUnknownLength(store.list(checkClientIds(clientId)))
  }
  throw new BellpushError('BELLPUSH_OPTION_INVALID',
    'the audience must be a token, an array or (async) iterable of tokens, or { clientId }, ' +
    `found ${audience === null ? 'null' : typeof audience}`)
}

/**
 * @param {Token[]} tokens the caller's own, who may fill it anew meanwhile: it is cut up now
 * @returns {Chunks}
 */
function fromArray (tokens) {
  const chunks = []
  for (let at = 0; at < tokens.length; at += CHUNK) chunks.push(tokens.slice(at, at + CHUNK))
  return { total: tokens.length, chunks: texts(chunks), isHeld: true }
}

/** @param {Token[][]} chunks */
async function * texts (chunks) {
  for (const chunk of chunks) yield textsOf(chunk)
}

/**
 * @param {Iterable<Token> | AsyncIterable<Token>} tokens
 * @returns {Chunks}
 */
function ofUnknownLength (tokens) {
  const chunks = tokens instanceof Listing
    ? readAhead(tokens.pages())
    : Symbol.iterator in tokens ? chunkedAtOnce(tokens) : chunkedAsReady(tokens)
  return { total: undefined, chunks, isHeld: false }
}

/**
 * A page is read while the one before is being sent.
 * @param {AsyncGenerator<string[], void, undefined>} pages
 */
async function * readAhead (pages) {
  let running = true
  try {
    let next = pages.next()
    while (running) {
      const { value, done } = await next
      running = !done
      if (!value) continue
      next = pages.next()
      next.catch(() => {}) // it is awaited later than it may fail
      yield value
    }
  } finally {
    if (running) await pages.return()
  }
}

/** @param {Iterable<Token>} tokens */
async function * chunkedAtOnce (tokens) {
  /** @type {string[]} */
  let chunk = []
  /** @type {{ cause: unknown } | undefined} */
  let failure
  try {
    for (const token of tokens) {
      chunk.push(textOf(token))
      if (chunk.length === CHUNK) {
        yield chunk
        chunk = []
      }
    }
  } catch (cause) {
    failure = { cause } // what came before is not lost with it
  }
  if (chunk.length > 0) yield chunk
  if (failure) throw failure.cause
}

/**
 * A source that pauses must not hold back what it has already given: a chunk ends at its size or at the first pause.
 * @param {AsyncIterable<Token>} tokens
 */
async function * chunkedAsReady (tokens) {
  const iterator = tokens[Symbol.asyncIterator]()
  let running = true
  try {
    let next = iterator.next()
    while (running) {
      const { chunk, following, done, error } = await nextChunk(iterator, next)
      running = !done
      next = following
      if (chunk.length > 0) yield chunk
      if (error) throw error.cause
    }
  } finally {
    if (running) await iterator.return?.()
  }
}

/**
 * @typedef {object} NextChunk
 * @property {string[]} chunk
 * @property {Promise<IteratorResult<Token>>} following the first entry of the next one
 * @property {boolean} done there is none
 * @property {{ cause: unknown }} [error] why
 */

/**
 * @param {AsyncIterator<Token>} iterator
 * @param {Promise<IteratorResult<Token>>} next its first entry
 * @returns {Promise<NextChunk>}
 */
async function nextChunk (iterator, next) {
  /** @type {string[]} */
  const chunk = []
  let following = next
  try {
    let result = await following
    const pause = /** @type {Promise<undefined>} */ (new Promise(resolve => setImmediate(resolve, undefined)))
    while (!result.done) {
      chunk.push(textOf(result.value))
      following = iterator.next()
      const soon = chunk.length < CHUNK ? await Promise.race([following, pause]) : undefined
      if (soon === undefined) {
        // It is awaited with the next chunk, perhaps later than it fails. As for `for await`, it need not be a promise.
        Promise.resolve(following).catch(() => {})
        return { chunk, following, done: false }
      }
      result = soon
    }
    return { chunk, following, done: true }
  } catch (cause) {
    // What came before the failure is not lost with it.
    return { chunk, following, done: true, error: { cause } }
  }
}

/**
 * @param {Token[]} tokens
 * @returns {string[]} the same array where all of them are texts, as nearly always; a hole has its place, too
 */
function textsOf (tokens) {
  // A loop, because a function that is called for each costs more than everything else that is done here.
  for (const token of tokens) if (typeof token !== 'string') return Array.from(tokens, textOf)
  return /** @type {string[]} */ (tokens)
}

/**
 * What is neither text nor bytes becomes a text that is no token: a number's digits would be one.
 * @param {Token} token
 */
function textOf (token) {
  if (typeof token === 'string') return token
  // Of an array whose memory was given to another thread nothing is left.
  if (token instanceof Uint8Array && token.length === 0) return ''
  if (token instanceof Uint8Array) return Buffer.from(token.buffer, token.byteOffset, token.length).toString('hex')
  return `(${token === null ? 'null' : typeof token})`
}

/**
 * @param {unknown} value
 * @returns {value is Iterable<Token> | AsyncIterable<Token>}
 */
function isIterable (value) {
  return typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value)
}
