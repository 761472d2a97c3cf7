// How much of the host a container uses: memory and disk.
import { type Engine, statusOf } from './client.ts'

/** A walk over its files: millions of them take long. */
const WALK_DEADLINE_MS = 60_000

interface EngineStats {
  memory_stats?: { usage?: number; stats?: { inactive_file?: number; total_inactive_file?: number } }
}

/** What cannot be taken back from it: the page cache that the kernel would drop first is left out. Undefined when it does not run. */
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

/** Bytes of files it has written over its image, in no volume. Undefined when it is gone. */
export async function readWrittenBytes(engine: Engine, id: string): Promise<number | undefined> {
  try {
    const { SizeRw } = (await engine.call(
      `measure the files of ${id.slice(0, 12)}`,
      (abortSignal) => engine.docker.getContainer(id).inspect({ size: true, abortSignal } as object),
      { deadlineMs: WALK_DEADLINE_MS, expected: [404] },
    )) as { SizeRw?: number }
    return SizeRw
  } catch (error) {
    if (statusOf(error) === 404) return undefined
    throw error
  }
}
