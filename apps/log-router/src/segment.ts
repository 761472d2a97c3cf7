// A stream's history is a row of segment files, each named after the first
// position in it and the number of lines written before it. Only the newest
// grows; old ones are deleted whole.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { channelAt, kindAt, originAt, type Position, positionAt, RecordKind, recordSizeAt, seqAt } from '@paas/logs/record'

const NAME = /^(\d+)-(\d+)\.log$/

export interface Segment {
  path: string
  firstSeq: number
  /** Lines the stream had kept before this segment. */
  linesBefore: number
  /** Written and whole; readers see no byte beyond. */
  bytes: number
  /** When it last grew (ms). */
  writtenAt: number
}

export const segmentName = (firstSeq: number, linesBefore: number): string => `${firstSeq}-${linesBefore}.log`

/** Oldest first; none when the stream has no folder yet. */
export function listSegments(folder: string): Segment[] {
  const segments: Segment[] = []
  for (const name of namesIn(folder)) {
    const [, firstSeq, linesBefore] = NAME.exec(name) ?? []
    if (firstSeq === undefined) continue
    const file = path.join(folder, name)
    const { size, mtimeMs } = statSync(file)
    segments.push({ path: file, firstSeq: Number(firstSeq), linesBefore: Number(linesBefore), bytes: size, writtenAt: mtimeMs })
  }
  return segments.sort((a, b) => a.firstSeq - b.firstSeq || a.linesBefore - b.linesBefore)
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

export interface SegmentContent {
  /** Up to the last whole record: a write that was cut short by a kill ends here. */
  wholeBytes: number
  lastSeq: number
  lines: number
  ended: boolean
  /** Last position of each origin, by `originKey`. */
  positions: Map<string, { id: Buffer; channel: number; position: Position }>
}

export const originKey = (id: Buffer, channel: number): string => `${id.toString('hex')}.${channel}`

export function scanSegment(segment: Segment): SegmentContent {
  const bytes = readFileSync(segment.path)
  const content: SegmentContent = { wholeBytes: 0, lastSeq: segment.firstSeq - 1, lines: 0, ended: false, positions: new Map() }
  for (let offset = 0, size = 0; (size = recordSizeAt(bytes, offset)) > 0; offset += size) {
    const kind = kindAt(bytes, offset)
    const id = Buffer.from(originAt(bytes, offset))
    const channel = channelAt(bytes, offset)
    content.positions.set(originKey(id, channel), { id, channel, position: positionAt(bytes, offset) })
    content.wholeBytes = offset + size
    if (kind === RecordKind.mark) continue
    content.lastSeq = seqAt(bytes, offset)
    content.lines++
    content.ended = kind === RecordKind.end
  }
  return content
}
