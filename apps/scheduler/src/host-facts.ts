// What a host has and what of it is in use: from its engine, and from its
// machine's kernel. Ours is read directly, another's through its link.
import { readFile, statfs } from 'node:fs/promises'
import { type CpuTicks, cpuTicks, usedCpus, usedMemoryMiB } from '@paas/domain/host-usage'
import { readEngineFacts } from '@paas/engine/engine-facts'
import { type MachineDisk, readLinkMachine } from '@paas/engine/link-machine'
import type { HostChange } from '@paas/store/hosts'
import type { Member } from './fleet.ts'

export interface HostLook {
  found: HostChange
  /** For the next look: work is counted between two. */
  ticks: CpuTicks | undefined
}

/** `dataDir` is on the disk that counts on our own machine. Rejects when engine or link do not answer. */
export async function lookAtHost(member: Member, dataDir: string, before: CpuTicks | undefined): Promise<HostLook> {
  const [facts, { disk, usage }] = await Promise.all([readEngineFacts(member.engine), readMachine(member, dataDir)])
  const { version, memoryMiB, cpus } = facts
  const ticks = cpuTicks(usage)
  const memoryUsedMiB = usedMemoryMiB(usage)
  const cpusUsed = before && ticks && usedCpus(before, ticks, cpus)
  const found = {
    ...{ engineVersion: version, memoryMiB, cpus, diskFree: disk.freeBytes, diskTotal: disk.totalBytes },
    ...(memoryUsedMiB !== undefined && { memoryUsedMiB }),
    ...(cpusUsed !== undefined && { cpusUsed }),
  }
  return { found, ticks }
}

/** Rejects as `lookAtHost` does. */
export async function readMachine({ host, engine }: Member, dataDir: string): Promise<{ disk: MachineDisk; usage: string }> {
  if (!host.local) return readLinkMachine(engine)
  const files = ['/proc/meminfo', '/proc/stat'].map((file) => readFile(file, 'utf8'))
  const [{ bavail, blocks, bsize }, ...texts] = await Promise.all([statfs(dataDir), ...files])
  return { disk: { freeBytes: bavail * bsize, totalBytes: blocks * bsize }, usage: texts.join('') }
}
