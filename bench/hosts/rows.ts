// What the platform's own rows say of hosts and dynos, asked as often as a
// clock needs it: the CLI starts too slowly for that.
import { connectionOf } from '@paas/store/store'
import type { TestPlatform } from '@paas/testing/platform'
import pg from 'pg'

export interface DynoRow {
  id: string
  state: string
  /** Name of its host; null: not placed yet. */
  host: string | null
  address: string | null
  port: number | null
}

export interface Rows extends AsyncDisposable {
  /** `up`, `lost`, …; undefined: no such host. */
  conditionOf(host: string): Promise<string | undefined>
  /** Of the app's web dynos, all that there are. */
  webDynos(app: string): Promise<DynoRow[]>
}

export function openRows(platform: TestPlatform): Rows {
  const client = new pg.Pool({ ...connectionOf(`postgres://postgres@localhost/paas?host=${platform.runDir}/postgres`), max: 3 })
  return {
    async conditionOf(host) {
      const { rows } = await client.query('SELECT condition FROM hosts WHERE name = $1', [host])
      return rows[0]?.condition
    },
    async webDynos(app) {
      const { rows } = await client.query(
        `SELECT d.id, d.state, h.name AS host, d.address, d.port
           FROM dynos d JOIN apps a ON a.id = d.app_id LEFT JOIN hosts h ON h.id = d.host_id
          WHERE a.name = $1 AND d.type = 'web'`,
        [app],
      )
      return rows
    },
    [Symbol.asyncDispose]: () => client.end(),
  }
}
