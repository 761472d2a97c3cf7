// The pushed source as a layer: the same files under app/, owned by the dyno,
// with the one date all layers carry. It is also what a build container gets,
// so an app that compiles nothing runs on exactly what was pushed.
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { parseSlugignore } from '@paas/domain/slugignore'
import { DYNO_UID, LAYER_MTIME, type TarSource } from '@paas/engine/tar'
import { extract, type Header, type Pack, pack } from 'tar-stream'
import { pathOf, type Source } from './source.ts'

/** Larger ones wait on disk instead of in memory. */
const MEMORY_BYTES = 64 * 1024 * 1024
/** Larger files are passed on as they come. */
const CHUNKED_BYTES = 1024 * 1024

export interface AppLayer {
  tar: TarSource
  bytes: number
  /** Files and folders left out by .slugignore. */
  ignored: number
  /** Removes what it put on disk. */
  dispose(): Promise<void>
}

/** Same source, same bytes. `spoolPath` is where a large one is put. */
export async function makeAppLayer(source: Source, spoolPath: string): Promise<AppLayer> {
  const isIgnored = parseSlugignore(source.text('.slugignore') ?? '')
  const out = pack()
  const rewritten = rewrite(source.open(), out, isIgnored)
  if (source.bytes <= MEMORY_BYTES) {
    const [ignored, tar] = await Promise.all([rewritten, buffer(out)])
    return { tar, bytes: tar.length, ignored, dispose: async () => {} }
  }
  const spool = createWriteStream(spoolPath, { mode: 0o600 })
  const [ignored] = await Promise.all([rewritten, pipeline(out, spool)])
  return { tar: spoolPath, bytes: spool.bytesWritten, ignored, dispose: () => rm(spoolPath, { force: true }) }
}

async function rewrite(source: Readable, out: Pack, isIgnored: (path: string) => boolean): Promise<number> {
  const made = new Set<string>()
  let ignored = 0
  const tar = extract()
  source.on('error', (error) => tar.destroy(error)).pipe(tar)
  try {
    addFolder(out, made, 'app')
    for await (const entry of tar) {
      const { name, type, size = 0, mode = 0, linkname } = entry.header
      const path = pathOf(name)
      if (path === '' || isIgnored(path)) {
        if (path !== '') ignored++
        entry.resume()
        continue
      }
      const target = `app/${path}`
      addFolder(out, made, type === 'directory' ? target : target.slice(0, target.lastIndexOf('/')))
      if (type === 'file')
        await addFile(out, { name: target, size, mode: mode & 0o100 ? 0o755 : 0o644 }, entry as AsyncIterable<Buffer>)
      else {
        if (type === 'symlink') out.entry(headerOf({ name: target, type: 'symlink', linkname: linkname ?? '', mode: 0o777 }))
        entry.resume()
      }
    }
    out.finalize()
    return ignored
  } catch (error) {
    out.destroy(error as Error)
    throw error
  }
}

/** A folder and those above it, each once; a parent that the tar does not name would belong to root. */
function addFolder(out: Pack, made: Set<string>, folder: string): void {
  if (folder === '' || made.has(folder)) return
  const slash = folder.lastIndexOf('/')
  if (slash > 0) addFolder(out, made, folder.slice(0, slash))
  made.add(folder)
  out.entry(headerOf({ name: `${folder}/`, type: 'directory', mode: 0o755 }))
}

async function addFile(
  out: Pack,
  file: { name: string; size: number; mode: number },
  content: AsyncIterable<Buffer>,
): Promise<void> {
  const header = headerOf({ ...file, type: 'file' })
  if (file.size > CHUNKED_BYTES) await pipeline(content, out.entry(header))
  else {
    const chunks: Buffer[] = []
    for await (const chunk of content) chunks.push(chunk)
    await new Promise<void>((resolve, reject) =>
      out.entry(header, Buffer.concat(chunks), (error) => (error ? reject(error) : resolve())),
    )
  }
}

function headerOf(header: Pick<Header, 'name' | 'type' | 'mode'> & Partial<Header>): Partial<Header> & { name: string } {
  return { ...header, uid: DYNO_UID, gid: DYNO_UID, mtime: LAYER_MTIME }
}
