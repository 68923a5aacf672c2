/**
 * `bellpush db`: the tables that `bellpush serve` and the token store use.
 */
import { Command } from 'commander'
import { openDatabase } from '../stores/index.js'
import { print, printJson } from './output.js'
import { addStoreOptions, checkUrl, EXIT_CODES, withStore } from './store-options.js'

/** @typedef {import('./store-options.js').StoreOptions & { json?: boolean }} Options */

/** @returns {Command} */
export function dbCommand () {
  return new Command('db')
    .summary('make and change the tables in the database')
    .description('Makes the tables that bellpush uses, and changes them where a new version needs that: the table of ' +
      'device tokens, where there is none, and the journal of bellpush serve (bellpush_…). A table of your own, ' +
      'named by --table, is only looked at.')
    .addCommand(migrateCommand())
    .addCommand(statusCommand())
    .addHelpText('after', `
bellpush serve does the same when it starts. Migrating beforehand lets it run as
a user of the database who may not make tables.

Examples:
  $ bellpush db migrate --db mariadb://admin:password@127.0.0.1/doorbell
  $ bellpush db migrate --db sqlite:old.db --table tb_apns \\
      --token-column deviceToken
  $ bellpush db status --db sqlite:doorbell.db`)
}

function migrateCommand () {
  return addStoreOptions(new Command('migrate')
    .summary('bring the tables up to date')
    .description('Brings the tables up to date. Doing it again, or twice at once, does no harm.'))
    .option('--json', 'print one JSON object')
    .addHelpText('after', EXIT_CODES)
    .action(migrateAll)
}

function statusCommand () {
  return new Command('status')
    .summary('tell which changes were made')
    .description('Tells which changes of the journal were made, and when.')
    .requiredOption('--db <url>', 'database: sqlite:FILE, mysql://… or postgres://…')
    .option('--json', 'print one JSON object')
    .addHelpText('after', EXIT_CODES)
    .action(tellStatus)
}

/** Loaded by those who need it: the library for databases takes longer to load than everything else of a command. */
function migrations () {
  return import('../serve/journal/migrations.js')
}

/** @param {Options} options */
async function migrateAll (options) {
  await withStore(options, { create: options.table === undefined }, async () => {})
  const { migrate } = await migrations()
  const ran = await withDatabase(options, migrate)
  if (options.json) await printJson({ ran })
  else await print(ran.length > 0 ? ran.map(name => `migrated: ${name}`) : ['up to date'])
}

/** @param {Options} options */
async function tellStatus (options) {
  const { migrationState } = await migrations()
  const states = await withDatabase(options, migrationState)
  if (options.json) await printJson({ migrations: states })
  else await print(states.map(({ name, executedAt }) => `${name}\t${executedAt?.toISOString() ?? 'not yet'}`))
}

/**
 * @template T
 * @param {Options} options
 * @param {(database: import('../stores/database.js').Database) => Promise<T>} run
 */
async function withDatabase ({ db = '' }, run) {
  checkUrl(db)
  const database = await openDatabase(db)
  try {
    return await run(database)
  } finally {
    await database.close()
  }
}
