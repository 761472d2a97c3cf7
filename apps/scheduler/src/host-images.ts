// Images on their way to hosts. A build leaves its image in the engine of the
// platform's own machine; every other host that needs it gets it through the
// registry, which takes it once.

import { stat } from 'node:fs/promises'
import { paths } from '@paas/contract/settings'
import { isDiskFull } from '@paas/domain/host-capacity'
import type { Engine } from '@paas/engine/client'
import { findImage } from '@paas/engine/images'
import { findBaseOf } from '@paas/engine/images-base'
import { pullFromRegistry, pushToRegistry } from '@paas/engine/images-registry'
import { handLayer } from '@paas/engine/layers-hand'
import type { Registry } from '@paas/registry/registry'
import type { Logger } from '@paas/service/log'
import { findBuiltImage } from '@paas/store/builds'
import type { Store } from '@paas/store/store'
import type { SchedulerSettings } from './deps.ts'
import type { Fleet, Member } from './fleet.ts'
import { noticeFullDisk } from './full-disk.ts'
import type { Placer } from './placer.ts'

const PUBLISH_AFTER_MS = 5_000

export interface HostImagesDeps {
  store: Store
  registry: Registry
  fleet: Fleet
  placer: Placer
  log: Logger
  /** The stack's image. */
  base: string
  settings: SchedulerSettings
}

export class HostImages {
  readonly #deps: HostImagesDeps
  readonly #moving = new Map<string, Promise<void>>()
  /** Announced to every host. */
  #announced = new Set<string>()

  constructor(deps: HostImagesDeps) {
    this.#deps = deps
  }

  /** Resolves when the host has the image; rejects with why it cannot get it. */
  async ensure(member: Member, app: { appId: string; image: string }): Promise<void> {
    const { host } = member
    if (host.local) return
    const key = `${host.id} ${app.image}`
    const moving = this.#moving.get(key) ?? this.#move(member, app).finally(() => this.#moving.delete(key))
    this.#moving.set(key, moving)
    await moving
    this.#deps.placer.holds(host.id, app.image)
  }

  /** The stack, which every app's image begins with. Answers the bytes that travelled. */
  async seed({ engine }: Member): Promise<number> {
    const { registry, fleet, base } = this.#deps
    const local = fleet.local().engine
    await registry.publishBase((move) => pushToRegistry(local, move), base)
    return (await registry.fetchBase((move) => pullFromRegistry(engine, move), base)).bytes
  }

  /** A build may have ended: what it made is announced before there is a release of it. Never rejects. */
  announceBuilt(buildId: string): void {
    const { store, fleet, log } = this.#deps
    if (fleet.isAlone()) return
    findBuiltImage(store, buildId).then(
      (built) => built && this.announce(built),
      (err: unknown) => log.warn({ build: buildId, err }, 'image.not_announced'), // its release announces it again
    )
  }

  /** A new image: every host that may be chosen for it starts to fetch it now. Never rejects. */
  announce(app: { appId: string; image: string }): void {
    const { fleet, log } = this.#deps
    if (fleet.isAlone() || this.#announced.has(app.image)) return
    if (this.#announced.size > 1000) this.#announced = new Set()
    this.#announced.add(app.image)
    for (const member of fleet.answering()) {
      if (member.host.cordoned || member.host.draining || isDiskFull(member.host)) continue
      this.ensure(member, app).catch(async (err: unknown) => {
        log.warn({ host: member.host.name, image: app.image, err }, 'image.not_moved')
        await noticeFullDisk(this.#deps, member.host.id, err).catch(() => {}) // its watch says if it is silent
      })
    }
  }

  async #move({ host, engine }: Member, app: { appId: string; image: string }): Promise<void> {
    const { log } = this.#deps
    if (await findImage(engine, app.image)) return
    const began = performance.now()
    const bytes = (await this.#hand(engine, app)) ?? (await this.#pull(engine, app))
    log.info({ host: host.name, image: app.image, bytes, elapsedMs: performance.now() - began }, 'image.moved')
  }

  /** Its last layer only, straight from the builder's file; undefined: there is none, or the host lacks more than that. */
  async #hand(engine: Engine, app: { appId: string; image: string }): Promise<number | undefined> {
    const { settings, fleet } = this.#deps
    const buildId = app.image.slice(app.image.lastIndexOf(':') + 1)
    const tar = paths.newestLayer(settings, app.appId, buildId)
    try {
      const { size } = await stat(tar)
      await handLayer(fleet.local().engine, engine, { image: app.image, tar })
      this.#publishLater(app)
      return size
    } catch (error) {
      const { code } = error as { code?: string }
      if (code !== 'ENOENT' && code !== 'engine_refused') throw error
      return undefined
    }
  }

  async #pull(engine: Engine, app: { appId: string; image: string }): Promise<number> {
    await this.#publish(app)
    return (await this.#deps.registry.fetch((move) => pullFromRegistry(engine, move), app)).bytes
  }

  /** For hosts to come: when the deploy is over, with which compressing would compete. */
  #publishLater(app: { appId: string; image: string }): void {
    const { log } = this.#deps
    const publish = () => this.#publish(app).catch((err: unknown) => log.warn({ image: app.image, err }, 'image.not_published'))
    setTimeout(publish, PUBLISH_AFTER_MS).unref()
  }

  async #publish(app: { appId: string; image: string }): Promise<void> {
    const { registry, fleet, base } = this.#deps
    const local = fleet.local().engine
    const under = (await findBaseOf(local, app.image)) ?? base
    await registry.publish((move) => pushToRegistry(local, move), { ...app, base: under })
  }
}
