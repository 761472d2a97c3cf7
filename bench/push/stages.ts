// Where the time of one push went, read from the rows it left.
import { connectionOf } from '@paas/store/store'
import type { TestPlatform } from '@paas/testing/platform'
import pg from 'pg'

/** Milliseconds. */
export interface Stages {
  'receive: git to build row': number
  'build: image made': number
  'release: row written': number
  'place: dyno started and healthy': number
  'route: first answer': number
}

/** Of the app's newest build; `beganAt` and `answeredAt` are milliseconds since the epoch. */
export async function readStages(platform: TestPlatform, app: string, beganAt: number, answeredAt: number): Promise<Stages> {
  const client = new pg.Client(connectionOf(`postgres://postgres@localhost/paas?host=${platform.runDir}/postgres`))
  await client.connect()
  try {
    const { rows } = await client.query(
      `SELECT b.created_at AS queued, b.finished_at AS built, r.created_at AS released, r.updated_at AS live
         FROM builds b JOIN apps a ON a.id = b.app_id JOIN releases r ON r.app_id = a.id AND r.version = b.release_version
        WHERE a.name = $1 ORDER BY b.number DESC LIMIT 1`,
      [app],
    )
    const { queued, built, released, live } = rows[0] as Record<string, Date>
    return {
      'receive: git to build row': queued!.getTime() - beganAt,
      'build: image made': built!.getTime() - queued!.getTime(),
      'release: row written': released!.getTime() - built!.getTime(),
      'place: dyno started and healthy': live!.getTime() - released!.getTime(),
      'route: first answer': answeredAt - live!.getTime(),
    }
  } finally {
    await client.end()
  }
}
