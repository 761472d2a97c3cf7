// The file that tells the log-router of other hosts' engines.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { HostEngines } from '@paas/contract/host-engines'

/** Replaces it when something changed; there is none while there are no other hosts. */
export function writeHostEngines(file: string, engines: HostEngines): void {
  if (engines.length === 0) {
    rmSync(file, { force: true })
    return
  }
  const text = JSON.stringify(engines)
  if (text === read(file)) return
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  writeFileSync(`${file}.new`, text, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
