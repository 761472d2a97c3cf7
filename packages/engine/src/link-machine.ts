// What a host's machine says of itself, asked through its link: that runs in
// no memory limit, sees the machine's own /proc, and keeps its state on the
// disk of the engine's images and containers.
import { PlatformError } from '@paas/domain/errors'
import type { Engine } from './client.ts'
import { runInside } from './exec.ts'
import { linkContainerName } from './link-container.ts'

const KIB = 1024
/** All in one: to enter a container costs its machine more than what is asked there. */
const LOOK = ['/bin/busybox', 'sh', '-c', '/bin/busybox df -Pk /link/state && /bin/busybox cat /proc/meminfo /proc/stat']
/** The last column of df's second line is where the disk is mounted. */
const DISK = /^\S+\s+(\d+)\s+\d+\s+(\d+)\s+\d+%\s+\//m

export interface MachineDisk {
  freeBytes: number
  totalBytes: number
}

/** `usage`: texts of /proc/meminfo and /proc/stat, one after the other. Throws `engine_refused` where no link runs. */
export async function readLinkMachine(engine: Engine): Promise<{ disk: MachineDisk; usage: string }> {
  const { code, stdout, stderr } = await runInside(engine, linkContainerName(engine), LOOK)
  const [, total, free] = (DISK.exec(stdout) ?? []).map(Number)
  if (code === 0 && total && free !== undefined) {
    return { disk: { freeBytes: free * KIB, totalBytes: total * KIB }, usage: stdout.slice(stdout.indexOf('MemTotal:')) }
  }
  throw new PlatformError('engine_refused', `This host does not say how it is: ${stderr.trim().slice(0, 200)}`)
}
