// Which containers' dynos the database knows.
import type { Store } from './store.ts'

/** Which of these dyno ids have a row. */
export async function findExistingDynos(store: Store, dynoIds: readonly string[]): Promise<Set<string>> {
  const rows = await store.db.dyno.findMany({ where: { id: { in: [...dynoIds] } }, select: { id: true } })
  return new Set(rows.map(({ id }) => id))
}
