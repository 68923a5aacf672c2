/**
 * `bellpush tokens`: which device tokens the database holds, and whose they are.
 *
 * Not here: importing a file (import.js).
 */
import { Command } from 'commander'
import { normalizeToken } from '../core.js'
import { BellpushError } from '../errors.js'
import { usage } from './exit.js'
import { importTokens } from './import.js'
import { counted, print, printable, printJson } from './output.js'
import { addStoreOptions, EXIT_CODES, withStore } from './store-options.js'

/** @typedef {import('./store-options.js').StoreOptions & { json?: boolean }} Options */

/** @returns {Command} */
export function tokensCommand () {
  return new Command('tokens')
    .summary('see and change the tokens in the database')
    .description('Sees and changes the device tokens in the database. Each belongs to a client, whoever your ' +
      'application calls that: a client has any number of tokens, a token has one client.')
    .addCommand(addCommand())
    .addCommand(removeCommand())
    .addCommand(listCommand())
    .addCommand(importCommand())
    .addCommand(countCommand())
    .addHelpText('after', `
Examples:
  $ bellpush tokens add --db sqlite:doorbell.db alice 0a1b2c3d 4e5f6071
  $ bellpush tokens list --db sqlite:doorbell.db --client alice
  $ bellpush tokens import --help`)
}

function addCommand () {
  return withCommonOptions(new Command('add')
    .summary('register tokens for a client')
    .description('Registers tokens for a client. The database is made if it is missing. A token of another client ' +
      'moves to this one.')
    .argument('<client>', 'id of the client')
    .argument('<token...>', 'device tokens, hexadecimal in any usual spelling'))
    .addHelpText('after', `
Exit codes: 0 done, 2 usage (a malformed token or a wrong table too), 3 the
database could not be used.

Examples:
  $ bellpush tokens add --db sqlite:doorbell.db alice 0a1b2c3d 4e5f6071
  $ bellpush tokens add --db sqlite:old.db --table tb_apns \\
      --token-column deviceToken 7 '<0a1b2c3d 4e5f6071>'`)
    .action(add)
}

function removeCommand () {
  return withCommonOptions(new Command('remove')
    .summary('remove tokens, or all of a client')
    .description('Removes tokens, or all tokens of a client.')
    .argument('[token...]', 'device tokens, in any usual spelling')
    .option('--client <id>', 'all tokens of this client'))
    .addHelpText('after', `${EXIT_CODES}

A token that is not there is told and is no error.

Examples:
  $ bellpush tokens remove --db sqlite:doorbell.db 0a1b2c3d
  $ bellpush tokens remove --db sqlite:doorbell.db --client alice`)
    .action(remove)
}

function listCommand () {
  return withCommonOptions(new Command('list')
    .summary('list tokens and whose they are')
    .description('Lists tokens, one a line: the client, a tab, the token.')
    .option('--client <id...>', 'only of these clients'), 'print one JSON object a line: clientId, token, registeredAt')
    .addHelpText('after', `${EXIT_CODES}

Examples:
  $ bellpush tokens list --db sqlite:doorbell.db
  $ bellpush tokens list --db sqlite:doorbell.db --client alice bob --json
  $ bellpush tokens list --db sqlite:old.db --table tb_apns \\
      --token-column deviceToken | bellpush tokens import --db sqlite:new.db -`)
    .action(list)
}

function countCommand () {
  return withCommonOptions(new Command('count')
    .summary('count tokens')
    .description('Counts the tokens in the database.')
    .option('--client <id...>', 'only of these clients'))
    .addHelpText('after', `${EXIT_CODES}

Examples:
  $ bellpush tokens count --db sqlite:doorbell.db
  $ bellpush tokens count --db sqlite:doorbell.db --client alice bob`)
    .action(countTokens)
}

