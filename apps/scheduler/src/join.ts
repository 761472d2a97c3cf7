// How a host joins: step after step, each told in its row, so that whoever adds
// it sees where it stands and what stands in the way. Every step may be done
// again: what a scheduler that was killed halfway has left, the next one uses.
import { readFile } from 'node:fs/promises'
import { paths } from '@paas/contract/settings'
import { PlatformError } from '@paas/domain/errors'
import { checkClock, checkDisk, checkEngine } from '@paas/domain/host-check'
import { linkAddressOf } from '@paas/domain/host-subnet'
import type { EngineKind } from '@paas/engine/dyno-engine'
import { explainUnreachable, readEngineFacts } from '@paas/engine/engine-facts'
import { readLink, removeLink } from '@paas/engine/link'
import { readLinkMachine } from '@paas/engine/link-machine'
import { checkRegistryProxy, ensureRegistryTrust } from '@paas/engine/registry-trust'
import { joinSwarm, leaveSwarm } from '@paas/engine/swarm-join'
import { pause } from '@paas/service/wait'
import { changeHost, type JoinStep } from '@paas/store/hosts'
import type { Scheduler } from './deps.ts'
import type { Member } from './fleet.ts'
import { configureLinks, placeOf, prepareLink } from './links.ts'

const MEET_MS = 15_000
const LOOK_MS = 100

interface Step {
  name: string
  /** Answers what there is to tell, in a few words. */
  run(scheduler: Scheduler, member: Member): Promise<string>
}

const STEPS: readonly (Step & { only?: EngineKind })[] = [
  { name: 'Reaching its engine', run: reachEngine },
  { name: 'Linking it with this machine', run: linkMachines },
  { name: 'Joining the swarm', run: joinNodes, only: 'swarm' },
  { name: 'Looking at its disk', run: lookAtDisk },
  { name: 'Fetching the stack image', run: fetchStack },
]

/** From `joining` to `up`, or to `failed` with the reason; then nothing of ours is left there. Never rejects. */
export async function joinHost(scheduler: Scheduler, hostId: string): Promise<void> {
  const { store, fleet, settings, log } = scheduler
  const done: JoinStep[] = []
  const tell = (step: JoinStep) => changeHost(store, hostId, { steps: [...done, step] })
  for (const { name, run } of STEPS.filter(({ only }) => only === undefined || only === settings.engineKind)) {
    const member = fleet.get(hostId)
    if (member?.host.condition !== 'joining') return // removed meanwhile
    try {
      await tell({ name, state: 'running', detail: '' })
      const step: JoinStep = { name, state: 'done', detail: await run(scheduler, member) }
      await tell(step)
      done.push(step)
      await fleet.refresh()
    } catch (thrown) {
      const error = explainUnreachable(thrown, new URL(member.host.engineUrl).host)
      log.warn({ host: member.host.name, step: name, err: error }, 'host.not_joined')
      if (!(error instanceof PlatformError)) return // the platform's own trouble: the next look begins anew
      const reason = [error.message, ...(error.hint ? [error.hint] : [])].join('. ').replace(/\.\. /g, '. ')
      if (error.code !== 'conflict') await disconnect(scheduler, member).catch(() => {}) // else it is another host's
      await changeHost(store, hostId, {
        condition: 'failed',
        reason,
        linkKey: null,
        steps: [...done, { name, state: 'failed', detail: reason }],
      })
      return
    }
  }
  await changeHost(store, hostId, { condition: 'up', reason: null, lastSeen: new Date() })
  log.info({ host: fleet.get(hostId)?.host.name }, 'host.joined')
}

/** Out of the swarm, and the link away; rejects when one of the two could not be done. */
export async function disconnect({ fleet, settings }: Scheduler, { host, engine }: Member): Promise<void> {
  try {
    if (settings.engineKind === 'swarm') await leaveSwarm(fleet.local().engine, engine, host.id)
  } finally {
    await removeLink(engine)
  }
}

async function reachEngine({ store, fleet }: Scheduler, { host, engine }: Member): Promise<string> {
  const [facts, local] = await Promise.all([readEngineFacts(engine), readEngineFacts(fleet.local().engine)])
  checkEngine(facts, local)
  checkClock(facts)
  const { version, memoryMiB, cpus } = facts
  await changeHost(store, host.id, { engineVersion: version, memoryMiB, cpus })
  return `Docker ${version}, ${cpus} ${cpus === 1 ? 'CPU' : 'CPUs'}, ${memoryMiB} MB of memory`
}

async function linkMachines(scheduler: Scheduler, member: Member): Promise<string> {
  const { host, engine } = member
  await scheduler.linkTurns.run(async () => {
    await prepareLink(scheduler, scheduler.fleet.local())
    await prepareLink(scheduler, member)
    await scheduler.fleet.refresh()
    await configureLinks(scheduler)
  })
  const began = performance.now()
  for (;;) {
    const facts = await readLink(engine)
    if (facts?.peers.some(({ handshakeAgeMs }) => handshakeAgeMs !== undefined)) {
      return `${linkAddressOf(scheduler.settings.linkSubnet, host.number)}, WireGuard (${facts.device})`
    }
    if (performance.now() - began > MEET_MS) {
      throw new PlatformError(
        'host_refused',
        `It and this machine do not reach each other by UDP port ${scheduler.settings.linkPort}`,
        {
          hint: 'Let UDP of that port pass between the two, or set PAAS_LINK_PORT.',
        },
      )
    }
    await pause(LOOK_MS)
  }
}

async function joinNodes({ fleet }: Scheduler, { host, engine }: Member): Promise<string> {
  const address = await placeOf(host)
  await joinSwarm(fleet.local().engine, engine, { hostId: host.id, address })
  return `a worker at ${address}`
}

async function lookAtDisk({ store }: Scheduler, { host, engine }: Member): Promise<string> {
  const { disk } = await readLinkMachine(engine)
  const { freeBytes, totalBytes } = disk
  checkDisk({ freeBytes })
  await changeHost(store, host.id, { diskFree: freeBytes, diskTotal: totalBytes })
  return `${Math.round(freeBytes / 1e9)} GB free`
}

/** From then on the registry sends it only what apps add to it. */
async function fetchStack({ hostImages, registry, linkImage, settings }: Scheduler, member: Member): Promise<string> {
  const address = linkAddressOf(settings.linkSubnet, 1)
  await checkRegistryProxy(member.engine, address)
  const trust = { authority: registry.authority, ca: await readFile(paths.caCertificate(settings), 'utf8') }
  await ensureRegistryTrust(member.engine, { ...trust, image: await linkImage(member.engine) })
  const bytes = await hostImages.seed(member)
  return `${Math.round(bytes / 1e6)} MB`
}
