// The registry as the stages use it: publish an image once, fetch it on every
// host, take away what nothing needs. Which engine moves the bytes, the caller
// says.
import { PlatformError } from '@paas/domain/errors'
import { BASE_REPOSITORY, registryAuthority, repositoryOf } from './address.ts'
import type { RegistrySettings } from './http.ts'
import { listTags, mountBase } from './images.ts'
import { type Access, signToken } from './tokens.ts'
import { RegistryTraffic } from './traffic.ts'

/** What moved: the others were there. */
export interface Moved {
  layers: number
  bytes: number
}

export interface Move {
  image: string
  repository: string
  token(): Promise<string>
  signal?: AbortSignal
  onProgress?: (moved: Moved) => void
}

/** An engine that pushes or pulls: `pushToRegistry` and `pullFromRegistry` of packages/engine. */
export type Mover = (move: Move) => Promise<Moved>

export interface AppImage {
  appId: string
  /** `paas/app-<id>:<build>` */
  image: string
  signal?: AbortSignal
  onProgress?: (moved: Moved) => void
}

const NOTHING: Moved = { layers: 0, bytes: 0 }

export class Registry {
  readonly settings: RegistrySettings
  readonly #traffic: RegistryTraffic
  /** One push per image: two would take each other's name for it away. */
  readonly #pushing = new Map<string, Promise<Moved>>()
  /** Repository and base image whose layers it has. A hint that saves asking: a layer that is missing is pushed. */
  readonly #mounted = new Set<string>()

  constructor(settings: RegistrySettings) {
    this.settings = settings
    this.#traffic = new RegistryTraffic(settings)
  }

  /** `10.127.0.1:5443`: what engines must trust. */
  get authority(): string {
    return registryAuthority(this.settings)
  }

  /** Whether there is a host besides the platform's own machine; without one nothing has to be published. */
  isWanted(): boolean {
    return this.#traffic.isWanted()
  }

  /**
   * Resolves when every host can fetch the image; at once when it has been published. `base` is the longest image of the platform's own
   * under it, whose layers are sent once and not with every app. Throws what `push` throws, and `registry_unreachable`.
   */
  publish(push: Mover, { appId, image, base, ...options }: AppImage & { base?: string }): Promise<Moved> {
    const repository = repositoryOf(appId)
    return this.#once(image, async () => {
      const tags = await listTags(this.settings, repository)
      if (tags.includes(tagOf(image))) return NOTHING
      if (base !== undefined) await this.#mount(push, base, repository, tags.length === 0)
      return push(this.#move(image, repository, ['pull', 'push'], options))
    })
  }

  /** Resolves when hosts can fetch an image of the platform's own, under which apps' images are. */
  publishBase(push: Mover, base: string): Promise<Moved> {
    return this.#once(base, async () => {
      if ((await listTags(this.settings, BASE_REPOSITORY)).includes(tagOf(base))) return NOTHING
      return push(this.#move(base, BASE_REPOSITORY, ['pull', 'push'], {}))
    })
  }

  /** As `fetch`, of an image of the platform's own. */
  fetchBase(pull: Mover, base: string): Promise<Moved> {
    return pull(this.#move(base, BASE_REPOSITORY, ['pull'], {}))
  }

  /** Resolves when the engine has the image under its own name. Throws what `pull` throws: `engine_refused` for one that was not published. */
  fetch(pull: Mover, { appId, image, ...options }: AppImage): Promise<Moved> {
    return pull(this.#move(image, repositoryOf(appId), ['pull'], options))
  }

  /** Removes layers that no image names. False, and nothing was done: something is being pushed. */
  collect(signal: AbortSignal): Promise<boolean> {
    return this.#traffic.collect(signal)
  }

  async #mount(push: Mover, base: string, repository: string, isNew: boolean): Promise<void> {
    const key = `${repository} ${base}`
    if (this.#mounted.has(key) && !isNew) return
    await this.publishBase(push, base)
    await mountBase(this.settings, repository, tagOf(base))
    this.#mounted.add(key)
  }

  #once(image: string, work: () => Promise<Moved>): Promise<Moved> {
    const under = this.#pushing.get(image)
    if (under) return under
    const pushing = this.#traffic.push(work).finally(() => this.#pushing.delete(image))
    this.#pushing.set(image, pushing)
    return pushing
  }

  #move(image: string, name: string, actions: Access['actions'], options: Pick<Move, 'signal' | 'onProgress'>): Move {
    const token = () => signToken(this.settings, [{ type: 'repository', name, actions }])
    return { image, repository: `${this.authority}/${name}`, token, ...options }
  }
}

function tagOf(image: string): string {
  const tag = /:([\w][\w.-]{0,127})$/.exec(image)?.[1]
  if (!tag) throw new PlatformError('registry_refused', `${image} is no name of an image of ours`)
  return tag
}
