// A tar made by pushed code, let through only if it holds nothing but files,
// folders and links under one folder, owned by the dyno. The engine unpacks it
// as root: device nodes and files with setuid bits must not get that far.
//
// Reads headers only (GNU and ustar format); contents pass untouched.
// https://www.gnu.org/software/tar/manual/html_node/Standard.html
import { PlatformError } from '@paas/domain/errors'
import { DYNO_UID } from '@paas/engine/tar'

const BLOCK = 512
const LONG_NAME_MAX = 64 * 1024

/** The same bytes. Throws `build_failed` at the first entry that has no business there. */
export async function* checkedTar(chunks: AsyncIterable<Buffer>, folder: string): AsyncGenerator<Buffer> {
  let header: Buffer = Buffer.alloc(0)
  let skip = 0
  /** Content of a long name entry, as it comes. */
  let long: { type: string; left: number; parts: Buffer[] } | undefined
  const longNames: Record<string, string> = {}

  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      if (skip > 0) {
        const part = chunk.subarray(at, at + skip)
        if (long && long.left > 0) {
          long.parts.push(Buffer.from(part.subarray(0, long.left)))
          long.left -= Math.min(long.left, part.length)
          if (long.left === 0) longNames[long.type] = textOf(Buffer.concat(long.parts))
        }
        skip -= part.length
        at += part.length
        continue
      }
      const part = chunk.subarray(at, at + BLOCK - header.length)
      header = header.length === 0 ? part : Buffer.concat([header, part])
      at += part.length
      if (header.length < BLOCK) continue
      const entry = header.every((byte) => byte === 0) ? undefined : parseHeader(header)
      header = Buffer.alloc(0)
      if (!entry) continue
      skip = Math.ceil(entry.size / BLOCK) * BLOCK
      if (entry.type === 'L' || entry.type === 'K') {
        if (entry.size > LONG_NAME_MAX) throw refused('a name of more than 64 kB')
        long = { type: entry.type, left: entry.size, parts: [] }
        continue
      }
      check(folder, { ...entry, name: longNames['L'] ?? entry.name })
      delete longNames['L']
      delete longNames['K']
      long = undefined
    }
    yield chunk
  }
}

interface Header {
  name: string
  type: string
  size: number
  mode: number
  uid: number
}

function parseHeader(header: Buffer): Header {
  const magic = header.toString('latin1', 257, 262)
  const prefix = header.toString('latin1', 257, 263) === 'ustar\0' ? textOf(header.subarray(345, 500)) : ''
  if (magic !== 'ustar') throw refused('a header that is none')
  const name = textOf(header.subarray(0, 100))
  return {
    name: prefix ? `${prefix}/${name}` : name,
    type: header.toString('latin1', 156, 157),
    mode: numberOf(header.subarray(100, 108)),
    uid: numberOf(header.subarray(108, 116)),
    size: numberOf(header.subarray(124, 136)),
  }
}

function check(folder: string, { name, type, mode, uid }: Header): void {
  if (!['0', '\0', '2', '5'].includes(type)) throw refused('an entry that is no file, folder or symbolic link')
  const path = name.replace(/\/$/, '')
  const inside = path === folder || path.startsWith(`${folder}/`)
  if (!inside || path.split('/').includes('..')) throw refused(`an entry outside of /${folder}`)
  if (uid !== DYNO_UID) throw refused('an entry of another owner')
  if ((mode & 0o7000) !== 0) throw refused('an entry with a setuid, setgid or sticky bit')
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0)
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end)
}

/** Octal text, or base-256 when the first bit is set. */
function numberOf(bytes: Buffer): number {
  const value = (bytes[0] ?? 0) & 0x80 ? bytes.subarray(-6).readUIntBE(0, 6) : Number.parseInt(textOf(bytes).trim() || '0', 8)
  if (!Number.isSafeInteger(value)) throw refused('a header that is none')
  return value
}

function refused(what: string): PlatformError {
  return new PlatformError('build_failed', `The build made a tar with ${what}`)
}
