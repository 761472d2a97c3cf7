// What the script in a build container says on its stdout: lines, and tars
// after lines that announce them (apps/builder/container/build).
//
// Pushed code runs beside that script as the same user and could write here
// too, so nothing that is said is trusted further than for its own app: sizes
// are bounded, and every tar passes `checkedTar`.
import { Readable } from 'node:stream'
import { PlatformError } from '@paas/domain/errors'
import { checkedTar } from './checked-tar.ts'

const LINE_MAX_BYTES = 256 * 1024
const NEWLINE = 0x0a

export type ChannelMessage =
  | { kind: 'detected'; buildpack: string; label: string }
  | { kind: 'refused'; buildpack: string }
  | { kind: 'failed'; buildpack: string; exitCode: number }
  | { kind: 'release'; yaml: string }
  | { kind: 'known-deps'; digest: string }
  /** Read the stream to its end before asking for the next message. */
  | { kind: 'tar'; name: 'deps' | 'app'; bytes: number; digest: string; stream: Readable }
  | { kind: 'done' }

/** Messages in order; ends with the stream. Throws `build_failed` when what comes is none. */
export async function* readMessages(channel: Readable, maxTarBytes: number): AsyncGenerator<ChannelMessage> {
  const chunks = channel[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  let rest: Buffer = Buffer.alloc(0)

  async function more(): Promise<boolean> {
    const { value, done } = await chunks.next()
    if (!done) rest = rest.length === 0 ? value : Buffer.concat([rest, value])
    return !done
  }

  async function* take(bytes: number): AsyncGenerator<Buffer> {
    for (let left = bytes; left > 0; ) {
      if (rest.length === 0 && !(await more())) throw garbled('it ended within a tar')
      const part = rest.subarray(0, left)
      rest = rest.subarray(part.length)
      left -= part.length
      yield part
    }
  }

  for (;;) {
    let end = rest.indexOf(NEWLINE)
    while (end < 0) {
      if (rest.length > LINE_MAX_BYTES) throw garbled('a line without an end')
      if (!(await more())) return
      end = rest.indexOf(NEWLINE)
    }
    const line = rest.subarray(0, end).toString('utf8')
    rest = rest.subarray(end + 1)
    const [, word = '', first = '', tail = ''] = /^(\S+) ?(\S*) ?(.*)$/.exec(line) ?? []
    switch (word) {
      case 'detected':
        yield {
          kind: 'detected',
          buildpack: first,
          label: tail
            .replace(/^-+> */, '')
            .replace(/[^\x20-\x7e]/g, '')
            .slice(0, 60),
        }
        break
      case 'refused':
        yield { kind: 'refused', buildpack: first }
        break
      case 'failed':
        yield { kind: 'failed', buildpack: first, exitCode: Number(tail) }
        break
      case 'release':
        yield { kind: 'release', yaml: Buffer.from(first, 'base64').toString('utf8') }
        break
      case 'known':
        yield { kind: 'known-deps', digest: tail }
        break
      case 'tar': {
        const [size = '', digest = ''] = tail.split(' ')
        const bytes = Number(size)
        if ((first !== 'deps' && first !== 'app') || !Number.isSafeInteger(bytes) || bytes < 0) throw garbled('a tar of no size')
        if (bytes > maxTarBytes) throw tooLarge(bytes, maxTarBytes)
        const stream = Readable.from(checkedTar(take(bytes), 'app'), { objectMode: false })
        yield { kind: 'tar', name: first, bytes, digest, stream }
        if (!stream.readableEnded) throw garbled('a tar that nobody read')
        break
      }
      case 'done':
        yield { kind: 'done' }
        break
      default:
        throw garbled('an unknown word')
    }
  }
}

export function tooLarge(bytes: number, maxBytes: number): PlatformError {
  const shown = (value: number) => `${Math.ceil(value / 1_000_000)} MB`
  return new PlatformError('build_failed', `The app is too large: ${shown(bytes)}, and ${shown(maxBytes)} is the most`, {
    hint: 'Leave files out with .slugignore, and development dependencies out of production.',
  })
}

function garbled(what: string): PlatformError {
  return new PlatformError('build_failed', `The build's result could not be read: ${what}`)
}
