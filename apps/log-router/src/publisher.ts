// A connection that writes: a stage's lines, numbered by its writer. What was
// kept before is passed over, since a writer sends again what it was not told
// about; a number is acknowledged when it lies on disk.
import type { Socket } from 'node:net'
import { FRAME_HEAD_BYTES, FrameKind, numberFrame } from '@paas/logs/frames'
import { ORIGIN_BYTES, type Position } from '@paas/logs/record'
import type { StreamName } from '@paas/logs/types'
import { Intake } from './intake.ts'
import type { Meter } from './meter.ts'
import type { Streams } from './streams.ts'

const HIGH = 2 ** 32

export class Publisher {
  readonly #socket: Socket
  readonly #streams: Streams
  readonly #meter: Meter
  readonly #id: Buffer
  readonly #intakes = new Map<StreamName, Intake>()
  readonly #position: Position = { high: 0, low: 0, ordinal: 0 }
  #number = 0
  #keptNumber = 0
  #settling = false

  constructor(socket: Socket, streams: Streams, meter: Meter, id: Buffer) {
    this.#socket = socket
    this.#streams = streams
    this.#meter = meter
    this.#id = Buffer.from(id.subarray(0, ORIGIN_BYTES))
  }

  receive(bytes: Buffer, start: number, end: number): void {
    const kind = bytes[start + 4]
    const body = start + FRAME_HEAD_BYTES
    this.#number = bytes.readDoubleLE(body)
    this.#position.high = Math.floor(this.#number / HIGH)
    this.#position.low = this.#number % HIGH
    if (kind === FrameKind.line) this.#line(bytes, body + 8, end)
    else if (kind === FrameKind.end) this.#end(bytes, body + 8)
    else if (kind === FrameKind.dropped) this.#dropped(bytes, body + 8)
    if (!this.#settling) void this.#acknowledge()
  }

  #line(bytes: Buffer, offset: number, end: number): void {
    const at = bytes.readDoubleLE(offset)
    const source = bytes[offset + 8]!
    const intake = this.#intakeAt(bytes, offset + 9)
    const dynoAt = offset + 10 + bytes[offset + 9]!
    const textAt = dynoAt + 1 + bytes[dynoAt]!
    intake?.take(this.#position, { source, at, dyno: bytes.subarray(dynoAt + 1, textAt) }, bytes, textAt, end)
  }

  #end(bytes: Buffer, offset: number): void {
    this.#intakeAt(bytes, offset)?.end(this.#position)
    this.#intakes.delete(nameAt(bytes, offset))
  }

  #dropped(bytes: Buffer, offset: number): void {
    this.#intakeAt(bytes, offset + 16)?.lost(this.#position, bytes.readDoubleLE(offset + 8), bytes.readDoubleLE(offset))
  }

  /** Where lines of the stream named there go; undefined when this one was kept before. */
  #intakeAt(bytes: Buffer, offset: number): Intake | undefined {
    const name = nameAt(bytes, offset)
    let intake = this.#intakes.get(name)
    if (!intake) {
      intake = new Intake(this.#streams, name, this.#meter, this.#id, 0)
      this.#intakes.set(name, intake)
    }
    const { high, low } = intake.origin.position
    return high * HIGH + low >= this.#number ? undefined : intake
  }

  async #acknowledge(): Promise<void> {
    this.#settling = true
    while (this.#keptNumber < this.#number && !this.#socket.destroyed) {
      const number = this.#number
      const intakes = [...this.#intakes.values()]
      if (intakes.some((intake) => intake.hasGap)) await this.#meter.windowEnd()
      if (intakes.some((intake) => intake.stream.congested)) this.#socket.pause()
      await this.#streams.settled()
      this.#socket.resume()
      this.#keptNumber = number
      this.#socket.write(numberFrame(FrameKind.kept, number))
    }
    this.#settling = false
  }
}

const nameAt = (bytes: Buffer, offset: number): StreamName =>
  bytes.toString('latin1', offset + 1, offset + 1 + bytes[offset]!) as StreamName
