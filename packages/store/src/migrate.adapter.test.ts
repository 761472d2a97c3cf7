import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createLog } from '@paas/service/log'
import { startTestPostgres, type TestPostgres } from '@paas/testing/postgres'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { applyMigrations } from './migrate.ts'
import { connectionOf } from './store.ts'

const prisma = path.join(import.meta.dirname, '../../../prisma')
const migrations = path.join(prisma, 'migrations')
const log = createLog('test', 'silent')
let postgres: TestPostgres

beforeAll(async () => {
  postgres = await startTestPostgres()
}, 60_000)
afterAll(() => postgres?.stop())

it('applies every migration once, also when two start together', async () => {
  const applied = await Promise.all([1, 2].map(() => applyMigrations(postgres.databaseUrl, migrations, log)))
  expect(applied.flat()).toContain('20261121000000_first')
  expect(new Set(applied.flat()).size).toBe(applied.flat().length)
  expect(await applyMigrations(postgres.databaseUrl, migrations, log)).toEqual([])
})

it('refuses an applied migration whose text has changed', async () => {
  await applyMigrations(postgres.databaseUrl, migrations, log)
  const copy = mkdtempSync(path.join(tmpdir(), 'paas-migrations-'))
  cpSync(migrations, copy, { recursive: true })
  writeFileSync(path.join(copy, '20261121000000_first/migration.sql'), '-- changed')
  await expect(applyMigrations(postgres.databaseUrl, copy, log)).rejects.toMatchObject({ code: 'settings_invalid' })
  rmSync(copy, { recursive: true })
})

it('leaves the tables that schema.prisma describes', async () => {
  await applyMigrations(postgres.databaseUrl, migrations, log)
  const client = new pg.Client(connectionOf(postgres.databaseUrl))
  await client.connect()
  const { rows } = await client.query<{ column: string }>(
    `SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
            || CASE WHEN a.attnotnull THEN '' ELSE ' null' END AS column
       FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = 'public' AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND c.relname <> '_prisma_migrations'`,
  )
  const enums = await client.query<{ label: string }>(
    `SELECT t.typname || '.' || e.enumlabel AS label FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid`,
  )
  await client.end()
  const wanted = columnsOf(readFileSync(path.join(prisma, 'schema.prisma'), 'utf8'))
  expect(rows.map(({ column }) => column).sort()).toEqual(wanted.columns.sort())
  expect(enums.rows.map(({ label }) => label).sort()).toEqual(wanted.labels.sort())
})

/** Reads the schema's text: what Prisma's own diff would compare needs an engine that is a separate download. */
function columnsOf(schema: string): { columns: string[]; labels: string[] } {
  const blocks = [...schema.matchAll(/^(model|enum) (\w+) \{\n([\s\S]*?)^\}/gm)].map(([, kind, name, body = '']) => ({
    kind,
    name: name ?? '',
    dbName: /@@map\("(\w+)"\)/.exec(body)?.[1] ?? name ?? '',
    lines: body.split('\n').filter((line) => /^ {2}\w/.test(line)),
  }))
  const models = new Set(blocks.filter(({ kind }) => kind === 'model').map(({ name }) => name))
  const enums = new Map(blocks.filter(({ kind }) => kind === 'enum').map(({ name, dbName }) => [name, dbName]))
  const types: Record<string, string> = {
    String: 'text',
    Int: 'integer',
    Float: 'double precision',
    BigInt: 'bigint',
    Boolean: 'boolean',
    Bytes: 'bytea',
    Json: 'jsonb',
  }
  const columns = blocks
    .filter(({ kind }) => kind === 'model')
    .flatMap(({ dbName, lines }) =>
      lines.flatMap((line) => {
        const [, field = '', type = '', suffix = ''] = /^ {2}(\w+)\s+(\w+)(\[\]|\?)?/.exec(line) ?? []
        if (models.has(type)) return []
        const column = /@map\("(\w+)"\)/.exec(line)?.[1] ?? field
        const base = line.includes('@db.Uuid')
          ? 'uuid'
          : line.includes('@db.Timestamptz(6)')
            ? 'timestamp(6) with time zone'
            : (enums.get(type) ?? types[type])
        // Prisma leaves the columns of lists nullable, and reads null as [].
        return [`${dbName}.${column} ${base}${suffix === '[]' ? '[] null' : ''}${suffix === '?' ? ' null' : ''}`]
      }),
    )
  const labels = blocks
    .filter(({ kind }) => kind === 'enum')
    .flatMap(({ dbName, lines }) => lines.map((line) => `${dbName}.${line.trim()}`))
  return { columns, labels }
}
