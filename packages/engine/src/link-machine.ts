// What a host's machine says of itself, asked through its link: that runs in
// no memory limit, sees the machine's own /proc, and keeps its state on the
// disk of the engine's images and containers.
import { PlatformError } from '@paas/domain/errors'
import type { Engine } from './client.ts'
import { runInside } from './exec.ts'
import { linkContainerName } from './link-container.ts'

const KIB = 1024

export interface MachineDisk {
  freeBytes: number
  totalBytes: number
}

/** Throws `engine_refused` where no link runs. */
export async function readLinkDisk(engine: Engine): Promise<MachineDisk> {
  const answer = await ask(engine, ['df', '-Pk', '/link/state'])
  const [, total, , free] = (answer.trim().split('\n').at(-1) ?? '').split(/\s+/).map(Number)
  if (total && free !== undefined) return { freeBytes: free * KIB, totalBytes: total * KIB }
  throw new PlatformError('engine_refused', `The disk of this host could not be read: ${answer.trim().slice(0, 200)}`)
}

/** Texts of /proc/meminfo and /proc/stat, one after the other. Throws `engine_refused` where no link runs. */
export async function readLinkUsage(engine: Engine): Promise<string> {
  return ask(engine, ['cat', '/proc/meminfo', '/proc/stat'])
}

async function ask(engine: Engine, argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await runInside(engine, linkContainerName(engine), ['/bin/busybox', ...argv])
  if (code === 0) return stdout
  throw new PlatformError('engine_refused', `This host does not say how it is: ${stderr.trim().slice(0, 200)}`)
}
