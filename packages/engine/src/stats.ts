// How much memory a container uses: what cannot be taken back from it, so the
// page cache that the kernel would drop first is left out.
import { type Engine, statusOf } from './client.ts'

interface EngineStats {
  memory_stats?: { usage?: number; stats?: { inactive_file?: number; total_inactive_file?: number } }
}

/** Undefined when it does not run. */
export async function readMemoryBytes(engine: Engine, id: string): Promise<number | undefined> {
  try {
    const { memory_stats } = (await engine.call(
      `measure ${id.slice(0, 12)}`,
      () => engine.docker.getContainer(id).stats({ stream: false, 'one-shot': true } as { stream: false }),
      { expected: [404, 409] },
    )) as EngineStats
    if (memory_stats?.usage === undefined) return undefined
    // cgroup v1 counts children in the total_ fields, v2 always.
    const idle = memory_stats.stats?.total_inactive_file ?? memory_stats.stats?.inactive_file ?? 0
    return Math.max(0, memory_stats.usage - idle)
  } catch (error) {
    if (statusOf(error) !== undefined) return undefined
    throw error
  }
}
