// What a host has and what of it is in use: from its engine, and from its
// machine's kernel. Ours is read directly, another's through its link.
import { readFile, statfs } from 'node:fs/promises'
import { type CpuTicks, cpuTicks, usedCpus, usedMemoryMiB } from '@paas/domain/host-usage'
import { readEngineFacts } from '@paas/engine/engine-facts'
import { type MachineDisk, readLinkDisk, readLinkUsage } from '@paas/engine/link-machine'
import type { HostChange } from '@paas/store/hosts'
import type { Member } from './fleet.ts'

export interface HostLook {
  found: HostChange
  /** For the next look: work is counted between two. */
  ticks: CpuTicks | undefined
}

/** `dataDir` is on the disk that counts on our own machine. Rejects when engine or link do not answer. */
export async function lookAtHost(member: Member, dataDir: string, before: CpuTicks | undefined): Promise<HostLook> {
  const { host, engine } = member
  const [facts, disk, text] = await Promise.all([
    readEngineFacts(engine),
    readDisk(member, dataDir),
    host.local ? readUsage() : readLinkUsage(engine),
  ])
  const { version, memoryMiB, cpus } = facts
  const ticks = cpuTicks(text)
  const memoryUsedMiB = usedMemoryMiB(text)
  const cpusUsed = before && ticks && usedCpus(before, ticks, cpus)
  const found = {
    ...{ engineVersion: version, memoryMiB, cpus, diskFree: disk.freeBytes, diskTotal: disk.totalBytes },
    ...(memoryUsedMiB !== undefined && { memoryUsedMiB }),
    ...(cpusUsed !== undefined && { cpusUsed }),
  }
  return { found, ticks }
}

/** Of the disk alone. Rejects as `lookAtHost` does. */
export async function readDisk({ host, engine }: Member, dataDir: string): Promise<MachineDisk> {
  if (!host.local) return readLinkDisk(engine)
  const { bavail, blocks, bsize } = await statfs(dataDir)
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
}

async function readUsage(): Promise<string> {
  const texts = await Promise.all(['/proc/meminfo', '/proc/stat'].map((file) => readFile(file, 'utf8')))
  return texts.join('')
}
