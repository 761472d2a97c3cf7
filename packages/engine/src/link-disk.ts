// How full a host's disk is, asked where its link keeps its state: on the disk
// of the engine's images and containers.
import { PlatformError } from '@paas/domain/errors'
import type { Engine } from './client.ts'
import { runInside } from './exec.ts'
import { linkContainerName } from './link-container.ts'

const KIB = 1024

/** Throws `engine_refused` where no link runs. */
export async function readLinkDisk(engine: Engine): Promise<{ freeBytes: number; totalBytes: number }> {
  const { code, stdout, stderr } = await runInside(engine, linkContainerName(engine), [
    '/bin/busybox',
    'df',
    '-Pk',
    '/link/state',
  ])
  const [, total, , free] = (stdout.trim().split('\n').at(-1) ?? '').split(/\s+/).map(Number)
  if (code === 0 && total && free !== undefined) return { freeBytes: free * KIB, totalBytes: total * KIB }
  throw new PlatformError('engine_refused', `The disk of this host could not be read: ${stderr.trim().slice(0, 200)}`)
}