function importCommand () {
  return withCommonOptions(new Command('import')
    .summary('register the tokens of a file')
    .description('Registers the tokens of a file, one a line. The database is made if it is missing. Lines that are ' +
      'malformed are named, and the others are imported.')
    .argument('<file>', 'the file, or - for stdin'))
    .addHelpText('after', `
A line is a client and a token:
  alice,0a1b2c3d…      divided by a comma, a semicolon, a tab or spaces
  "Smith, A",0a1b…     a field may be in double quotes
  # words              comments and empty lines are left out
A first line that names the columns (client,token) is left out too. Of a token
that comes twice the last line counts. Importing again does no harm: a token
that its client has already keeps the time at which it was registered. One that
is new, or moves, is registered now, and feedback of earlier deaths leaves it.

Exit codes: 0 done, 1 some lines were malformed, 2 usage (a wrong table too),
3 the database could not be used.

Examples:
  $ bellpush tokens import --db sqlite:doorbell.db tokens.csv
  $ sqlite3 -csv old.db 'select client_id, deviceToken from tb_apns' |
      bellpush tokens import --db sqlite:doorbell.db -`)
    .action(importTokens)
}

/**
 * @param {Command} command
 * @param {string} [json]
 */
function withCommonOptions (command, json = 'print one JSON object') {
  return addStoreOptions(command).option('--json', json)
}

/**
 * @param {string} clientId
 * @param {string[]} tokens
 * @param {Options} options
 */
async function add (clientId, tokens, options) {
  const registrations = tokens.map((token, index) => ({ clientId, token: parsed(token, index, tokens.length) }))
  await withStore(options, { create: true }, store => store.putMany(registrations))
  const registered = new Set(registrations.map(({ token }) => token)).size
  if (options.json) await printJson({ registered })
  else await print(`${counted(registered, 'token')} registered for client ${printable(clientId)}`)
}

/**
 * @param {string} token
 * @param {number} index
 * @param {number} of
 */
function parsed (token, index, of) {
  try {
    return normalizeToken(token)
  } catch (error) {
    if (of === 1 || !(error instanceof BellpushError)) throw error
    throw new BellpushError(error.code, `token ${index + 1} of ${of}: ${error.message}; nothing was registered`)
  }
}

/**
 * @param {string[]} tokens
 * @param {Options & { client?: string }} options
 */
async function remove (tokens, { client, ...options }) {
  if ((tokens.length > 0) === (client !== undefined)) throw usage('which ones? Give either tokens or --client ID')
  if (client !== undefined) {
    const removed = await withStore(options, {}, store => store.removeClient(client))
    if (options.json) await printJson({ removed, missing: [] })
    else await print(`${counted(removed, 'token')} of client ${printable(client)} removed`)
    return
  }
  const distinct = [...new Set(tokens)]
  const removed = await withStore(options, {}, store => store.removeMany(distinct.map(token => ({ token }))))
  const missing = distinct.filter(token => !removed.includes(token))
  if (options.json) await printJson({ removed: removed.length, missing })
  else await print([`${counted(removed.length, 'token')} removed`, ...missing.map(notThere)])
}

/** @param {string} token */
const notThere = token => `not there: ${printable(token)}`

/** @param {Options & { client?: string[] }} options */
async function list ({ client, ...options }) {
  await withStore(options, {}, async store => {
    for await (const { clientId, token, registeredAt } of store.entries(client)) {
      const goesOn = options.json
        ? await printJson({ clientId, token, registeredAt: registeredAt === null ? null : new Date(registeredAt) })
        : await print(`${field(clientId ?? '')}\t${field(token)}`)
      if (!goesOn) break
    }
  })
}

/** A field as `import` reads it: quoted where it must be. @param {string} text */
function field (text) {
  const shown = printable(text)
  return /[\t",;]|^\s|\s$|^#/.test(shown) ? `"${shown.replaceAll('"', '""')}"` : shown
}

/** @param {Options & { client?: string[] }} options */
async function countTokens ({ client, ...options }) {
  const tokens = await withStore(options, {}, store => store.count(client))
  if (options.json) await printJson({ count: tokens })
  else await print(String(tokens))
}
