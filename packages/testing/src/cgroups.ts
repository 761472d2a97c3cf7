// Cgroups that engines and machines of the tests leave behind: empty ones stay
// until somebody removes them, and a kernel that keeps thousands gets slow.
import { globSync, readdirSync, rmdirSync } from 'node:fs'
import path from 'node:path'

/** Folders of this name in every hierarchy and those in them, children before parents. */
export function cgroupsOf(name: string): string[] {
  return globSync([`/sys/fs/cgroup/${name}`, `/sys/fs/cgroup/*/${name}`]).flatMap(withChildren)
}

/** Tries to remove it. True while the kernel still counts a process of it. */
export function isKept(folder: string): boolean {
  try {
    rmdirSync(folder)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT'
  }
}

function withChildren(folder: string): string[] {
  const children = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return [...children.flatMap((child) => withChildren(path.join(folder, child.name))), folder]
}
