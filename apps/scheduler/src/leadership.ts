// One scheduler leads; the others stand by. A lease in Postgres says who, and
// its term fences: what a leader that was stopped for a while still writes when
// it wakes up, the database refuses (packages/store/src/leadership.ts).
import { readFileSync, readlinkSync } from 'node:fs'
import type { Logger } from '@paas/service/log'
import { startTicksOf } from '@paas/service/process-start'
import type { Service } from '@paas/service/service'
import { pause } from '@paas/service/wait'
import { claimLeadership, leaveLeadership, readLeader, renewLeadership } from '@paas/store/leadership'
import type { Store } from '@paas/store/store'

const LEASE_MS = 4_000
const RENEW_MS = 1_000

/** Leads as often as it may, with `lead`, whose service is closed when the term is over. Resolves after the first try; close() lets the next one in at once. */
export async function takeTurns(
  { store, log }: { store: Store; log: Logger },
  lead: (term: number) => Promise<Service>,
): Promise<Pick<Service, 'close'>> {
  const abort = new AbortController()
  const holder = processName()
  const tried = Promise.withResolvers<void>()
  async function turns(): Promise<void> {
    while (!abort.signal.aborted) {
      const term = await tryClaim(store, holder, log)
      if (term === undefined) {
        tried.resolve()
        await pause(RENEW_MS, abort.signal)
        continue
      }
      log.info({ term }, 'leadership.claimed')
      const leading = await lead(term).catch((err: unknown) => {
        tried.reject(err) // at the start it is the starter's; later nobody waits for it any more
        log.error({ err, term }, 'leadership.not_begun')
        return undefined
      })
      if (!leading) {
        await leaveLeadership(store, { holder, term }).catch(() => {})
        await pause(RENEW_MS, abort.signal)
        continue
      }
      tried.resolve()
      const kept = await keep(store, { holder, term }, log, abort.signal)
      await leading.close().catch((err: unknown) => log.error({ err, term }, 'leadership.not_closed'))
      if (kept)
        await leaveLeadership(store, { holder, term }).catch(() => {}) // else its lease ends by itself
      else log.warn({ term }, 'leadership.lost')
    }
  }
  const ended = turns()
  await tried.promise.catch((error) => {
    abort.abort()
    throw error
  })
  return {
    async close() {
      abort.abort()
      await ended
    },
  }
}

/** Undefined: another leads, or nobody can say. */
async function tryClaim(store: Store, holder: string, log: Logger): Promise<number | undefined> {
  try {
    const leader = await readLeader(store)
    const over = leader && isDead(leader.holder) ? leader.holder : undefined
    return await claimLeadership(store, { holder, leaseMs: LEASE_MS, ...(over && { over }) })
  } catch (err) {
    log.warn({ err }, 'leadership.not_read')
    return undefined
  }
}

/** True: aborted while it led. While Postgres is away nobody can claim either. */
async function keep(store: Store, which: { holder: string; term: number }, log: Logger, signal: AbortSignal): Promise<boolean> {
  for (await pause(RENEW_MS, signal); !signal.aborted; await pause(RENEW_MS, signal)) {
    const renewed = await renewLeadership(store, { ...which, leaseMs: LEASE_MS }).catch((err: unknown) => {
      log.warn({ err }, 'leadership.not_renewed')
      return true
    })
    if (!renewed) return false
  }
  return true
}

/** Tells this process from every other one, so that who was killed here need not be waited for: boot, namespace of pids, pid, start. */
function processName(): string {
  return [bootAndNamespace(), process.pid, startTicksOf(process.pid)].join('/')
}

/** Known to be no more; somebody of another machine never is. */
function isDead(holder: string): boolean {
  const [boot, namespace, pid, start] = holder.split('/')
  return `${boot}/${namespace}` === bootAndNamespace() && startTicksOf(Number(pid)) !== start
}

function bootAndNamespace(): string {
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${readlinkSync('/proc/self/ns/pid')}`
}
