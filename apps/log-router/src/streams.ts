// All streams by name. A stream is opened from its folder when first named
// and forgotten when nobody writes, reads or follows it any more.
import { existsSync } from 'node:fs'
import { readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { PlatformError } from '@paas/domain/errors'
import type { StreamName } from '@paas/logs/types'
import type { Logger } from '@paas/service/log'
import { HISTORY_MS, Stream } from './stream.ts'

/** Letters that are safe in a file name; ids are UUIDs. */
const NAME = /^(app|build):([A-Za-z0-9_-]{1,100})$/
const IDLE_MS = 60_000

export class Streams {
  readonly #root: string
  readonly #log: Logger
  readonly #open = new Map<StreamName, Stream>()
  #failing = false

  constructor(root: string, log: Logger) {
    this.#root = root
    this.#log = log
  }

  /** Opened on the way when it was not. Throws `invalid_params` when this cannot be a stream's name. */
  get(name: StreamName): Stream {
    let stream = this.#open.get(name)
    if (!stream) {
      stream = new Stream(name, this.#folderOf(name), (err) => this.#writeFailed(err))
      this.#open.set(name, stream)
    }
    stream.usedAt = Date.now()
    return stream
  }

  async remove(name: StreamName): Promise<void> {
    const stream = this.get(name)
    this.#open.delete(name)
    await stream.remove()
  }

  /** Resolves when everything taken so far lies on disk. */
  async settled(): Promise<void> {
    await Promise.all(
      this.#open
        .values()
        .filter((stream) => !stream.settledNow)
        .map((stream) => stream.settled()),
    )
  }

  /** Forgets idle streams, and deletes what is older than the history: of builds everything, of apps all but the newest segment. */
  async sweep(now: number): Promise<void> {
    for (const [name, stream] of this.#open) {
      const held = [...stream.origins.values()].some((origin) => origin.held)
      if (!stream.idle || held || now - stream.usedAt < IDLE_MS) continue
      this.#open.delete(name)
      await stream.close()
    }
    await this.#sweepBuilds(now)
    for (const stream of this.#open.values()) if (stream.idle) await stream.retire(now)
    this.#failing = false
  }

  async close(): Promise<void> {
    for (const stream of this.#open.values()) await stream.close()
    this.#open.clear()
  }

  async #sweepBuilds(now: number): Promise<void> {
    const folder = path.join(this.#root, 'build')
    if (!existsSync(folder)) return
    for (const id of await readdir(folder)) {
      if (this.#open.has(`build:${id}`)) continue
      const { mtimeMs } = await stat(path.join(folder, id))
      if (now - mtimeMs > HISTORY_MS) await rm(path.join(folder, id), { recursive: true, force: true })
    }
  }

  #folderOf(name: StreamName): string {
    const [, kind, id] = NAME.exec(name) ?? []
    if (kind === undefined || id === undefined) throw new PlatformError('invalid_params', 'This is no name of a log stream')
    return path.join(this.#root, kind, id)
  }

  #writeFailed(err: unknown): void {
    if (!this.#failing) this.#log.error({ err }, 'log-lines.write-failed')
    this.#failing = true
  }
}
