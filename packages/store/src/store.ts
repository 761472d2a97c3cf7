// The one door to Postgres. Each noun has a file of functions beside this one,
// which take a Store and give back plain objects: no Prisma row leaves here.
import { readFileSync } from 'node:fs'
import { PrismaPg } from '@prisma/adapter-pg'
import type { ClientConfig } from 'pg'
import { PrismaClient } from '../generated/client.ts'
import { listenForWakes, type Wakes } from './wakes.ts'

const POOL_SIZE = 6 // every Postgres backend costs about 5 MB, and one machine's control plane needs few
const CONNECT_TIMEOUT_MS = 3_000
const STATEMENT_TIMEOUT_MS = 10_000

export interface Store {
  db: PrismaClient
  /** 32 bytes; seals config vars. */
  key: Buffer
  wakes: Wakes
  close(): Promise<void>
}

export interface StoreSettings {
  databaseUrl: string
  /** File of 32 random bytes. */
  keyPath: string
}

/** A leader's door: what it writes counts only in its term. */
export function openTermStore({ databaseUrl }: Pick<StoreSettings, 'databaseUrl'>, store: Store, term: number): Store {
  const db = openClient({ ...connectionOf(databaseUrl), options: `-c paas.term=${term}` })
  return { ...store, db, close: () => db.$disconnect() }
}

/** Opens lazily: the first query connects, so a stage can start before Postgres has. */
export function openStore({ databaseUrl, keyPath }: StoreSettings): Store {
  const connection = connectionOf(databaseUrl)
  const db = openClient(connection)
  const wakes = listenForWakes(connection)
  return {
    db,
    key: readFileSync(keyPath),
    wakes,
    async close() {
      await wakes.close()
      await db.$disconnect()
    },
  }
}

function openClient(connection: ClientConfig): PrismaClient {
  const adapter = new PrismaPg({
    ...connection,
    max: POOL_SIZE,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
  })
  return new PrismaClient({ adapter })
}

/** `pg` reads a socket folder only from its `host` field, so `?host=/run/…` of a URL is lifted out. */
export function connectionOf(databaseUrl: string): ClientConfig {
  const url = new URL(databaseUrl)
  const socketDir = url.searchParams.get('host')
  if (!socketDir?.startsWith('/')) return { connectionString: databaseUrl }
  return {
    host: socketDir,
    port: Number(url.searchParams.get('port') ?? (url.port || 5432)),
    user: decodeURIComponent(url.username),
    database: url.pathname.slice(1),
  }
}
