// Deterministic tars: the same content is the same bytes, so the same layer.
//
// Names sorted by byte, one fixed time, numeric owners, modes 755 and 644, no
// access or change times. buildpacks and layers depend on it: a layer's digest
// is its key.
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pack } from 'tar-stream'

/** The dyno's user and group: high, so that it is nobody on a host without user namespaces. */
export const DYNO_UID = 20000

/** The time every entry carries. Not zero: zip and some build tools refuse dates before 1980. */
export const LAYER_MTIME = new Date('2000-01-01T00:00:00Z')

/** An uncompressed tar: a file's path, bytes in memory, or a stream of known length that is read once. */
export type TarSource = string | Buffer | { bytes: number; stream: Readable }

export type TarEntry =
  | { name: string; kind: 'directory'; uid?: number }
  | { name: string; kind: 'file'; content: string | Buffer; executable?: boolean; uid?: number }
  | { name: string; kind: 'symlink'; target: string; uid?: number }

/** A tar of these entries in their one order; the owner is root unless an entry says otherwise. */
export async function makeTar(entries: readonly TarEntry[]): Promise<Buffer> {
  const tar = pack()
  const bytes = buffer(tar)
  for (const entry of sortByBytes(entries)) {
    const owner = { uid: entry.uid ?? 0, gid: entry.uid ?? 0, mtime: LAYER_MTIME }
    switch (entry.kind) {
      case 'directory':
        tar.entry({ name: entry.name.replace(/\/*$/, '/'), type: 'directory', mode: 0o755, ...owner })
        break
      case 'symlink':
        tar.entry({ name: entry.name, type: 'symlink', linkname: entry.target, mode: 0o777, ...owner })
        break
      case 'file':
        tar.entry({ name: entry.name, type: 'file', mode: entry.executable ? 0o755 : 0o644, ...owner }, entry.content)
        break
    }
  }
  tar.finalize()
  return bytes
}

/** Byte order of UTF-8, which is also a parent before its children. JavaScript's own order differs beyond the BMP. */
export function sortByBytes<T extends { name: string }>(entries: readonly T[]): T[] {
  return entries.toSorted((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))
}

/** Opens a source for one reading. */
export async function openTar(source: TarSource): Promise<{ bytes: number; stream: Readable }> {
  if (typeof source === 'string')
    return { bytes: (await stat(source)).size, stream: createReadStream(source, { highWaterMark: 1 << 20 }) }
  if (Buffer.isBuffer(source)) return { bytes: source.length, stream: Readable.from(chunksOf(source)) }
  return source
}

function* chunksOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 1 << 20) yield bytes.subarray(at, at + (1 << 20))
}
