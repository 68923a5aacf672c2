/**
 * The tables of the journal, as the first migration makes them.
 */

export const JOBS = 'bellpush_jobs'
export const CHUNKS = 'bellpush_job_chunks'
export const CALLS = 'bellpush_webhook_calls'

/**
 * @param {import('../../stores/database.js').Dialect} dialect
 * @param {import('kysely').Kysely<any>} db
 */
export async function makeTables (dialect, db) {
  const { name, text } = dialect.columnTypes
  await db.schema.createTable(JOBS).ifNotExists()
    .addColumn('id', name, column => column.primaryKey())
    .addColumn('app', name, column => column.notNull())
    .addColumn('background', 'integer', column => column.notNull())
    .addColumn('state', name, column => column.notNull())
    .addColumn('done', 'integer', column => column.notNull())
    .addColumn('payload', text, column => column.notNull())
    .addColumn('options', text, column => column.notNull())
    .addColumn('audience', text)
    .addColumn('idempotency_key', name)
    .addColumn('digest', name)
    .addColumn('created_at', 'bigint', column => column.notNull())
    .addColumn('started_at', 'bigint')
    .addColumn('finished_at', 'bigint')
    .addColumn('total', 'bigint')
    .addColumn('tally', text, column => column.notNull())
    .addColumn('stopped', text)
    .addColumn('stop_wanted', 'integer', column => column.notNull())
    .addColumn('owner', name)
    .addColumn('fence', 'bigint', column => column.notNull())
    .addColumn('beat', 'bigint', column => column.notNull())
    .addUniqueConstraint(`${JOBS}_key`, ['app', 'idempotency_key'])
    .execute()
  await dialect.createIndex(db.schema.createIndex(`${JOBS}_by_age`).on(JOBS).columns(['done', 'created_at']))
  await db.schema.createTable(CHUNKS).ifNotExists()
    .addColumn('job', name, column => column.notNull())
    .addColumn('n', 'integer', column => column.notNull())
    .addColumn('state', 'integer', column => column.notNull())
    .addColumn('tokens', text, column => column.notNull())
    .addColumn('clients', text)
    .addColumn('settled', text)
    .addColumn('others', text)
    .addPrimaryKeyConstraint(`${CHUNKS}_key`, ['job', 'n'])
    .execute()
  await db.schema.createTable(CALLS).ifNotExists()
    .addColumn('id', name, column => column.primaryKey())
    .addColumn('event', name, column => column.notNull())
    .addColumn('body', text, column => column.notNull())
    .addColumn('created_at', 'bigint', column => column.notNull())
    .addColumn('due_at', 'bigint', column => column.notNull())
    .addColumn('tries', 'integer', column => column.notNull())
    .execute()
}
