/**
 * What was found in a capture, in words: what it is, and what to do. A table of sentences, one for each code.
 *
 * What it is not: it finds nothing; the core does.
 */

/** @typedef {import('./core/capture.js').Finding} Finding */

/** @param {number} count @param {string} noun */
const counted = (count, noun) => `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`

/** @param {Finding} finding */
const named = ({ status, name }) => `status ${status} (${name ?? 'not documented'})`

/** @param {Finding} finding */
const why = finding => finding.status === null ? '' : `: this is why ${named(finding)}`

/** How HTTP/2 calls its errors (RFC 9113, section 7). */
const ERRORS = [
  'NO_ERROR', 'PROTOCOL_ERROR', 'INTERNAL_ERROR', 'FLOW_CONTROL_ERROR', 'SETTINGS_TIMEOUT', 'STREAM_CLOSED',
  'FRAME_SIZE_ERROR', 'REFUSED_STREAM', 'CANCEL', 'COMPRESSION_ERROR', 'CONNECT_ERROR', 'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY', 'HTTP_1_1_REQUIRED'
]

/** @param {number | null} identifier */
const which = identifier => identifier === null ? 'a notification without an identifier' : `notification ${identifier}`

/** @param {number} direction */
const side = direction => direction === 0 ? 'who opened the connection' : 'the other end'

/** What became of what was written behind a refused notification. @param {Finding} finding */
function discarded ({ discarded, first, last, again }) {
  if (discarded === 0) return 'nothing was written behind it'
  const range = first === null
    ? counted(discarded, 'notification')
    : first === last ? `${first}` : `${first} to ${last}`
  const one = discarded === 1
  const were = `${range} ${one ? 'was' : 'were'} discarded`
  if (again === 0) return `${were} and never sent again`
  if (again === discarded) return `${were}, and sent again on a later connection`
  return `${were}, and ${again} of ${discarded} sent again on a later connection`
}

/** @type {Record<string, (finding: Finding) => string>} */
const words = {
  encrypted: () => 'this connection is encrypted (TLS). To read it, let the client write its keys (SSLKEYLOGFILE, or ' +
    'node --tls-keylog=keys.log), then: tshark -r FILE -o tls.keylog_file:keys.log -q -z follow,tls,raw,0, ' +
    'and decode the hex of one direction',
  http2: ({ accepted, rejected, unanswered }) => `over HTTP/2 ${counted(accepted, 'request')} ` +
    `${accepted === 1 ? 'was' : 'were'} accepted, ${rejected} rejected, ${unanswered} not answered`,
  refused: ({ stream, status, name }) => `stream ${stream} was refused with status ${status}` +
    (name === null ? ': its reason, where it gives one, is in the DATA behind it' : ` (${name})`),
  reset: ({ stream, error }) => `stream ${stream} was ended without an answer: ${ERRORS[error] ?? error}` +
    (error === 7 ? ', so it was not processed and can be sent again' : ''),
  'go-away': ({ last, error, unprocessed }) => `the gateway ends the connection (${ERRORS[error] ?? error}) after ` +
    `stream ${last}: ${unprocessed === 0 ? 'nothing' : counted(unprocessed, 'request')} behind it ` +
    `${unprocessed < 2 ? 'was' : 'were'} left unprocessed${unprocessed > 0 ? ', and can be sent again' : ''}`,
  'not-understood': () => 'these bytes are nothing of the binary protocol',
  midway: ({ direction }) => `the capture began later than the connection: the first bytes of ${side(direction)} ` +
    'are not in it',
  missing: ({ direction, offset, length }) => `${counted(length, 'byte')} of ${side(direction)} at offset ${offset} ` +
    'are missing in this capture',
  'left-out': ({ direction, bytes }) => `${counted(bytes, 'byte')} of ${side(direction)} were left out: the capture ` +
    'is too large',
  contradicted: ({ direction, segments }) => `${counted(segments, 'segment')} of ${side(direction)} came again with ` +
    'other bytes: what came first is shown',
  'wrong-length': finding => {
    const { token, declared, actual, identifier, characters } = finding
    return `${which(identifier)}: the ${token ? 'token' : 'payload'}'s declared length is ${declared}, ${actual} ` +
      `bytes follow${why(finding)}${characters ? '. Its characters were counted, and not its bytes' : ''}`
  },
  unreadable: finding => `${counted(finding.length, 'byte')} at offset ${finding.offset} cannot be read: ` +
    `the first one is ${finding.first.toString(16).padStart(2, '0')}${why(finding)}`,
  cut: ({ length }) => `the stream ends inside of what begins last: ${counted(length, 'byte')} of it are there`,
  'payload-too-long': ({ identifier, bytes, limit }) => `${which(identifier)}: the payload has ${bytes} bytes, ` +
    `${limit} are allowed with this command`,
  'identifier-twice': ({ identifier }) => `identifier ${identifier} was used more than once on this connection: an ` +
    'error response about it is ambiguous',
  rejected: finding => `identifier ${finding.identifier} was rejected with ${named(finding)}: ` +
    `${counted(finding.before, 'notification')} before it ${finding.before === 1 ? 'was' : 'were'} accepted; ` +
    discarded(finding),
  sentinel: ({ identifier, before }) => `identifier ${identifier} was rejected, as it was meant to be: this proves ` +
    `that ${counted(before, 'notification')} before it ${before === 1 ? 'was' : 'were'} accepted`,
  shutdown: finding => `status 10: ${finding.identifier} was the last accepted` +
    (finding.entry === null ? ', and is not in this capture' : `; ${discarded(finding)}`),
  'unknown-identifier': finding => `an error response with ${named(finding)} names identifier ` +
    `${finding.identifier}, which is not in this capture`,
  'cut-off': ({ sent, reset }) => `the gateway ${reset ? 'reset' : 'closed'} the connection without an answer: of ` +
    `${counted(sent, 'notification')} nobody can know what became`,
  silence: ({ sent }) => `nothing came back about ${counted(sent, 'notification')}: in this protocol silence is ` +
    'success, as far as the gateway had read',
  'feedback-lost': ({ offset, lost }) => `the feedback stream ${lost > 0 ? 'lost' : 'has too many by'} ` +
    `${Math.abs(lost) === 1 ? 'a byte' : `${Math.abs(lost)} bytes`} here, at offset ${offset}`,
  feedback: ({ tuples }) =>
    `${counted(tuples, 'dead token')}: delete each unless it was registered again after its time`
}

/**
 * A finding in a sentence of English.
 * @param {Finding} finding
 * @returns {string}
 */
export function describeFinding (finding) {
  return words[finding.code]?.(finding) ?? finding.code
}

/** Findings that are as it should be. */
const good = ['sentinel', 'silence', 'feedback', 'http2']

/**
 * Whether something is not as it should be.
 * @param {Finding} finding
 */
export function isTrouble ({ code }) {
  return !good.includes(code)
}

/** The codes that have words. */
export const findingCodes = Object.freeze(Object.keys(words))
