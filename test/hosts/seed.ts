// Images for engines that start empty: read once from this machine's engine,
// streamed to all hosts at the pace of the slowest.
import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import Docker from 'dockerode'
import type { TestHost } from './host.ts'

const DEADLINE_MS = 180_000 // 700 MB to three engines on one disk take about 30 s
const OWN_ENGINE = '/var/run/docker.sock'

/** The image under its name on every host that is up. Those that have it, by id, are left alone. `from` is a host to read it from instead. */
export async function seedImage(image: string, hosts: readonly TestHost[], from?: TestHost): Promise<void> {
  const source = from ? engineOf(from) : new Docker({ socketPath: OWN_ENGINE, timeout: DEADLINE_MS })
  const own = source.getImage(image)
  const { Id } = await own.inspect()
  const conditions = await Promise.all(hosts.map((host) => host.condition()))
  const up = hosts.filter((_, i) => conditions[i] === 'up').map(engineOf)
  const have = await Promise.all(up.map((engine) => hasImage(engine, image, Id)))
  const lacking = up.filter((_, i) => !have[i])
  if (lacking.length === 0) return
  const tar = await own.get()
  const copies = lacking.map(() => new PassThrough())
  for (const copy of copies) tar.pipe(copy)
  tar.once('error', (error) => {
    for (const copy of copies) copy.destroy(error)
  })
  await Promise.all(lacking.map((engine, i) => load(engine, copies[i]!)))
}

const engineOf = (host: TestHost) => new Docker({ socketPath: new URL(host.socket).pathname, timeout: DEADLINE_MS })

async function hasImage(engine: Docker, image: string, id: string): Promise<boolean> {
  const found = await engine
    .getImage(image)
    .inspect()
    .catch(() => undefined)
  return found?.Id === id
}

/** An engine says in the stream, after its 200, that it could not load. */
async function load(engine: Docker, tar: PassThrough): Promise<void> {
  const progress = await engine.loadImage(tar, { quiet: true })
  let said = ''
  await pipeline(progress, async (lines) => {
    for await (const line of lines) said += line
  })
  if (said.includes('"error"')) throw new Error(`cannot load the image: ${said}`)
}
