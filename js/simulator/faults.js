/**
 * The faults that the simulator makes on demand: a table that can be read aloud, the grammar `NAME@POSITION` and the
 * schedule that says which one is due.
 *
 * Not here: carrying them out on a socket. That is gateway-connection.js.
 */

import { normalizeToken } from '../core.js'
import { BellpushError } from '../errors.js'
import { http2FaultKinds } from './http2-faults.js'

/** Statuses of an error response that the simulator itself gives. */
export const statuses = Object.freeze({
  noError: 0, processingError: 1, missingToken: 2, invalidToken: 8, shutdown: 10
})

/**
 * What the gateway does about a notification instead of accepting it in silence. A notification of command 0 has no
 * identifier: it never gets packets.
 *
 * @typedef {object} Plan
 * @property {boolean} accepted whether the notification itself is accepted; those after it on its connection never are
 * @property {(identifier: number) => ErrorResponse[]} packets error responses, in order; none: without a word
 * @property {'close' | 'reset' | 'stay open' | 'stall'} ending what follows the packets
 * @property {number} [late] the packets wait for so many more notifications, or until the client falls silent
 * @property {boolean} [cut] each packet goes out in two halves
 */

/** @typedef {{ status: number, identifier: number }} ErrorResponse */

/**
 * @typedef {object} FaultKind
 * @property {string} name as in `NAME@POSITION`; a final `N` stands for a number
 * @property {string} help one line
 * @property {[least: number, most: number]} [range] of `N`
 * @property {boolean} [once] fires once even if it was asked for by token
 * @property {(n: number) => Plan} plan
 */

/** @type {(status: number) => (identifier: number) => ErrorResponse[]} */
const naming = (status) => (identifier) => [{ status, identifier }]
const silence = () => []

/** @param {number} status @returns {Plan} an error response, then a close: what a gateway does with what it rejects */
export function rejection (status) {
  return {
    accepted: status === statuses.noError || status === statuses.shutdown, packets: naming(status), ending: 'close'
  }
}

/** Every fault. Whatever comes after the notification on its connection is read and thrown away. @type {FaultKind[]} */
export const faultKinds = [
  {
    name: 'status-N',
    help: 'error response with status N, then a close; 0 and 10 mean that this one was accepted',
    range: [0, 255],
    plan: rejection
  },
  {
    name: 'shutdown',
    help: 'status 10: this one is the last that was accepted',
    plan: () => rejection(statuses.shutdown)
  },
  {
    name: 'spurious',
    help: 'status 8 for a token that is fine, once: accepted when it comes again',
    once: true,
    plan: () => rejection(statuses.invalidToken)
  },
  {
    name: 'late',
    help: 'status 8, but only after the client has been silent for 100 ms',
    plan: () => ({ ...rejection(statuses.invalidToken), late: Infinity })
  },
  {
    name: 'late-N',
    help: 'status 8, but only after N more notifications, or a silence of 100 ms',
    range: [1, 1_000_000],
    plan: (n) => ({ ...rejection(statuses.invalidToken), late: n })
  },
  {
    name: 'cut',
    help: 'status 8, the error response cut into 3 and 3 bytes',
    plan: () => ({ ...rejection(statuses.invalidToken), cut: true })
  },
  {
    name: 'two-packets',
    help: 'status 8, and in the same write a second error response that names the next identifier',
    plan: () => ({
      ...rejection(statuses.invalidToken),
      packets: (identifier) => [
        { status: statuses.invalidToken, identifier },
        { status: statuses.processingError, identifier: (identifier + 1) >>> 0 }
      ]
    })
  },
  {
    name: 'no-close',
    help: 'status 8 without a close: the connection stays open and swallows everything',
    plan: () => ({ ...rejection(statuses.invalidToken), ending: 'stay open' })
  },
  {
    name: 'unknown-identifier',
    help: 'status 8 that names an identifier which was never sent (all its bits turned)',
    plan: () => ({ ...rejection(statuses.invalidToken), packets: (identifier) => naming(8)(~identifier >>> 0) })
  },
  {
    name: 'identifier-0',
    help: 'status 2 that names identifier 0',
    plan: () => ({ ...rejection(statuses.missingToken), packets: () => naming(statuses.missingToken)(0) })
  },
  {
    name: 'close',
    help: 'a close without an error response; this one is not accepted',
    plan: () => ({ accepted: false, packets: silence, ending: 'close' })
  },
  {
    name: 'reset',
    help: 'a TCP reset without an error response; this one is not accepted',
    plan: () => ({ accepted: false, packets: silence, ending: 'reset' })
  },
  {
    name: 'reset-after-error',
    help: 'status 8 and at once a TCP reset, which may overtake the error response',
    plan: () => ({ ...rejection(statuses.invalidToken), ending: 'reset' })
  },
  {
    name: 'stall',
    help: 'neither reads nor answers any more; this one is not accepted',
    plan: () => ({ accepted: false, packets: silence, ending: 'stall' })
  }
]

