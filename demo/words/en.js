/**
 * What the page says, in English. The sentences of findings are the package's own.
 */

const number = (/** @type {number} */ value) => value.toLocaleString('en')

/** @param {number} count @param {string} noun */
const counted = (count, noun) => `${number(count)} ${noun}${count === 1 ? '' : 's'}`

export default {
  locale: 'en',
  number,

  /** What stands in the page itself, in English: only what is set from here. @type {Record<string, string>} */
  page: {},

  /** @param {import('../../js/core/capture.js').Finding} finding */
  finding: finding => String(finding.words),

  samples: {
    'good-ring': ['A good ring', '24 phones, all accepted'],
    'dead-token': ['A dead token', 'and all who were lost behind it'],
    'unreadable-frame': ['An unreadable frame', 'its length is in characters'],
    feedback: ['A feedback run', 'which tokens died, and when'],
    http2: ['Six requests over HTTP/2', 'two of them refused']
  },

  pasted: 'Pasted bytes',

  /** @param {number} read @param {number} of bytes */
  reading: (read, of) => read < of
    ? `Reading: ${number(Math.floor(read / 1e6))} of ${number(Math.ceil(of / 1e6))} MB`
    : 'Putting it together…',

  /** @param {number} bytes */
  bytes: bytes => counted(bytes, 'byte'),

  /** @param {string | null} format @param {number} packets @param {number} connections */
  facts: (format, packets, connections) => format === null
    ? 'a stream by itself'
    : `${format} · ${counted(packets, 'packet')} · ${counted(connections, 'connection')}`,

  /** Packets that were not read. @type {Record<string, (count: number) => string>} */
  passed: {
    linkType: count => `${counted(count, 'packet')} of a link type that is not known here`,
    other: count => `${counted(count, 'packet')} that are not TCP over IP`,
    fragments: count => `${counted(count, 'packet')} that are IP fragments, which are not put together here`,
    malformed: count => `${counted(count, 'packet')} that cannot be read`,
    connections: count => `${counted(count, 'packet')} of more connections than are followed`,
    cut: count => `${counted(count, 'packet')} that the capture has cut short`
  },

  notRead: 'Not read: ',
  failure: 'The file cannot be read further: ',
  nothing: 'There is no TCP connection in this capture.',
  /** @param {string} message */
  problem: message => `This cannot be read: ${message}`,
  empty: 'There is nothing to decode yet.',
  crashed: 'The decoder failed on this file, which is a bug in Bellpush. Please report it.',
  noSuchSample: 'There is no such sample.',
  noFrame: 'What this link points to is in a file that is not open: open it, and the link leads there.',

  fine: 'Nothing is wrong in here.',
  /** @param {number} count */
  moreFindings: count => `Show ${number(count)} more`,
  wrong: 'Wrong',
  good: 'As it should be',

  kinds: {
    empty: 'nothing', frames: 'frames', 'error-responses': 'error responses', feedback: 'feedback', tls: 'TLS',
    http2: 'HTTP/2', other: 'something else'
  },
  fates: { accepted: 'accepted', rejected: 'rejected', discarded: 'discarded', unknown: 'not known' },
  fatesInWords: {
    accepted: 'Accepted: an answer about a later notification proves it. Whether a phone rang, nobody can tell.',
    rejected: 'The gateway refused this one and closed the connection.',
    discarded: 'It was written behind one that was refused, and thrown away unread: it must be sent again.',
    unknown: 'Nothing in this capture says what became of it. In this protocol silence is success.'
  },
  requestsInWords: {
    accepted: 'Accepted: the answer says so. Whether a phone rang, nobody can tell.',
    rejected: 'The gateway refused this request.',
    discarded: 'The gateway ended the connection before it processed this request: it can be sent again.',
    unknown: 'No answer to this request is in the capture.'
  },
  /** @param {number[]} counts unknown, accepted, rejected, discarded */
  tally: ([unknown, accepted, rejected, discarded]) => [
    accepted && `${number(accepted)} accepted`, rejected && `${number(rejected)} rejected`,
    discarded && `${number(discarded)} discarded`, unknown && `${number(unknown)} not known`
  ].filter(Boolean).join(', '),

  sides: ['from who opened the connection', 'from the other end'],

  /** @param {import('../timeline.js').Labelled} part */
  label: ({ kind, identifier, status, length, type, fate }) => ({
    frame: identifier === null ? 'Notification' : `Notification ${identifier}`,
    'error-response': `Error response: ${status} to ${identifier}`,
    tuple: 'Dead token',
    http2: `${fate ? 'Request' : status ? `Answer ${status} to` : type || 'Preface'} ${identifier ?? ''}`,
    unreadable: `${counted(length, 'byte')} that cannot be read`
  })[kind],

  noPayload: 'no payload',
  /** @param {number} from @param {number} to @param {number} all */
  shown: (from, to, all) => all === 0 ? 'Nothing matches.' : `${number(from)} to ${number(to)} of ${number(all)}`,
  most: 'Only the first 10,000 matches are listed.',
  badToken: 'A token is searched by its hex digits.',
  badIdentifier: 'An identifier is a number up to 4294967295.',
  anyStatus: 'any',
  pages: { label: 'Pages', first: 'First', back: 'Back', next: 'Next', last: 'Last' },

  bytesTitle: 'Bytes',
  fieldsTitle: 'Fields',
  field: 'Field',
  value: 'Value',
  more: 'Show all bytes',
  close: 'Close',
  copy: 'Copy',
  copies: { link: 'Link', hex: 'Hex', json: 'JSON', vector: 'Test vector' },
  copied: 'Copied',
  notCopied: 'This browser does not let the page copy.',
  /** @param {string} packet @param {string} offset */
  place: (packet, offset) => packet === '' ? `offset ${offset}` : `packet ${packet} · offset ${offset}`,

  payloadTitle: 'Payload',
  /** @param {number} bytes @param {number} limit */
  measured: (bytes, limit) => `${number(bytes)} of ${number(limit)} bytes`,
  /** @param {number} by */
  tooLong: by => `: ${number(by)} too many`,
  noJson: 'This is no JSON: ',
  statusTitle: 'What the status means',
  todo: 'What to do',
  /** @type {Record<string, string>} */
  partsInWords: {
    tuple: 'The app is gone from this phone since then. Delete the token, unless it was registered again later.',
    unreadable: 'These bytes are nothing of the protocol. Most often a length before them is wrong, or bytes were lost.'
  },

  /** Names of fields, as the core gives them: what is not here stays. @type {Record<string, string>} */
  fields: {},
  /** Words in the values of fields. @type {[RegExp, string][]} */
  values: [],

  /**
   * By status, of either protocol: what it means, and what to do.
   * @type {Record<number, [meaning: string, todo: string]>}
   */
  statuses: {
    0: ['No error.', 'Nothing.'],
    1: ['The gateway failed for a reason of its own.', 'Send it again, after pauses that grow.'],
    2: ['There was no token.', 'Look at what your database gave: an empty token, or a row too many.'],
    3: ['No app was named.', 'Use the push certificate of your app: it names the topic.'],
    4: ['There was no payload, or a wrong length before it moved everything.',
      'Check the lengths in the frame, the token’s first: each must be the number of bytes that follow.'],
    5: ['The token does not have the length of a token.',
      'Send its bytes and not its hex digits: 64 digits are 32 bytes.'],
    6: ['The topic is too long.', 'Use the push certificate of your app.'],
    7: ['The payload is too long.',
      'Count bytes and not characters: 256 with command 0 and 1, 2,048 with command 2.'],
    8: ['The token is not one of this app in this environment.',
      'Ask once more on another connection before you delete it: Apple has been seen to refuse good tokens. If most ' +
      'tokens are refused, the app or the environment (sandbox, production) is wrong. Send again what came behind it.'],
    10: ['The gateway is going away. The identifier is the last notification that it accepted.',
      'Connect again, and send again from the next one on.'],
    128: ['What came is no frame.', 'Check the command, and every length before this place.'],
    200: ['Accepted. Whether a phone rang, nobody can tell.', 'Nothing.'],
    255: ['The gateway does not say.', 'Send it again once; if it is refused again, look at its bytes.'],
    400: ['The request is wrong; the DATA behind the answer gives the reason.',
      'BadDeviceToken: delete the token once a second answer confirms it, and not where most tokens get it: then the ' +
      'app or the environment is wrong. Any other reason: mend what it names before you send again.'],
    403: ['The provider token or the certificate is refused.',
      'Make a new provider token every 20 to 60 minutes, with the right key, key id and team.'],
    404: ['The path is wrong.', 'It is /3/device/ and the token in hex digits.'],
    405: ['The method is wrong.', 'It is POST.'],
    410: ['The token is dead.', 'Delete it, unless it was registered again after the time in the answer.'],
    413: ['The payload is too long.', 'Send 4,096 bytes at most, 5,120 for VoIP.'],
    429: ['Too many requests for this token, or too many new provider tokens.', 'Send less often.'],
    500: ['The gateway failed.', 'Send it again, after pauses that grow.'],
    503: ['The gateway is going away or too busy.', 'Send it again, after pauses that grow.']
  },
  otherStatus: ['A status that Apple never documented.', 'Treat it as a refusal of this notification.']
}
