// Follows one container's output into its app's stream, from where it was
// left to the last line.
//
// The position is a line's timestamp (nanoseconds) and its number among lines
// of one instant, kept for stdout and stderr apart: within one channel the
// engine's timestamps only grow, across channels they may not. Reading goes on
// a second earlier, and passes over what was kept.
import type { ContainerOutput, DynoContainer } from '@paas/engine/container-output'
import type { Position } from '@paas/logs/record'
import type { Logger } from '@paas/service/log'
import { pause } from '@paas/service/wait'
import { Intake } from './intake.ts'
import type { Meter } from './meter.ts'
import { type Instant, OutputDecoder } from './output-decoder.ts'
import { HISTORY_MS } from './stream.ts'
import type { Streams } from './streams.ts'

const APP = 0
const OVERLAP_SECONDS = 1
const RETRY_MS = 500
/**
 * A flood is slowed by reading it later, out of the engine's files, but not for longer: those are
 * rotated (20 MB each, five of them), and what vanishes there nobody has counted.
 */
const LAG_MAX_MS = 5_000
const CHANNELS = [1, 2] as const

interface Channel {
  intake: Intake
  /** Of the last line taken or dropped. */
  position: Position
  fresh: boolean
  /** Lines read again after a reconnect are passed over until the first new one. */
  catchingUp: boolean
  /** While catching up: how many lines of the last kept instant were seen again. None means that some are missing between. */
  seenAgain: number
}

export interface FollowerDeps {
  output: ContainerOutput
  streams: Streams
  meter: Meter
  log: Logger
}

/** Resolves when the container has exited and its last line was taken, or at the abort. Rejects when the stream cannot be opened. */
export async function followDyno(deps: FollowerDeps, container: DynoContainer, signal: AbortSignal): Promise<void> {
  const { output, log } = deps
  const follower = new DynoFollower(deps, container)
  while (!signal.aborted) {
    try {
      await follower.read(true, signal)
      if (signal.aborted) break
      if (!(await output.isRunning(container.id))) {
        await follower.read(false, signal).catch((err) => log.debug({ err, container: container.id }, 'dyno-output.gone'))
        break
      }
    } catch (err) {
      if (signal.aborted) break
      log.warn({ err, app: container.appId, dyno: container.dyno }, 'dyno-output.failed')
    }
    await pause(RETRY_MS, signal)
    if (!(await stillThere(output, container.id))) break
  }
  follower.finish()
}

/** True also when the engine does not answer: then it is asked again. */
async function stillThere(output: ContainerOutput, id: string): Promise<boolean> {
  const containers = await output.list().catch(() => undefined)
  return containers === undefined || containers.some((container) => container.id === id)
}

class DynoFollower {
  readonly #deps: FollowerDeps
  readonly #container: DynoContainer
  readonly #dyno: Buffer
  readonly #channels: Channel[]
  #lastLineMs = Number.POSITIVE_INFINITY
  #patient = true

  constructor(deps: FollowerDeps, container: DynoContainer) {
    this.#deps = deps
    this.#container = container
    this.#dyno = Buffer.from(container.dyno)
    const id = Buffer.from(container.id.slice(0, 16), 'hex')
    this.#channels = CHANNELS.map((channel) => {
      const intake = new Intake(deps.streams, `app:${container.appId}`, deps.meter, id, channel)
      const { origin } = intake
      origin.held = true
      return { intake, position: { ...origin.position }, fresh: origin.fresh, catchingUp: false, seenAgain: 0 }
    })
  }

  /** One connection's worth of output. */
  async read(follow: boolean, signal: AbortSignal): Promise<void> {
    for (const channel of this.#channels) {
      channel.catchingUp = !channel.fresh
      channel.seenAgain = 0
    }
    const decoder = new OutputDecoder((channel, at, bytes, start, end) => this.#line(channel, at, bytes, start, end))
    for await (const chunk of this.#deps.output.read(this.#container.id, { since: this.#since(), follow }, signal)) {
      this.#patient = Date.now() - this.#lastLineMs < LAG_MAX_MS
      decoder.push(chunk)
      // Waiting here slows the engine's reader down, never the container: its output goes to the engine's files.
      const { intake } = this.#channels[0]!
      if (intake.stream.congested) await intake.stream.settled()
      if (this.#patient && intake.isSpent) await this.#deps.meter.windowEnd()
    }
    if (!signal.aborted && !follow) decoder.finish()
  }

  finish(): void {
    for (const { intake } of this.#channels) {
      intake.closeGap()
      intake.origin.held = false
    }
  }

  #since(): string {
    const known = this.#channels.filter(({ fresh }) => !fresh)
    if (known.length === 0) return String(Math.max(0, Math.floor((Date.now() - HISTORY_MS) / 1000)))
    const { high, low } = known.map(({ position }) => position).reduce((a, b) => (compare(a, b) < 0 ? a : b))
    return `${high - OVERLAP_SECONDS}.${String(low).padStart(9, '0')}`
  }

  #line(number: number, at: Instant, bytes: Buffer, start: number, end: number): void {
    const channel = this.#channels[number - 1]
    if (!channel) return
    if (channel.catchingUp && this.#passes(channel, at)) return
    const { position, intake } = channel
    if (position.high === at.seconds && position.low === at.nanos && !channel.fresh) {
      position.ordinal++
    } else {
      position.high = at.seconds
      position.low = at.nanos
      position.ordinal = 0
    }
    channel.fresh = false
    const micros = at.seconds * 1_000_000 + Math.floor(at.nanos / 1_000)
    intake.take(position, { source: APP, dyno: this.#dyno, at: micros }, bytes, start, end, this.#patient)
    this.#lastLineMs = micros / 1_000
  }

  /** True for a line that was taken before. At the first new one: when the last old one was not seen, the engine's files have been rotated away between. */
  #passes(channel: Channel, at: Instant): boolean {
    const { position, intake } = channel
    const order = at.seconds - position.high || at.nanos - position.low
    if (order < 0) return true
    if (order === 0) {
      if (channel.seenAgain++ <= position.ordinal) return true // lines of one instant come in the order they came in before
    } else if (channel.seenAgain === 0) {
      intake.lost(position, undefined, position.high * 1_000_000 + Math.floor(position.low / 1_000))
    }
    channel.catchingUp = false
    return false
  }
}

const compare = (a: Position, b: Position): number => a.high - b.high || a.low - b.low
