// The rules of the house that a linter has no word for: who may import whom,
// no shell, no raw SQL from strings, files that stay readable.
import { globSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = path.dirname(import.meta.dirname)
const APPS = ['api', 'builder', 'cli', 'log-router', 'platform', 'receiver', 'router', 'scheduler']
/** What generated code imports, which is not in the tree of a fresh clone. */
const GENERATED: Record<string, string[]> = { 'packages/store': ['@prisma/client'] }
const ADAPTERS = ['store', 'queue', 'engine', 'git', 'logs', 'registry']

const files = ['apps', 'packages', 'infra', 'prisma', 'bench']
  .flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((file) => path.join(folder, file)),
  )
  .filter((file) => file.endsWith('.ts') && !/node_modules|generated|^bench\/apps/.test(file))
  .map((file) => ({ file, text: readFileSync(path.join(ROOT, file), 'utf8') }))
const sources = files.filter(({ file }) => !file.endsWith('.test.ts') && !file.includes('.fixture.'))

/** Every module a file names in an import, static or not. */
function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:from|import|import\()\s*'([^']+)'/g)].map((match) => match[1]!)
}

/** The packages these files import: no files beside them, no built-ins of Node. */
function packagesOf(of: typeof files): Set<string> {
  const modules = of.flatMap(({ text }) => importsOf(text))
  return new Set(modules.flatMap((module) => /^(@[\w-]+\/)?[\w][\w.-]*(?=\/|$)/.exec(module)?.[0] ?? []))
}

/** `file imports module`, for each import that breaks the rule. */
function offenders(of: RegExp, forbidden: (module: string) => boolean): string[] {
  return sources
    .filter(({ file }) => of.test(file))
    .flatMap(({ file, text }) =>
      importsOf(text)
        .filter(forbidden)
        .map((module) => `${file} imports ${module}`),
    )
}

const isOneOf = (names: readonly string[]) => (module: string) => names.some((name) => module.startsWith(`@paas/${name}/`))

describe('who may import whom', () => {
  it('domain imports itself only', () => {
    expect(offenders(/^packages\/domain\//, (module) => !module.startsWith('./') && !module.startsWith('@paas/domain/'))).toEqual(
      [],
    )
  })

  it('contract imports domain and zod', () => {
    expect(offenders(/^packages\/contract\//, (module) => !/^(\.\/|@paas\/domain\/|zod$)/.test(module))).toEqual([])
  })

  it.each(ADAPTERS)('%s imports no other adapter and no app', (adapter) => {
    const others = [...ADAPTERS.filter((name) => name !== adapter), ...APPS]
    expect(offenders(new RegExp(`^packages/${adapter}/`), isOneOf(others))).toEqual([])
  })

  it('apps import no other app, but for platform', () => {
    for (const app of APPS.filter((name) => name !== 'platform')) {
      expect(offenders(new RegExp(`^apps/${app}/`), isOneOf(APPS.filter((name) => name !== app)))).toEqual([])
    }
  })

  it('the CLI sees contract and domain', () => {
    expect(offenders(/^apps\/cli\//, isOneOf([...ADAPTERS, 'service']))).toEqual([])
  })

  it('testing is for tests and benches', () => {
    expect(offenders(/^(apps|packages\/(?!testing)|infra)/, isOneOf(['testing']))).toEqual([])
  })
})

describe('a workspace names the packages it imports, and no other', () => {
  const manifestOf = (folder: string) => JSON.parse(readFileSync(path.join(ROOT, folder, 'package.json'), 'utf8'))
  const { workspaces, devDependencies: forAllTests } = manifestOf('.')
  const folders = globSync(workspaces, { cwd: ROOT }).toSorted()

  it.each(folders)('%s', (folder) => {
    const { name, dependencies = {}, devDependencies = {} } = manifestOf(folder)
    const own = files.filter(({ file }) => file.startsWith(`${folder}/`))
    const shipped = packagesOf(own.filter((file) => sources.includes(file))).union(new Set(GENERATED[folder]))
    const tested = packagesOf(own)
      .difference(shipped)
      .difference(new Set(Object.keys(forAllTests)))
    const others = (names: Iterable<string>) => [...names].filter((other) => other !== name).toSorted()
    expect({ dependencies: others(Object.keys(dependencies)), devDependencies: others(Object.keys(devDependencies)) }).toEqual({
      dependencies: others(shipped),
      devDependencies: others(tested),
    })
  })
})

describe('what strangers write never becomes a program', () => {
  it.each([
    { title: 'no shell', pattern: /shell:\s*true|\bexecSync\b|import \{[^}]*\bexec\b[^}]*\} from 'node:child_process'/ },
    { title: 'no SQL from strings', pattern: /\$(queryRawUnsafe|executeRawUnsafe)|Prisma\.raw\(/ },
    { title: 'no eval', pattern: /\beval\(|new Function\(/ },
  ])('$title', ({ pattern }) => {
    expect(sources.filter(({ text }) => pattern.test(text)).map(({ file }) => file)).toEqual([])
  })

  it('only config and main files read the environment', () => {
    const allowed = /^(apps\/(platform|cli)\/|apps\/[a-z-]+\/src\/main\.ts|packages\/testing\/|infra\/|bench\/|prisma\/)/
    expect(sources.filter(({ file, text }) => !allowed.test(file) && /process\.env/.test(text)).map(({ file }) => file)).toEqual(
      [],
    )
  })
})

it('no file has grown past reading at one sitting', () => {
  expect(files.filter(({ text }) => text.split('\n').length > 320).map(({ file }) => file)).toEqual([])
})
