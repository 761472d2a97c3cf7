// Docker's side of the log stream for tests: frames as the engine sends them,
// and an engine that has some lines of one container.
import type { ContainerOutput, DynoContainer } from '@paas/engine/container-output'

export function dockerFrame(channel: number, at: string, text: string): Buffer {
  const body = Buffer.from(`${at} ${text}`)
  const head = Buffer.alloc(8)
  head[0] = channel
  head.writeUInt32BE(body.length, 4)
  return Buffer.concat([head, body])
}

export interface KeptLine {
  channel: 1 | 2
  /** RFC 3339 with nine digits, as Docker prints it. */
  at: string
  text: string
}

/** One exited container whose files hold `lines`, older ones perhaps rotated away. */
export function outputOf(container: DynoContainer, lines: () => readonly KeptLine[]): ContainerOutput {
  return {
    list: async () => [container],
    isRunning: async () => false,
    async *starts(signal) {
      yield
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    },
    async *read(_id, { since }) {
      const [seconds, nanos = ''] = since.split('.')
      for (const { channel, at, text } of lines()) {
        const atSeconds = Math.floor(Date.parse(at) / 1000)
        const early = atSeconds < Number(seconds) || (atSeconds === Number(seconds) && at.slice(20, 29) < nanos)
        if (!early) yield dockerFrame(channel, at, text)
      }
    },
  }
}
