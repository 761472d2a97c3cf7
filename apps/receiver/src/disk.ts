// A push is refused while the disk is nearly full: everything a push starts
// writes, and Postgres on the same disk must not be the one that finds it full.
import { statfs } from 'node:fs/promises'

/** Why nothing is taken now, with the figures; undefined when there is room. */
export async function diskRefusal({
  dataDir,
  diskReserveBytes,
}: {
  dataDir: string
  diskReserveBytes: number
}): Promise<string | undefined> {
  const { bavail, bsize } = await statfs(dataDir)
  const free = bavail * bsize
  if (free >= diskReserveBytes) return undefined
  return `The platform's disk is nearly full (${gigabytes(free)} GB free, ${gigabytes(diskReserveBytes)} GB are kept in reserve): nothing can be pushed until there is room.`
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1)
}
