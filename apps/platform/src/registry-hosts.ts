// The registry comes and goes with the hosts: another machine has to get its
// images from somewhere, the platform's own machine has them in its engine.
import { readFileSync } from 'node:fs'
import { paths, type Settings } from '@paas/contract/settings'
import { openEngine } from '@paas/engine/client'
import { ensureRegistryTrust } from '@paas/engine/registry-trust'
import { registryAuthority } from '@paas/registry/address'
import type { Logger } from '@paas/service/log'
import type { Service } from '@paas/service/service'
import { Bell } from '@paas/service/wait'
import { listHosts } from '@paas/store/hosts'
import type { Store } from '@paas/store/store'
import { ensureRegistryFiles, removeRegistryFiles } from './registry-files.ts'
import { knownStack } from './stack.ts'

const LOOK_MS = 5_000

/** Wakes with every change of a host's row; certificates are looked after by the same look. While Postgres is away nothing changes. */
export function followHosts(store: Store, settings: Settings, log: Logger): Service {
  const abort = new AbortController()
  const bell = new Bell()
  let trusted = false
  const leave = store.wakes.on('host', () => bell.ring())
  async function look(): Promise<void> {
    const hosts = await listHosts(store)
    if (!hosts.some(({ local }) => !local)) return removeRegistryFiles(settings)
    await ensureRegistryFiles(settings)
    if (!trusted) await trustHere(settings)
    trusted = true
  }
  async function loop(): Promise<void> {
    while (!abort.signal.aborted) {
      await look().catch((err) => log.warn({ err }, 'registry.not_decided'))
      await bell.next(LOOK_MS, abort.signal)
    }
  }
  const looping = loop()
  return {
    name: 'registry',
    async close() {
      abort.abort()
      leave()
      await looping
    },
  }
}

/** This machine's engine pushes; the others are told as they join. */
async function trustHere(settings: Settings): Promise<void> {
  const ca = readFileSync(paths.caCertificate(settings), 'utf8')
  const trust = { authority: registryAuthority(settings), ca, image: knownStack(settings).run }
  await ensureRegistryTrust(openEngine(settings), trust)
}
