// One origin's way into its stream: within its app's share a line is kept,
// beyond it counted. The count is announced before the next line of this
// origin, or at the end of the second, so nothing is missing in silence.
import type { Position } from '@paas/logs/record'
import type { StreamName } from '@paas/logs/types'
import type { Meter } from './meter.ts'
import type { NewLine, Origin, Stream } from './stream.ts'
import type { Streams } from './streams.ts'

export class Intake {
  readonly #streams: Streams
  readonly #name: StreamName
  readonly #meter: Meter
  readonly #id: Buffer
  readonly #channel: number
  #stream: Stream | undefined
  #origin: Origin | undefined
  #gap: { count: number; since: number; upTo: Position } | undefined

  constructor(streams: Streams, name: StreamName, meter: Meter, id: Buffer, channel: number) {
    this.#streams = streams
    this.#name = name
    this.#meter = meter
    this.#id = id
    this.#channel = channel
  }

  /** Asked for anew each time, since an idle stream is forgotten. */
  get stream(): Stream {
    const stream = this.#streams.get(this.#name)
    if (stream !== this.#stream) this.#origin = undefined
    this.#stream = stream
    return stream
  }

  get origin(): Origin {
    const stream = this.stream
    this.#origin ??= stream.origin(this.#id, this.#channel)
    return this.#origin
  }

  /** Lines were dropped and not announced yet: what has been read is not yet what is kept. */
  get hasGap(): boolean {
    return this.#gap !== undefined
  }

  /** True when its app has used up this second: who can wait with more does so, what comes nevertheless is dropped. */
  get isSpent(): boolean {
    return this.#meter.isSpent(this.#name)
  }

  /** `patient`: its sender waits when the second is used up, so that the little that is still under way is kept. */
  take(position: Position, line: NewLine, text: Buffer, start: number, end: number, patient = false): void {
    this.#meter.charge(this.#name, end - start)
    if (!patient && this.isSpent) {
      this.#miss(position, line.at)
      return
    }
    this.closeGap()
    this.stream.append(this.origin, position, line, text, start, end)
  }

  /** Announces lines that were lost before they came here. */
  lost(position: Position, count: number | undefined, since: number): void {
    this.closeGap()
    this.stream.announce('L10', this.origin, position, count, since)
  }

  end(position: Position): void {
    this.closeGap()
    this.stream.end(this.origin, position)
  }

  closeGap(): void {
    const gap = this.#gap
    this.#gap = undefined
    if (gap) this.stream.announce('L10', this.origin, gap.upTo, gap.count, gap.since)
  }

  #miss({ high, low, ordinal }: Position, at: number): void {
    if (!this.#gap) {
      this.#gap = { count: 0, since: at, upTo: { high, low, ordinal } }
      this.#meter.atWindowEnd(() => this.closeGap())
    }
    this.#gap.count++
    this.#gap.upTo.high = high
    this.#gap.upTo.low = low
    this.#gap.upTo.ordinal = ordinal
  }
}
