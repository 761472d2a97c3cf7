// Images to the platform's registry and from it. The engine moves the bytes,
// and only the layers that the other side lacks; the registry's name for an
// image is there just for as long, so that nothing of ours is known by two.
//
// The token is good for one repository, and the engine shows it as it is
// (`registrytoken`): it never asks anybody for one.
import type { Readable } from 'node:stream'
import { PlatformError } from '@paas/domain/errors'
import { pause } from '@paas/service/wait'
import { type Engine, statusOf } from './client.ts'
import { findImage, removeImage } from './images.ts'
import { splitTag, tagImage } from './images-tags.ts'
import { readTransfer, type Transfer } from './images-transfer.ts'

export type { Transfer } from './images-transfer.ts'

const START_DEADLINE_MS = 20_000
/** The first image of a host: 300 MB over 10 Mbit/s take 4 min. */
const TRANSFER_DEADLINE_MS = 10 * 60_000
/** No word from the engine for this long: the other side is gone. Compressing a layer of 500 MB is not silent. */
const SILENCE_MS = 60_000
/** The registry is away for a moment while it collects garbage or takes a new certificate. */
const TRIES = 4
const RETRY_MS = 1_000

export interface RegistryTransfer {
  /** `paas/app-<id>:<build>`: its name in every engine of ours. */
  image: string
  /** `10.127.0.1:5443/app-<id>`. The tag is that of `image`. */
  repository: string
  /** A new one for every try: it is good for minutes. */
  token: () => Promise<string>
  onProgress?: (moved: Transfer) => void
  signal?: AbortSignal
}

/** Resolves when the registry has the image; what it has already is not sent. Throws `registry_refused` with the engine's words, or what the engine's calls throw. */
export function pushToRegistry(engine: Engine, transfer: RegistryTransfer): Promise<Transfer> {
  return again(transfer.signal, async () => {
    const { name, repo, version } = nameIn(transfer)
    await tagImage(engine, transfer.image, name)
    try {
      return await move(`push ${name}`, engine, transfer, (options) =>
        engine.docker.getImage(repo).push({ tag: version, ...options }),
      )
    } finally {
      await removeImage(engine, name).catch(() => {}) // the next push of the app finds it and takes it away
    }
  })
}

/** Resolves when the engine has the image under its own name; at once when it had it. Throws as `pushToRegistry`. */
export function pullFromRegistry(engine: Engine, transfer: RegistryTransfer): Promise<Transfer> {
  return again(transfer.signal, async () => {
    if (await findImage(engine, transfer.image)) return { layers: 0, bytes: 0 }
    const { name } = nameIn(transfer)
    const moved = await move(`pull ${name}`, engine, transfer, (options) => engine.docker.pull(name, options))
    try {
      await tagImage(engine, name, transfer.image)
    } catch (error) {
      // Another pull of the same image was done first and took the name away.
      if (!(await findImage(engine, transfer.image))) throw error
    }
    await removeImage(engine, name).catch(() => {})
    return moved
  })
}

function nameIn({ image, repository }: RegistryTransfer): { name: string; repo: string; version: string } {
  const { version } = splitTag(image)
  return { name: `${repository}:${version}`, repo: repository, version }
}

async function move(
  what: string,
  engine: Engine,
  { token, onProgress, signal }: RegistryTransfer,
  start: (options: object) => Promise<unknown>,
): Promise<Transfer> {
  const abort = new AbortController()
  const late = setTimeout(() => abort.abort(), TRANSFER_DEADLINE_MS)
  let silence: NodeJS.Timeout | undefined
  const heard = () => {
    clearTimeout(silence)
    silence = setTimeout(() => abort.abort(), SILENCE_MS)
  }
  const stop = AbortSignal.any([abort.signal, ...(signal ? [signal] : [])])
  try {
    // dockerode's own `authconfig` is this header.
    const authconfig = { registrytoken: await token() }
    const begin = (signal: AbortSignal) => start({ authconfig, abortSignal: AbortSignal.any([stop, signal]) })
    const answer = (await engine.call(what, begin, { deadlineMs: START_DEADLINE_MS })) as Readable
    answer.on('data', heard).pause()
    heard()
    const { error, ...moved } = await readTransfer(answer, onProgress)
    if (error) throw new PlatformError('registry_refused', `The Docker Engine could not ${what}: ${error}`)
    return moved
  } catch (error) {
    signal?.throwIfAborted()
    if (abort.signal.aborted)
      throw new PlatformError('engine_timeout', `The Docker Engine (${what}) did not get on`, { cause: error })
    throw error
  } finally {
    clearTimeout(late)
    clearTimeout(silence)
  }
}

/** What does not depend on the image is tried again: the registry may be starting. */
async function again<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await work()
    } catch (error) {
      if (tried === TRIES || signal?.aborted || !isPassing(error)) throw error
      await pause(RETRY_MS * tried, signal)
    }
  }
}

/** 500 is what an engine answers when the registry does not. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof PlatformError)) return false
  return error.code === 'registry_refused' || (error.code === 'engine_refused' && statusOf(error.cause) === 500)
}
