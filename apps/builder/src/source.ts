// The pushed source, read straight from its tar: names, and the few small
// files that decide how it is built. Nothing is unpacked on the host, and no
// link is followed: a Procfile that is one is refused, whatever it points at.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { keyFilePattern } from '@paas/domain/deps-key'
import { PlatformError } from '@paas/domain/errors'
import { extract } from 'tar-stream'

/** Up to here a source is read once and kept; beyond, it is read from disk each time. */
const KEPT_BYTES = 32 * 1024 * 1024
const TEXT_MAX_BYTES = 1024 * 1024

const TEXTS = [
  ...['Procfile', 'app.json', '.buildpacks', '.slugignore', 'package.json', '.nvmrc', '.node-version'],
  ...['.python-version', 'runtime.txt', 'pyproject.toml', 'static.json', 'Dockerfile'],
]

export interface Source {
  /** Paths of files and links, without a leading slash. */
  files: ReadonlySet<string>
  /** Text of one of the files that decide; undefined when it is not there. */
  text(name: string): string | undefined
  /** sha256 by path of the files that `keyFiles` name. */
  digests: ReadonlyMap<string, string>
  bytes: number
  /** The tar from its begin. */
  open(): Readable
}

/** Reads the tar once. Throws `source_refused` when a file that decides is a link, or larger than 1 MB. */
export async function readSource(sourcePath: string, sourceBytes: number, keyFiles: readonly string[]): Promise<Source> {
  const kept = sourceBytes <= KEPT_BYTES ? await readFile(sourcePath) : undefined
  const open = () =>
    kept ? Readable.from([kept], { objectMode: false }) : createReadStream(sourcePath, { highWaterMark: 1 << 20 })
  const patterns = keyFiles.map(keyFilePattern)
  const files = new Set<string>()
  const texts = new Map<string, string>()
  const digests = new Map<string, string>()

  const tar = extract()
  open().pipe(tar)
  for await (const entry of tar) {
    const { name, type, size = 0, linkname } = entry.header
    const path = pathOf(name)
    if (type !== 'directory') files.add(path)
    const decides = TEXTS.includes(path)
    if (decides && type !== 'file') {
      throw new PlatformError('source_refused', `${path} is a ${type === 'symlink' ? 'symbolic link' : type}, not a file`, {
        hint: 'Commit the file itself.',
      })
    }
    if (decides && size > TEXT_MAX_BYTES) throw new PlatformError('source_refused', `${path} is larger than 1 MB`)
    if (type === 'file' && (decides || patterns.some((pattern) => pattern.test(path)))) {
      const hash = createHash('sha256')
      const chunks: Buffer[] = []
      for await (const chunk of entry as AsyncIterable<Buffer>) {
        hash.update(chunk)
        if (decides) chunks.push(chunk)
      }
      digests.set(path, hash.digest('hex'))
      if (decides) texts.set(path, Buffer.concat(chunks).toString('utf8'))
    } else {
      if (type === 'symlink') digests.set(path, `-> ${linkname}`)
      entry.resume()
    }
  }
  return {
    files,
    digests: onlyKeys(digests, patterns),
    text: (name) => texts.get(name),
    bytes: kept?.length ?? sourceBytes,
    open,
  }
}

/** `./a/b/` and `a/b` are one path. */
export function pathOf(name: string): string {
  return name.replace(/^(\.\/)+/, '').replace(/\/+$/, '')
}

function onlyKeys(digests: Map<string, string>, patterns: RegExp[]): Map<string, string> {
  return new Map([...digests].filter(([path]) => patterns.some((pattern) => pattern.test(path))))
}