/**
 * The faults of both protocols, whose names differ.
 * @type {(FaultKind | import('./http2-faults.js').Http2FaultKind)[]}
 */
export const everyFaultKind = [...faultKinds, ...http2FaultKinds]

/**
 * @typedef {object} Fault
 * @property {string} name as it was asked for
 * @property {Plan} [plan] of the binary protocol
 * @property {import('./http2-faults.js').Answer} [answer] of HTTP/2
 * @property {boolean} once
 * @property {number} [position]
 * @property {string} [token]
 */

/**
 * Reads `NAME@POSITION` (the Nth notification that the gateway looks at, from 1) or `NAME@token:HEX`.
 *
 * @param {string} text
 * @returns {Fault}
 * @throws {BellpushError} BELLPUSH_OPTION_INVALID
 */
export function parseFault (text) {
  const [, name, where] = /^([^@]+)@(.+)$/.exec(text) ?? invalid(text, 'is not NAME@POSITION or NAME@token:HEX')
  const { kind, n } = findKind(text, name)
  const what = 'plan' in kind ? { plan: kind.plan(n) } : { answer: kind.answer(n) }
  if (where.startsWith('token:')) {
    return { name, ...what, once: kind.once === true, token: readToken(text, where.slice('token:'.length)) }
  }
  const position = Number(where)
  if (!/^\d+$/.test(where) || position < 1 || !Number.isSafeInteger(position)) {
    invalid(text, `has the position '${where}': a number from 1, or token:HEX, is needed`)
  }
  return { name, ...what, once: true, position }
}

/**
 * @param {string} text
 * @param {string} name
 */
function findKind (text, name) {
  const exact = everyFaultKind.find((kind) => kind.name === name && !kind.range)
  if (exact) return { kind: exact, n: 0 }
  const [, stem, digits] = /^(.+-)(\d+)$/.exec(name) ?? []
  const numbered = everyFaultKind.find((kind) => kind.range && kind.name === `${stem}N`)
  if (!numbered?.range) {
    invalid(text, `has the unknown name '${name}': known are ${everyFaultKind.map((kind) => kind.name).join(', ')}`)
  }
  const [least, most] = numbered.range
  const n = Number(digits)
  if (n < least || n > most) invalid(text, `has ${digits} for N: it goes from ${least} to ${most}`)
  return { kind: numbered, n }
}

/**
 * @param {string} text
 * @param {string} token
 */
function readToken (text, token) {
  try {
    return normalizeToken(token)
  } catch (cause) {
    return invalid(text, `has a malformed token: ${/** @type {Error} */ (cause).message}`)
  }
}

/**
 * @param {string} text
 * @param {string} problem
 * @returns {never}
 */
function invalid (text, problem) {
  const shown = text.replace(/(@token:.{8}).+/s, '$1…')
  throw new BellpushError('BELLPUSH_OPTION_INVALID', `the fault '${shown}' ${problem}`)
}

/** Which fault is due. One for a position fires once; one for a token each time it comes, unless its kind says once. */
export class FaultSchedule {
  /** @type {Map<number, Fault>} */
  #byPosition = new Map()
  /** @type {Map<string, Fault>} */
  #byToken = new Map()

  /** @param {Iterable<string>} texts as `parseFault` reads them */
  constructor (texts = []) {
    for (const text of texts) this.add(text)
  }

  /**
   * @param {string} text
   * @param {Fault} [fault] what it says
   */
  add (text, fault = parseFault(text)) {
    const taken = fault.token === undefined
      ? this.#byPosition.has(/** @type {number} */ (fault.position))
      : this.#byToken.has(fault.token)
    if (taken) invalid(text, 'comes second: its position or token already has a fault')
    if (fault.token === undefined) this.#byPosition.set(/** @type {number} */ (fault.position), fault)
    else this.#byToken.set(fault.token, fault)
  }

  /**
   * The fault for a notification, if there is one; a position goes before a token.
   *
   * @param {number} position
   * @param {string} token lower-case hexadecimal
   * @returns {Fault | undefined}
   */
  take (position, token) {
    const fault = this.#byPosition.get(position) ?? this.#byToken.get(token)
    if (fault?.position !== undefined) this.#byPosition.delete(position)
    else if (fault?.once) this.#byToken.delete(token)
    return fault
  }
}
