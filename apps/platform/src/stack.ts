// Which stack images builds and dynos use: found once at set-up, remembered in
// the data directory, so that a restart asks nobody.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Settings } from '@paas/contract/settings'
import { PlatformError } from '@paas/domain/errors'
import type { Engine } from '@paas/engine/client'
import { findImage } from '@paas/engine/images'
import { ensureStack, type StackImages } from '@paas/stack/stack'

const fileOf = ({ dataDir }: Pick<Settings, 'dataDir'>) => path.join(dataDir, 'stack.json')

/** Builds what is missing, telling how it goes, and remembers the names. */
export async function prepareStack(engine: Engine, settings: Settings, onProgress: (line: string) => void): Promise<StackImages> {
  mkdirSync(settings.cacheDir, { recursive: true })
  const stack = await ensureStack(engine, {
    workDir: settings.cacheDir,
    onProgress,
    ...(settings.aptSources && { aptSources: settings.aptSources }),
    ...(settings.caBundle && { caBundle: settings.caBundle }),
  })
  writeFileSync(`${fileOf(settings)}.new`, JSON.stringify(stack))
  renameSync(`${fileOf(settings)}.new`, fileOf(settings))
  return stack
}

/** The images that set-up left. Throws `settings_invalid` when it has not run. */
export function knownStack(settings: Settings): StackImages {
  try {
    return JSON.parse(readFileSync(fileOf(settings), 'utf8'))
  } catch (cause) {
    throw new PlatformError('settings_invalid', 'The stack images are not built', {
      cause,
      hint: 'Run `./bin/up`: it builds them.',
    })
  }
}

/** Whether set-up has nothing to do. */
export async function hasStack(engine: Engine, settings: Settings): Promise<boolean> {
  try {
    const { run, build } = knownStack(settings)
    return (await Promise.all([findImage(engine, run), findImage(engine, build)])).every((image) => image !== undefined)
  } catch {
    return false
  }
}
