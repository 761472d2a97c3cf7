// The built-in buildpacks, as the builder sees them: what each declares in its
// paas.json, and its folder as a tar for the build container.
//
// What all of them source lies once, in `buildpacks/lib`, and is in each one's
// tar under its own `lib`: there a buildpack is a directory that needs no other.
import { createHash } from 'node:crypto'
import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import path from 'node:path'
import { type BuildpackFacts, DETECTION_ORDER } from '@paas/domain/build-plan'
import { keyFilePattern } from '@paas/domain/deps-key'
import { DYNO_UID, makeTar, type TarEntry } from '@paas/engine/tar'
import { z } from 'zod'

export interface Buildpack extends BuildpackFacts {
  /** Begin of a sha256 over its files, the shared ones included: part of every deps key. */
  digest: string
  /** Whether it has `bin/deps`, which installs dependencies and does nothing else. */
  hasDepsStep: boolean
  tar: Buffer
  /** Whether this path is one of `keyFiles`. */
  isKey(path: string): boolean
}

const Declared = z.object({
  deps: z
    .object({
      paths: z.array(z.string()),
      key: z.array(z.string()),
      lockfiles: z.array(z.string()).optional(),
      scripts: z.array(z.string()).default([]),
    })
    .optional(),
})

/** Which of the files in a key make what is installed the same twice. */
const LOCKFILES = [
  ...['package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock', 'pnpm-lock.yaml'],
  ...['uv.lock', 'poetry.lock', 'Pipfile.lock', 'requirements.txt'],
]
/** Test apps live beside a buildpack and are no part of it. */
const LEFT_OUT = new Set(['test', 'tests', 'apps', 'README.md'])
/** What every buildpack gets into its `lib`; a file of its own with the same name goes before. */
const SHARED = 'lib'

/** Reads them all; those that are not there are left out. */
export async function readBuildpacks(folder: string): Promise<Map<string, Buildpack>> {
  const present = new Set(await readdir(folder).catch(() => []))
  const found = await Promise.all(DETECTION_ORDER.filter((name) => present.has(name)).map((name) => readBuildpack(folder, name)))
  return new Map(found.map((buildpack) => [buildpack.name, buildpack]))
}

async function readBuildpack(folder: string, name: string): Promise<Buildpack> {
  const root = `buildpacks/${name}`
  const entries = await collect(path.join(folder, name), root)
  const own = new Set(entries.map((entry) => entry.name))
  const shared = await collect(path.join(folder, SHARED), `${root}/lib`)
  const tar = await makeTar([...entries, ...shared.filter((entry) => !own.has(entry.name))])
  const text = await readFile(path.join(folder, name, 'paas.json'), 'utf8').catch(() => '{}')
  const { deps } = Declared.parse(JSON.parse(text))
  const key = deps?.key ?? []
  const patterns = key.map(keyFilePattern)
  return {
    name,
    depsPaths: deps?.paths ?? [],
    keyFiles: key,
    lockfiles: deps?.lockfiles ?? LOCKFILES.filter((file) => key.includes(file)),
    scripts: deps?.scripts.filter((script) => !isFile(script)) ?? [],
    hooks: deps?.scripts.filter(isFile) ?? [],
    digest: createHash('sha256').update(tar).digest('hex').slice(0, 12),
    hasDepsStep: entries.some((entry) => entry.name === `${root}/bin/deps`),
    tar,
    isKey: (file) => patterns.some((pattern) => pattern.test(file)),
  }
}

/** `bin/pre_compile` and `manage.py` are files of the repository, `build` is a script of package.json. */
function isFile(script: string): boolean {
  return /[/.]/.test(script)
}

/** Owned by the dyno: compile may write `export` into its buildpack's root. */
async function collect(folder: string, name: string): Promise<TarEntry[]> {
  const entries: TarEntry[] = [{ name, kind: 'directory', uid: DYNO_UID }]
  for (const child of await readdir(folder)) {
    if (LEFT_OUT.has(child) || child.endsWith('.test.ts')) continue
    const file = path.join(folder, child)
    const entry = { name: `${name}/${child}`, uid: DYNO_UID }
    const facts = await lstat(file)
    if (facts.isDirectory()) entries.push(...(await collect(file, entry.name)))
    else if (facts.isSymbolicLink()) entries.push({ ...entry, kind: 'symlink', target: await readlink(file) })
    else entries.push({ ...entry, kind: 'file', content: await readFile(file), executable: (facts.mode & 0o100) !== 0 })
  }
  return entries
}
