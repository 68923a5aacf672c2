/**
 * The tables of the journal, made and changed step by step. They are ours alone: a table of somebody else's is never
 * touched.
 */
import { Migrator } from 'kysely'
import { makeTables } from './tables.js'

/** @typedef {{ name: string, executedAt: Date | null }} MigrationState */

/** Where two that migrate one SQLite file meet, the second one finds done what it was about to do, and looks again. */
const TRIES = 3

/**
 * In the order of their names; one that was released is never changed.
 * @param {import('../../stores/database.js').Dialect} dialect
 * @returns {Record<string, import('kysely').Migration>}
 */
const migrationsOf = dialect => ({
  '0001_journal': { up: db => makeTables(dialect, db) }
})

/**
 * @param {import('../../stores/database.js').Database} database
 * @param {import('kysely').Kysely<any>} db
 */
const migratorOf = ({ dialect }, db) => new Migrator({
  db,
  provider: { getMigrations: async () => migrationsOf(dialect) },
  migrationTableName: 'bellpush_migrations',
  migrationLockTableName: 'bellpush_migrations_lock'
})

/**
 * Runs what has not run yet. Two that migrate at once wait for each other.
 * @param {import('../../stores/database.js').Database} database
 * @returns {Promise<string[]>} the names of the migrations that ran
 */
export async function migrate (database) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await database.run(async db => {
        const { error, results = [] } = await migratorOf(database, db).migrateToLatest()
        if (error) throw error
        return results.map(({ migrationName }) => migrationName)
      })
    } catch (error) {
      if (attempt === TRIES) throw error
    }
  }
}

/**
 * @param {import('../../stores/database.js').Database} database
 * @returns {Promise<MigrationState[]>}
 */
export async function migrationState (database) {
  const migrations = await database.run(db => migratorOf(database, db).getMigrations())
  return migrations.map(({ name, executedAt }) => ({ name, executedAt: executedAt ? new Date(executedAt) : null }))
}
