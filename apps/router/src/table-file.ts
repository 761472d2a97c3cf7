// The table on disk: what a router serves when nothing else is there.
//
// Several router processes keep the same file. Each writes whole copies under
// a name of its own and renames, so a reader sees one table or the other.
import { readFileSync } from 'node:fs'
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { TableMessage } from '@paas/contract/routes'
import { readTableMessage } from './table-message.ts'

/** Changes come in bursts (a deploy makes three); one write takes them all. */
const SAVE_AFTER_MS = 500

export interface TableLog {
  info(fields: object, event: string): void
  warn(fields: object, event: string): void
}

export class TableFile {
  readonly #file: string
  readonly #current: () => TableMessage
  readonly #log: TableLog
  #timer: NodeJS.Timeout | undefined
  #changedAt = 0
  #saving: Promise<void> = Promise.resolve()

  constructor(file: string, current: () => TableMessage, log: TableLog) {
    this.#file = file
    this.#current = current
    this.#log = log
  }

  /** The last table that was saved; undefined when there is none, or it cannot be read. */
  load(): TableMessage | undefined {
    try {
      return readTableMessage(readFileSync(this.#file, 'utf8'))
    } catch (err) {
      if ((err as NodeJS.ErrnoException).code !== 'ENOENT') this.#log.warn({ err }, 'table.unreadable')
      return undefined
    }
  }

  /** Remembers to save soon. */
  changed(): void {
    this.#changedAt = Date.now()
    // Not all processes at the same moment: the first one saves the others the work.
    this.#timer ??= setTimeout(() => this.#save(), SAVE_AFTER_MS + (process.pid % 16) * 50)
  }

  /** Saves what is still to be saved. */
  async close(): Promise<void> {
    if (this.#timer) this.#save()
    await this.#saving
  }

  #save(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#saving = this.#saving.then(() => this.#write()).catch((err) => this.#log.warn({ err }, 'table.unsaved'))
  }

  async #write(): Promise<void> {
    const table = this.#current()
    if (await this.#isSaved(table.version)) return
    const draft = `${this.#file}.${process.pid}`
    await mkdir(path.dirname(this.#file), { recursive: true, mode: 0o700 })
    try {
      await writeFile(draft, JSON.stringify(table), { mode: 0o600 })
      await rename(draft, this.#file)
    } catch (err) {
      await rm(draft, { force: true })
      throw err
    }
  }

  /** Another process has saved this version since our last change. */
  async #isSaved(version: number): Promise<boolean> {
    const found = await stat(this.#file).catch(() => undefined)
    if (!found || found.mtimeMs < this.#changedAt + SAVE_AFTER_MS / 2) return false
    return this.load()?.version === version
  }
}
