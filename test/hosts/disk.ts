// A disk of its own for one engine's images and containers, of a size that a
// test can fill: a file with a file system in it, mounted inside the machine.
import { existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { must } from '@paas/testing/platform'
import { run } from '@paas/testing/run'
import { inside, type Machine } from './machine.ts'

const dataFolder = (machine: Machine) => path.join(machine.folder, 'data')
const ballast = (machine: Machine) => path.join(dataFolder(machine), 'ballast')

/** Mounted where the engine's data is; before the engine starts. The mount ends with the machine, the file stays. */
export async function mountDisk(machine: Machine, sizeMiB: number): Promise<void> {
  const file = path.join(machine.folder, 'disk.img')
  if (!existsSync(file)) {
    await must(run('truncate', ['--size', `${sizeMiB}M`, file]))
    await must(run('mkfs.ext4', ['-q', '-F', '-m', '0', file]))
  }
  mkdirSync(dataFolder(machine), { recursive: true })
  await must(inside(machine, ['mount', '-o', 'loop', file, dataFolder(machine)]))
}

/** To the last block. */
export async function fillDisk(machine: Machine): Promise<void> {
  const { stdout } = await must(inside(machine, ['stat', '--file-system', '--format', '%a %S', dataFolder(machine)]))
  const [blocks = 0, bytes = 0] = stdout.trim().split(' ').map(Number)
  await must(inside(machine, ['fallocate', '--length', String(Math.floor(blocks * bytes * 0.99)), ballast(machine)]))
  // The rest in pieces that still fit, until none does.
  await inside(machine, ['dd', 'if=/dev/zero', `of=${ballast(machine)}.rest`, 'bs=4096', 'status=none'])
}

export async function freeDisk(machine: Machine): Promise<void> {
  await must(inside(machine, ['rm', '-f', ballast(machine), `${ballast(machine)}.rest`]))
}
