// A pushed tree as one plain tar: what `git archive` streams, judged entry by
// entry and rewritten with one owner, one time and two modes. The same tree
// gives the same bytes, so what is built from it can be found again by key.
// Streams: a tree of 10^10 files in 200 kB is refused at the cap, not held.
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { PlatformError } from '@paas/domain/errors'
import { judgeEntry } from '@paas/domain/source-entry'
import { type Extract, extract, pack } from 'tar-stream'

export interface SourceCaps {
  /** Of all files together, expanded. */
  maxBytes: number
  /** Files, folders and links. */
  maxEntries: number
}

export interface NormalSource {
  entries: number
  /** Of all files together. */
  fileBytes: number
  /** The commit `git archive` was given; undefined when it was a tree or something else. */
  commit: string | undefined
  /** It names submodules, which are not fetched: their folders are empty. */
  submodules: boolean
}

/**
 * Reads a tar and writes a normal one, ending `output`. Throws `source_refused` with the reason and path at the first entry
 * that is not acceptable, or at a cap; the streams are destroyed then.
 */
export async function normaliseTar(
  input: Readable,
  output: Writable,
  { maxBytes, maxEntries }: SourceCaps,
): Promise<NormalSource> {
  const source: NormalSource = { entries: 0, fileBytes: 0, commit: undefined, submodules: false }
  const reader = extract()
  const writer = pack()
  for (const stream of [reader, writer]) stream.on('error', () => {})
  const stop = new AbortController()
  void feed(input, reader, (commit) => (source.commit = commit), stop.signal).catch((error: Error) => reader.destroy(error))
  const writing = pipeline(writer as unknown as Readable, output)
  writing.catch((error: Error) => {
    reader.destroy(error) // ends the loop below, wherever it waits
    stop.abort(error)
  })
  try {
    for await (const entry of reader) {
      const { header } = entry
      source.entries += 1
      source.fileBytes += header.size ?? 0
      if (source.entries > maxEntries) throw refused(`It holds more than ${maxEntries} files and folders.`)
      if (source.fileBytes > maxBytes) throw refused(`Its files exceed ${mebibytes(maxBytes)} MB together, at ${header.name}.`)
      const judged = judgeEntry({
        name: header.name,
        type: header.type ?? 'file',
        mode: header.mode ?? 0,
        size: header.size ?? 0,
        linkname: header.linkname ?? undefined,
      })
      if (!judged.ok) throw refused(`${judged.reason}.`)
      if (judged.entry.name === '.gitmodules') source.submodules = true
      const sink = writer.entry(judged.entry)
      sink.on('error', () => {}) // the output failed: `writing` reports it
      for await (const chunk of entry) {
        if (!sink.write(chunk)) await once(sink, 'drain', { signal: stop.signal })
      }
      sink.end(undefined)
    }
    if (source.entries === 0) throw refused('The commit is empty: it holds no files.')
    writer.finalize()
    await writing
    return source
  } catch (error) {
    stop.abort()
    for (const stream of [input, reader, writer, output]) stream.destroy()
    if (!output.closed) await once(output, 'close').catch(() => {})
    throw error
  }
}

const HEAD_BYTES = 1024

/** Copies, and reads the commit from the global header that `git archive` begins with when it was given one (git-archive(1)). */
async function feed(input: Readable, reader: Extract, found: (commit: string) => void, signal: AbortSignal): Promise<void> {
  let head: Buffer | undefined = Buffer.alloc(0)
  for await (const chunk of input as AsyncIterable<Buffer>) {
    if (head) {
      head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES)])
      const commit = /^52 comment=([0-9a-f]{40})\n/.exec(head.toString('latin1', 512, HEAD_BYTES))?.[1]
      if (commit && head[156] === 0x67) found(commit) // type flag `g`
      if (head.length >= HEAD_BYTES) head = undefined
    }
    if (!reader.write(chunk)) await once(reader, 'drain', { signal })
  }
  reader.end(undefined)
}

function refused(reason: string): PlatformError {
  return new PlatformError('source_refused', reason)
}

function mebibytes(bytes: number): number {
  return Math.floor(bytes / 1024 / 1024)
}
