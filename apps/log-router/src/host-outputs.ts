// Dynos of other hosts: for every engine in the scheduler's file one follower
// like that of our own, begun and ended as the file changes.
import { readFile, stat } from 'node:fs/promises'
import { HostEngines } from '@paas/contract/host-engines'
import type { ContainerOutput } from '@paas/engine/container-output'
import type { Logger } from '@paas/service/log'
import { pause } from '@paas/service/wait'

const LOOK_MS = 1_000

export interface HostOutputsDeps {
  /** `paths.hostEngines` */
  file: string
  open(engine: HostEngines[number]): ContainerOutput
  /** Runs until aborted. */
  follow(output: ContainerOutput, signal: AbortSignal): Promise<void>
  log: Logger
}

interface Following {
  text: string
  abort: AbortController
  ended: Promise<void>
}

/** Runs until aborted, and then until every follower has stopped. */
export async function followHosts({ file, open, follow, log }: HostOutputsDeps, signal: AbortSignal): Promise<void> {
  const followed = new Map<string, Following>()
  let seen = ''
  for (; !signal.aborted; await pause(LOOK_MS, signal)) {
    try {
      const version = await versionOf(file)
      if (version === seen) continue
      const engines = version === 'none' ? [] : HostEngines.parse(JSON.parse(await readFile(file, 'utf8')))
      const wanted = new Map(engines.map((engine) => [engine.id, engine]))
      for (const [id, { text, abort }] of followed) {
        if (JSON.stringify(wanted.get(id)) === text) continue
        abort.abort()
        followed.delete(id)
      }
      for (const [id, engine] of wanted) {
        if (followed.has(id)) continue
        const abort = new AbortController()
        followed.set(id, { abort, text: JSON.stringify(engine), ended: follow(open(engine), abort.signal) })
      }
      seen = version
    } catch (err) {
      log.warn({ err }, 'host-engines.not_read')
    }
  }
  for (const { abort } of followed.values()) abort.abort()
  await Promise.all([...followed.values()].map(({ ended }) => ended))
}

/** Changes with the file; it is replaced as a whole. */
async function versionOf(file: string): Promise<string> {
  try {
    const { ino, mtimeMs } = await stat(file)
    return `${ino} ${mtimeMs}`
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'none'
    throw error
  }
}
