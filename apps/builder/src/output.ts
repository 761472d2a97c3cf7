// What a build prints: live to the build's own stream and to the app's, config
// vars hidden, capped and counted. It never makes the build wait.
import type { StreamName } from '@paas/logs/types'

const LINE_MAX_BYTES = 10_000
/** A build that prints more than this prints it for nobody. */
const TOTAL_MAX_BYTES = 8 * 1024 * 1024
const NEWLINE = 0x0a

export interface OutputPort {
  write(stream: StreamName, line: { source: 'app'; dyno: 'build'; text: string }): void
}

export class BuildOutput {
  readonly #logs: OutputPort
  readonly #streams: StreamName[]
  #redact: (line: string) => string = (line) => line
  #rest: Buffer = Buffer.alloc(0)
  #bytes = 0
  #dropped = 0
  #last: string[] = []

  constructor(logs: OutputPort, { id, appId }: { id: string; appId: string }) {
    this.#logs = logs
    this.#streams = [`build:${id}`, `app:${appId}`]
  }

  /** From now on lines pass through this first. */
  hide(redact: (line: string) => string): void {
    this.#redact = redact
  }

  /** `-----> Text` */
  heading(text: string): void {
    this.line(`-----> ${text}`)
  }

  /** Seven spaces and the text. */
  detail(text: string): void {
    this.line(`       ${text}`)
  }

  /** ` !     Text`, every line of it. */
  complain(text: string): void {
    for (const line of text.split('\n')) this.line(` !     ${line}`)
  }

  /** Why the build failed, for the app's log only: the pusher is told from the row. */
  verdict(text: string): void {
    for (const line of text.split('\n')) this.#send(this.#redact(` !     ${line}`), this.#streams.slice(1))
  }

  /** Bytes of a container, cut into lines here. */
  write(chunk: Buffer): void {
    let rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      this.#print(rest.subarray(0, end))
      rest = rest.subarray(end + 1)
    }
    for (; rest.length > LINE_MAX_BYTES; rest = rest.subarray(LINE_MAX_BYTES)) this.#print(rest.subarray(0, LINE_MAX_BYTES))
    this.#rest = Buffer.from(rest)
  }

  /** Prints an unfinished line, and says how many were left out. */
  flush(): void {
    if (this.#rest.length > 0) this.#print(this.#rest)
    this.#rest = Buffer.alloc(0)
    if (this.#dropped > 0) this.#send(` !     ${this.#dropped} more lines were left out: a build prints at most 8 MB`)
    this.#dropped = 0
  }

  /** The last lines that said something, for a failure's message. */
  get last(): readonly string[] {
    return this.#last
  }

  line(text: string): void {
    if (this.#bytes > TOTAL_MAX_BYTES) {
      this.#dropped++
      return
    }
    const shown = this.#redact(text)
    this.#bytes += Buffer.byteLength(shown)
    if (shown.trim() !== '') this.#last = [...this.#last.slice(-9), shown]
    this.#send(shown)
  }

  #print(bytes: Buffer): void {
    // A progress bar returns to the line's begin: what counts is what it ended as.
    const text = bytes.toString('utf8').replace(/\r+$/, '')
    this.line(text.slice(text.lastIndexOf('\r') + 1).replaceAll('\0', ''))
  }

  #send(text: string, streams = this.#streams): void {
    for (const stream of streams) this.#logs.write(stream, { source: 'app', dyno: 'build', text })
  }
}
