// A dyno with a client on the other end: joined before it starts, so that not
// a byte of its output is missed.
import type { Duplex } from 'node:stream'
import { type Engine, statusOf } from './client.ts'
import { createDyno, findContainerEnd, killContainer, removeContainer, startContainer } from './dynos.ts'
import type { AttachedSpec } from './dynos-config.ts'
import { type JoinedProcess, takeApart } from './joined.ts'
import { ensureAppNetwork } from './networks.ts'

export interface AttachedDyno extends JoinedProcess {
  containerId: string
  start(): Promise<void>
  kill(): Promise<void>
  remove(): Promise<void>
}

/** Made and joined, not started. */
export async function attachDyno(engine: Engine, spec: AttachedSpec, ensureNetwork = ensureAppNetwork): Promise<AttachedDyno> {
  const container = await createDyno(engine, spec, ensureNetwork)
  const { id } = container
  const joined = (await engine.call(`attach ${id.slice(0, 12)}`, () =>
    container.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true }),
  )) as unknown as Duplex
  return {
    containerId: id,
    ...takeApart(joined, spec.attached.tty),
    stdin: joined,
    start: async () => void (await startContainer(engine, id)),
    async resize({ cols, rows }) {
      try {
        await engine.call(`resize ${id.slice(0, 12)}`, () => container.resize({ w: cols, h: rows }), {
          expected: [404, 409, 500],
        })
      } catch (error) {
        if (statusOf(error) === undefined) throw error
      }
    },
    kill: () => killContainer(engine, id),
    async exitCode() {
      const waited = (await engine.call(`wait for ${id.slice(0, 12)}`, () => container.wait())) as { StatusCode: number }
      return waited.StatusCode ?? (await findContainerEnd(engine, id))?.exitCode ?? 1
    },
    remove: () => removeContainer(engine, id),
  }
}
