// The git repository we stand in: its root and its remotes, through
// isomorphic-git, so that no git binary is needed. Loaded only by commands that
// ask for it, since it costs about 30 ms to start.
import fs from 'node:fs'
import type { Remote } from './app-name.ts'

const load = async () => (await import('isomorphic-git')).default

/** Root directory of the repository that holds `cwd`, or undefined outside of any. */
export async function findRepository(cwd: string): Promise<string | undefined> {
  const git = await load()
  return await git.findRoot({ fs, filepath: cwd }).catch(() => undefined)
}

/** Every remote of the repository, none when there is no repository. */
export async function readRemotes(cwd: string): Promise<Remote[]> {
  const dir = await findRepository(cwd)
  if (dir === undefined) return []
  return await (await load()).listRemotes({ fs, dir })
}

/** Adds the remote, or points an existing one of that name elsewhere. */
export async function setRemote(dir: string, remote: string, url: string): Promise<void> {
  await (await load()).addRemote({ fs, dir, remote, url, force: true })
}

export async function removeRemote(dir: string, remote: string): Promise<void> {
  await (await load()).deleteRemote({ fs, dir, remote })
}
