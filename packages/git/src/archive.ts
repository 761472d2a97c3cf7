// The durable hand-over of a pushed commit: a normal tar in the data
// directory, complete and on disk before it has its name. The commit may
// still be in quarantine, so git is told where to look for it.
import { createWriteStream } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { PlatformError } from '@paas/domain/errors'
import { endOf, spawnGit } from './git.ts'
import { type NormalSource, normaliseTar, type SourceCaps } from './normalise.ts'

const ARCHIVE_DEADLINE_MS = 300_000 // 100,000 files take about a minute on a slow disk

export interface ArchiveRequest {
  repository: string
  /** Full sha. */
  commit: string
  /** Where pushed objects are kept until the push is accepted; undefined when nothing new was sent. */
  quarantine: string | undefined
  /** Where the tar goes; its name ends in `.tar`. */
  target: string
  caps: SourceCaps
}

export interface WrittenSource extends NormalSource {
  /** Of the tar. */
  bytes: number
}

/** Writes `target` (0600, synced, whole or not at all). Throws `source_refused`: too large, a path not accepted, or not a commit. */
export async function archiveSource({ repository, commit, quarantine, target, caps }: ArchiveRequest): Promise<WrittenSource> {
  await mkdir(path.dirname(target), { recursive: true, mode: 0o700 })
  const draft = `${target}.part`
  const stop = new AbortController()
  const late = setTimeout(() => stop.abort(), ARCHIVE_DEADLINE_MS)
  // `--worktree-attributes`, where there is no work tree, means none: the bytes are those that were pushed. Without it git first
  // reads the whole tree into an index to look for .gitattributes, and one of 10^10 files would never come to our cap.
  const child = spawnGit(['--bare', 'archive', '--format=tar', '--worktree-attributes', commit], {
    cwd: repository,
    env: { GIT_DIR: repository, ...(quarantine ? quarantineEnv(repository, quarantine) : {}) },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: stop.signal,
  })
  const ended = endOf(child)
  try {
    const output = createWriteStream(draft, { mode: 0o600, flags: 'wx', highWaterMark: 256 * 1024 })
    const source = await normaliseTar(child.stdout!, output, caps)
    const { code, stderr } = await ended
    if (code !== 0)
      throw new PlatformError('source_refused', `The commit could not be read: ${stderr.trim() || 'git archive failed'}`)
    // git archive takes any tree; a build names a commit, and the ref would refuse everything else later.
    if (source.commit !== commit) throw new PlatformError('source_refused', 'A branch must point at a commit.')
    const bytes = await sync(draft)
    await rename(draft, target)
    await syncFolder(path.dirname(target))
    return { ...source, bytes }
  } catch (error) {
    stop.abort()
    const { stderr } = await ended
    await rm(draft, { force: true })
    if (error instanceof PlatformError || (error as NodeJS.ErrnoException).code === 'ENOSPC') throw error
    throw new PlatformError('source_refused', `The commit could not be read: ${stderr.trim() || (error as Error).message}`, {
      cause: error,
    })
  } finally {
    clearTimeout(late)
  }
}

/** What git sets for its own hooks while objects are in quarantine (git-receive-pack(1)). */
function quarantineEnv(repository: string, quarantine: string): Record<string, string> {
  return {
    GIT_OBJECT_DIRECTORY: quarantine,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: path.join(repository, 'objects'),
    GIT_QUARANTINE_PATH: quarantine,
  }
}

async function sync(file: string): Promise<number> {
  const handle = await open(file, 'r+')
  try {
    await handle.sync()
    return (await handle.stat()).size
  } finally {
    await handle.close()
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
