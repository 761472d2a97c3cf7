// Everything of a destroyed app that is not a container, then its row. Each
// part may be gone already; one that is still in use is tried again.
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { paths } from '@paas/contract/settings'
import { PlatformError } from '@paas/domain/errors'
import { listImages, removeImage } from '@paas/engine/images'
import { removeVolume } from '@paas/engine/volumes'
import { eraseApp as eraseRows, findErasable } from '@paas/store/apps-erase'
import type { Scheduler } from './deps.ts'
import type { Member } from './fleet.ts'

const APP_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Throws `conflict` while something of it is in use. */
export async function eraseApp({ store, fleet, logReader, prepared, settings, log }: Scheduler, appId: string): Promise<void> {
  const rows = await findErasable(store, appId)
  if (!rows || !APP_ID.test(appId)) return
  if (rows.building) throw inUse('a build')
  prepared.forget(appId)
  // What a host that is away has of it is taken by the sweep when it is back.
  for (const member of fleet.answering()) await eraseFrom(member, appId)
  await rm(path.join(paths.repositories(settings), `${appId}.git`), { recursive: true, force: true })
  for (const { id } of rows.builds) await rm(path.join(paths.sources(settings), `${id}.tar`), { force: true })
  await rm(path.dirname(paths.newestLayer(settings, appId, '')), { recursive: true, force: true })
  await logReader.remove(`app:${appId}`)
  for (const { id } of rows.builds) await logReader.remove(`build:${id}`)
  await eraseRows(store, appId)
  log.info({ app: appId }, 'app.erased')
}

async function eraseFrom({ engine, dynos }: Member, appId: string): Promise<void> {
  for (const { id } of await dynos.listPrepared(appId)) await dynos.remove(id)
  if (!(await dynos.removeAppNetwork(appId))) throw inUse('its network')
  if (!(await removeVolume(engine, `${engine.prefix}-cache-${appId}`))) throw inUse('its cache volume')
  for (const { id, tags } of await listImages(engine, { 'paas.prefix': engine.prefix, 'paas.app': appId })) {
    for (const ref of tags.length > 0 ? tags : [id]) if (!(await removeImage(engine, ref))) throw inUse(`the image ${ref}`)
  }
}

function inUse(what: string): PlatformError {
  return new PlatformError('conflict', `The app cannot be erased yet: ${what} is in use`)
}
