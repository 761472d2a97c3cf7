// The app's own layer of its newest image, kept as a file while there are other
// hosts: one that has the layers below is handed this one by the scheduler,
// quicker than a registry could (docs/design/085-registry.md). Only a saving.
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { paths, type Settings } from '@paas/contract/settings'
import type { TarSource } from '@paas/engine/tar'

/** Larger ones travel compressed, by the registry. */
const MAX_BYTES = 8 * 1024 * 1024

/** Replaces that of the build before; a layer that is too large, or waits on disk, is not kept. */
export async function keepNewestLayer(
  settings: Pick<Settings, 'dataDir'>,
  { appId, id }: { appId: string; id: string },
  tar: TarSource,
): Promise<void> {
  const file = paths.newestLayer(settings, appId, id)
  const folder = path.dirname(file)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const before = await readdir(folder)
  if (Buffer.isBuffer(tar) && tar.length <= MAX_BYTES) {
    await writeFile(`${file}.new`, tar, { mode: 0o600 })
    await rename(`${file}.new`, file)
  }
  for (const name of before) if (name !== path.basename(file)) await rm(path.join(folder, name), { force: true })
}
