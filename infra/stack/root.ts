// The two root tars, by one run of mmdebstrap from the Debian archive.
//
// They land in a folder named by the recipe's key, by a rename at the end, so
// that a killed run leaves nothing that looks finished. See write-tars.sh.
import { mkdir, mkdtemp, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { LAYER_MTIME } from '@paas/engine/tar'
import type { DebianSources } from './apt-sources.ts'
import { runMmdebstrap } from './mmdebstrap.ts'
import { dpkgOptions, type Recipe } from './recipe.ts'

export interface RootTars {
  run: string
  build: string
}

/** Makes both tars unless they are there. Throws `stack_failed` with the last lines of the tool's output. */
export async function ensureRootTars(
  recipe: Recipe,
  sources: DebianSources,
  { workDir, onStage }: { workDir: string; onStage(stage: string): void },
): Promise<RootTars> {
  const dir = path.join(workDir, `root-${recipe.suite}-${recipe.key}`)
  const tars = { run: path.join(dir, 'run.tar'), build: path.join(dir, 'build.tar') }
  if (await stat(tars.build).catch(() => undefined)) return tars
  await mkdir(workDir, { recursive: true, mode: 0o700 })
  const outDir = await mkdtemp(path.join(workDir, 'making-'))
  try {
    await makeTars(recipe, sources, outDir, onStage)
    await Promise.all(['names', 'mark', 'began', 'exclude'].map((name) => rm(path.join(outDir, name), { force: true })))
    await rename(outDir, dir).catch(async (error) => {
      // Another platform on this machine was quicker; its tars are the same.
      if (!(await stat(tars.build).catch(() => undefined))) throw error
    })
    return tars
  } finally {
    await rm(outDir, { recursive: true, force: true })
  }
}

async function makeTars(recipe: Recipe, sources: DebianSources, outDir: string, onStage: (stage: string) => void): Promise<void> {
  await writeFile(path.join(outDir, 'began'), '')
  // A second back, so that what happens within this one counts as later.
  const began = new Date(Date.now() - 1000)
  await utimes(path.join(outDir, 'began'), began, began)
  await runMmdebstrap({
    sources,
    workDir: outDir,
    options: [
      '--variant=essential',
      ...dpkgOptions.map((option) => `--dpkgopt=${option}`),
      `--include=${recipe.run.join(',')}`,
      `--customize-hook=${fileURLToPath(new URL('write-tars.sh', import.meta.url))}`,
    ],
    env: { OUT_DIR: outDir, BUILD_PACKAGES: recipe.build.join(' '), FIXED_TIME: LAYER_MTIME.toISOString() },
    onStage,
  })
}
