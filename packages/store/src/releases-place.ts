// A release on its way from pending to succeeded or failed: the scheduler's
// writes. Each is done once; repeating it changes nothing.
import type { Store } from './store.ts'
import { wake } from './wakes.ts'

interface Which {
  appId: string
  id: string
}

/** False: it had ended already. */
export async function succeedRelease(store: Store, which: Which): Promise<boolean> {
  return endRelease(store, which, { status: 'succeeded' })
}

/** `message` is for the pusher. False: it had ended already. */
export async function failRelease(store: Store, which: Which, failure: { code: string; message: string }): Promise<boolean> {
  return endRelease(store, which, { status: 'failed', failureCode: failure.code, failureMessage: failure.message })
}

/** Notes that its release phase exited 0. */
export async function finishPhase(store: Store, { appId, id }: Which): Promise<void> {
  await store.db.release.updateMany({ where: { id, appId, status: 'pending' }, data: { phaseDone: true } })
}

async function endRelease(
  store: Store,
  { appId, id }: Which,
  data: { status: 'succeeded' | 'failed'; failureCode?: string; failureMessage?: string },
): Promise<boolean> {
  return store.db.$transaction(async (tx) => {
    const { count } = await tx.release.updateMany({ where: { id, appId, status: 'pending' }, data })
    if (count > 0) await wake(tx, 'release', appId)
    return count > 0
  })
}
