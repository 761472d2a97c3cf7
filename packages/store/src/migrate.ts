// Migrations: the SQL folders under prisma/migrations, applied at start.
//
// The engine behind `prisma migrate` is a separate download that restricted
// networks refuse, so this applies them itself, and keeps the same books
// (`_prisma_migrations`, Prisma's own columns and checksum): a machine that
// has the engine may use it on the same database.
import { createHash, randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { PlatformError } from '@paas/domain/errors'
import type { Logger } from '@paas/service/log'
import pg from 'pg'
import { connectionOf } from './store.ts'

const LOCK = 72_707_369 // the advisory lock `prisma migrate` takes, so that the two exclude each other
const CONNECT_TIMEOUT_MS = 5_000
const STATEMENT_TIMEOUT_MS = 300_000

const BOOKS = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
  id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)`

interface Migration {
  name: string
  sql: string
  checksum: string
}

/**
 * Brings the database up to the newest migration and gives back the names it applied. One caller at a time (the others wait).
 * Throws `settings_invalid` when an applied migration's text has changed or is gone, since nobody can know what the tables look like then.
 */
export async function applyMigrations(databaseUrl: string, migrationsDir: string, log: Logger): Promise<string[]> {
  const wanted = await readMigrations(migrationsDir)
  const client = new pg.Client({
    ...connectionOf(databaseUrl),
    application_name: 'paas migrations',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
  })
  try {
    await client.connect()
  } catch (cause) {
    await client.end().catch(() => {})
    throw new PlatformError('store_unreachable', 'Postgres cannot be reached', { cause, hint: 'Check DATABASE_URL.' })
  }
  try {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK])
    await client.query(BOOKS)
    const missing = missingOf(wanted, await readBooks(client))
    for (const migration of missing) {
      await apply(client, migration)
      log.info({ migration: migration.name }, 'migration.applied')
    }
    return missing.map(({ name }) => name)
  } finally {
    await client.end()
  }
}

async function readMigrations(dir: string): Promise<Migration[]> {
  const entries = await readdir(dir, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  return Promise.all(
    names.sort().map(async (name) => {
      const bytes = await readFile(path.join(dir, name, 'migration.sql'))
      return { name, sql: bytes.toString('utf8'), checksum: createHash('sha256').update(bytes).digest('hex') }
    }),
  )
}

async function readBooks(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ migration_name: string; checksum: string }>(
    'SELECT migration_name, checksum FROM "_prisma_migrations" WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
  )
  return new Map(rows.map((row) => [row.migration_name, row.checksum]))
}

function missingOf(wanted: readonly Migration[], applied: ReadonlyMap<string, string>): Migration[] {
  const known = new Set(wanted.map(({ name }) => name))
  const gone = [...applied.keys()].find((name) => !known.has(name))
  if (gone) {
    throw new PlatformError('settings_invalid', `The database has the migration ${gone}, which this version does not know`, {
      hint: 'It was made by a newer version of the platform: start that one.',
    })
  }
  const changed = wanted.find(({ name, checksum }) => applied.has(name) && applied.get(name) !== checksum)
  if (changed) {
    throw new PlatformError('settings_invalid', `The migration ${changed.name} was changed after it had been applied`, {
      hint: 'Restore its text, and put the change into a new migration.',
    })
  }
  return wanted.filter(({ name }) => !applied.has(name))
}

/** Tables and books change together, or not at all. */
async function apply(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  await client.query('BEGIN')
  try {
    await client.query(sql)
    await client.query(
      `INSERT INTO "_prisma_migrations" (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), checksum, name],
    )
    await client.query('COMMIT')
  } catch (cause) {
    await client.query('ROLLBACK')
    throw new PlatformError('settings_invalid', `The migration ${name} failed: ${(cause as Error).message}`, { cause })
  }
}
