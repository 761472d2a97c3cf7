// The database itself: made when the embedded Postgres is new.
import { connectionOf } from '@paas/store/store'
import pg from 'pg'

const INVALID_CATALOG_NAME = '3D000' // PostgreSQL error codes, appendix A

/** Connects once, and makes the database when the server has none of that name. Rejects while the server is down. */
export async function ensureDatabase(databaseUrl: string): Promise<void> {
  const connection = { ...connectionOf(databaseUrl), connectionTimeoutMillis: 3_000 }
  try {
    await withClient(connection, async () => {})
  } catch (error) {
    if ((error as { code?: string }).code !== INVALID_CATALOG_NAME || !connection.database) throw error
    const name = pg.escapeIdentifier(connection.database)
    await withClient(
      { ...connection, database: 'postgres' },
      async (client) => void (await client.query(`CREATE DATABASE ${name}`)),
    )
  }
}

async function withClient(connection: pg.ClientConfig, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client(connection)
  try {
    await client.connect()
    await work(client)
  } finally {
    await client.end().catch(() => {})
  }
}
