// What is said about a dyno that has written more than it may to its own disk.
// The engine has no quota on overlay2, so the bound is watched, not enforced
// by the kernel, and the only remedy is to stop the dyno: its files go with it.
const MIB = 1024 * 1024

export interface DiskVerdict {
  /** For the dyno's row and the pusher. */
  reason: string
  /** For the app's log. */
  lines: string[]
}

/** Undefined while it is within its bound. */
export function judgeDisk(writtenBytes: number, maxMiB: number): DiskVerdict | undefined {
  if (writtenBytes <= maxMiB * MIB) return undefined
  const writtenMiB = Math.ceil(writtenBytes / MIB)
  return {
    reason: `disk quota exceeded: it had written ${writtenMiB} MiB of files, more than ${maxMiB} MiB`,
    lines: [
      `Disk quota exceeded -> Process has written ${writtenMiB} MiB of files, more than the ${maxMiB} MiB a dyno may`,
      "A dyno's files end with it: delete those that are done with, and keep what has to last in a database or an object store",
    ],
  }
}
