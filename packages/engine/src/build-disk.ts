// What a build has on disk, asked for as cheaply as the engine allows: its
// `system/df` walks everything of everybody, these walk one container's
// writable layer and one folder.
import { spawn } from 'node:child_process'
import { buildContainerName } from './build-container.ts'
import { type Engine, statusOf } from './client.ts'

const MEASURE_DEADLINE_MS = 20_000

/** Bytes in the writable layer of the build's container; 0 when there is none. */
export async function buildContainerBytes(engine: Engine, buildId: string): Promise<number> {
  const name = buildContainerName(engine, buildId)
  const inspect = { path: `/containers/${name}/json?size=1`, method: 'GET', statusCodes: { 200: true, 404: 'no such container' } }
  try {
    const found = await engine.call(
      `measure ${name}`,
      (abortSignal) =>
        new Promise<{ SizeRw?: number }>((resolve, reject) => {
          engine.docker.modem.dial({ ...inspect, abortSignal } as never, (error, data) =>
            error ? reject(error) : resolve(data as { SizeRw?: number }),
          )
        }),
      { deadlineMs: MEASURE_DEADLINE_MS, expected: [404] },
    )
    return found.SizeRw ?? 0
  } catch (error) {
    if (statusOf(error) === 404) return 0
    throw error
  }
}

/** Bytes of the volume; 0 when there is none, undefined when its files are not on this machine. */
export async function volumeBytes(engine: Engine, name: string): Promise<number | undefined> {
  try {
    const { Mountpoint } = await engine.call(`inspect volume ${name}`, () => engine.docker.getVolume(name).inspect(), {
      expected: [404],
    })
    return await folderBytes(Mountpoint)
  } catch (error) {
    if (statusOf(error) === 404) return 0
    throw error
  }
}

/** Bytes on disk below the folder; undefined when it cannot be read or takes too long. */
export function folderBytes(folder: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const child = spawn('du', ['-sx', '--block-size=1', '--', folder], {
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: MEASURE_DEADLINE_MS,
      killSignal: 'SIGKILL',
    })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk
    })
    child.once('error', () => resolve(undefined))
    // Files that vanish while it looks make it fail, and its sum still stands.
    child.once('close', () => resolve(/^\d+/.test(said) ? Number.parseInt(said, 10) : undefined))
  })
}
