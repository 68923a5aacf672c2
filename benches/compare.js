/**
 * `npm run compare`: every fault of a gateway at the fifth notification, for this package's client and for npm's apn
 * 1.7.8, over real TLS. What counts is the gateway's own ledger: it knows what it accepted and how often.
 *
 * Ends with 1 if ours lost something, or sent something twice. Each client runs in a process of its own, so that the
 * crash of one is a result.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Simulator } from '../js/simulator/index.js'
import { Contender } from './lib/contender.js'
import { table } from './lib/figures.js'
import { installApn } from './lib/peers.js'
import { makeTokens } from './lib/tokens.js'

/** Milliseconds for one client and one fault. */
const TIME = 20_000
/** The gateway has had nothing to do for so long, milliseconds: nothing more is expected. */
const STANDSTILL = 1_500

/** The place of the notification that meets the fault. */
const FIFTH = 4

/**
 * @typedef {object} Row
 * @property {string} fault in words
 * @property {string} name of the simulator's fault
 * @property {boolean} [refused] the fifth token is refused each time that it comes, and is to be refused in the end
 * @property {number} [count] notifications
 */

/** @type {Row[]} */
const rows = [
  { fault: 'status 8', name: 'status-8', refused: true },
  { fault: 'error response cut 3 + 3 bytes', name: 'cut', refused: true },
  { fault: 'close without a packet', name: 'close' },
  { fault: 'reset', name: 'reset' },
  { fault: 'unknown identifier', name: 'unknown-identifier' },
  { fault: 'status 2, identifier 0', name: 'identifier-0' },
  { fault: 'status 10', name: 'shutdown' },
  { fault: 'status 128', name: 'status-128', refused: true },
  { fault: 'error response without a close', name: 'no-close', refused: true },
  { fault: 'late error, behind 5,000 more', name: 'late-5000', refused: true, count: 5_020 }
]

/** @type {{ name: string, contender: string }[]} */
const clients = [
  { name: 'Bellpush', contender: 'compare-bellpush' },
  { name: 'apn 1.7.8', contender: 'compare-apn' }
]

/**
 * @typedef {object} Cell
 * @property {number} lost never accepted, though nothing was wrong with it, and the client does not say so
 * @property {number} twice accepted more than once
 * @property {number} inDoubt the client says that nobody can know
 * @property {number} failed never accepted, though nothing was wrong with it, and the client says so
 * @property {number} wrong the client says of it what is not true
 * @property {string} [end] how the client ended, where that is no good end
 */

/**
 * @param {Row} row
 * @param {string} contender
 * @param {string} path of apn
 * @returns {Promise<Cell>}
 */
async function meet ({ name, refused = false, count = 20 }, contender, path) {
  const tokens = makeTokens(count)
  const fault = refused ? `${name}@token:${tokens[FIFTH]}` : `${name}@${FIFTH + 1}`
  // Clients of 2016 lose error responses with TLS 1.3.
  const simulator = await Simulator.start({ faults: [fault], maxVersion: 'TLSv1.2' })
  // apn takes every address but Apple's own for the sandbox.
  const { certPem: cert, keyPem: key } = await simulator.authority.issue({ environments: ['sandbox'] })
  const credentials = { ca: simulator.authority.certPem, cert, key }
  const setup = { port: Number(new URL(simulator.binary).port), credentials, tokens, path }
  const client = await Contender.start(contender, setup, { silent: contender === 'compare-apn' })
  let end
  /** @type {Map<string, string>} */
  let said = new Map()
  try {
    const over = new AbortController()
    const late = sleep(TIME, undefined, { signal: over.signal }).then(() => { throw new Error('it hung') })
    late.catch(() => {})
    try {
      await Promise.race([late, client.run({ what: 'push' })])
      await standstill(simulator)
      said = new Map(await Promise.race([late, client.run({ what: 'tell' })]))
    } finally {
      over.abort()
    }
  } catch (error) {
    const { message } = /** @type {Error} */ (error)
    end = message === 'it hung' ? 'hung' : /crashed|has ended/.test(message) ? 'process crash' : 'error'
    if (end === 'error') console.error(message)
    await standstill(simulator)
  }
  client.stop()
  await simulator.stop()
  if (simulator.counts().connections === 0) {
    throw new Error(`${contender} never connected: nothing was compared`)
  }
  const cell = tally(tokens, refused, simulator.accepted, said)
  // One that is gone has told nobody anything, right or wrong.
  return end === undefined ? cell : { ...cell, wrong: 0, end }
}

/** @param {Simulator} simulator */
async function standstill (simulator) {
  for (let before = ''; ;) {
    const now = JSON.stringify(simulator.counts())
    if (now === before) return
    before = now
    await sleep(STANDSTILL)
  }
}

/**
 * @param {string[]} tokens
 * @param {boolean} refused the fifth is to be refused
 * @param {ReadonlyMap<string, number>} accepted the gateway's ledger
 * @param {Map<string, string>} said the client's word on each token; none: it takes it for sent
 * @returns {Cell}
 */
function tally (tokens, refused, accepted, said) {
  const cell = { lost: 0, twice: 0, inDoubt: 0, failed: 0, wrong: 0 }
  for (const [place, token] of tokens.entries()) {
    const times = accepted.get(token) ?? 0
    const word = said.get(token) ?? 'accepted'
    if (times > 1) cell.twice++
    if (word === 'inDoubt') cell.inDoubt++
    else if (refused && place === FIFTH) cell.wrong += Number(word === 'accepted')
    else if (times > 0) cell.wrong += Number(word !== 'accepted')
    else if (word === 'accepted') cell.lost++
    else cell.failed++
  }
  return cell
}

/** @param {Cell} cell */
function show ({ lost, twice, inDoubt, failed, wrong, end }) {
  const words = [
    end, lost && `${lost} lost`, twice && `${twice} twice`, inDoubt && `${inDoubt} in doubt, and said so`,
    failed && `${failed} given up, and said so`, wrong && `${wrong} reported wrongly`
  ].filter(Boolean)
  return words.length > 0 ? words.join(', ') : 'ok'
}

const path = installApn()
let failed = false
const lines = []
for (const row of rows) {
  // At once: each has its own gateway.
  const cells = await Promise.all(clients.map(({ contender }) => meet(row, contender, path)))
  const [{ lost, twice, failed: givenUp, wrong, end }] = cells
  failed ||= lost > 0 || twice > 0 || givenUp > 0 || wrong > 0 || end !== undefined
  lines.push([row.fault, ...cells.map(show)])
}
console.log(table(['fault', ...clients.map(({ name }) => name)], lines))
if (failed) {
  console.error('Bellpush lost something, sent something twice, or told something wrong.')
  process.exitCode = 1
}
