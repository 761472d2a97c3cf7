// Images that Dockerfiles start from, in the store of bases: each is copied
// out of the engine once, under the id it has there, so that the layers a
// build adds go back over the same chain.
import { createWriteStream } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { PlatformError } from '@paas/domain/errors'
import { buildahOnBases } from './build-buildah.ts'
import type { Sandbox } from './build-sandbox.ts'
import { BULK_DEADLINE_MS, type Engine } from './client.ts'

const COPY_DEADLINE_MS = 10 * 60_000

const copying = new Map<string, Promise<void>>()

export interface BaseRequest {
  /** 64 hex digits: the image's id in the engine, and then in the store. */
  id: string
  folders: { work: string; bases: string }
  onOutput: (chunk: Buffer) => void
}

/** Resolves when the store has it. Two builds that need one base copy it once. */
export async function ensureBase(engine: Engine, sandbox: Sandbox, request: BaseRequest, signal: AbortSignal): Promise<void> {
  const key = `${request.folders.bases} ${request.id}`
  while (!(await hasBase(request))) {
    signal.throwIfAborted()
    const other = copying.get(key)
    if (other) {
      await other.catch(() => {}) // its build may have been canceled: look again
      continue
    }
    const copy = copyBase(engine, sandbox, request, signal).finally(() => copying.delete(key))
    copying.set(key, copy)
    await copy
    if (!(await hasBase(request))) throw new PlatformError('build_failed', 'The base image could not be prepared')
  }
}

/** buildah writes the list of images last, and replaces it as a whole. */
async function hasBase({ id, folders }: BaseRequest): Promise<boolean> {
  const text = await readFile(`${folders.bases}/overlay-images/images.json`, 'utf8').catch(() => '[]')
  return (JSON.parse(text) as { id: string }[]).some((image) => image.id === id)
}

async function copyBase(
  engine: Engine,
  sandbox: Sandbox,
  { id, folders, onOutput }: BaseRequest,
  signal: AbortSignal,
): Promise<void> {
  const archive = `${folders.work}/base.tar`
  onOutput(Buffer.from('Preparing the base image (once per version)\n'))
  try {
    const stream = (await engine.call(`save image ${id}`, () => engine.docker.getImage(`sha256:${id}`).get(), {
      deadlineMs: BULK_DEADLINE_MS,
    })) as Readable
    await pipeline(stream, createWriteStream(archive, { mode: 0o644 }), {
      signal: AbortSignal.any([signal, AbortSignal.timeout(COPY_DEADLINE_MS)]),
    })
    let said = ''
    const exitCode = await buildahOnBases(sandbox)({
      argv: ['pull', '--quiet', 'docker-archive:/mnt/build/base.tar'],
      onOutput: (chunk) => {
        said = (said + chunk).slice(-500)
      },
    })
    if (exitCode !== 0) throw new PlatformError('build_failed', `The base image could not be prepared: ${said.trim()}`)
  } finally {
    await rm(archive, { force: true })
  }
}
