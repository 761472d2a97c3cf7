// How a source becomes an image: which buildpacks, and whether anything has to
// be compiled at all. Decided from the names and a few files of the tree, so
// that a push which changes nothing but sources needs no build container.
//
// A built-in buildpack says in its `paas.json` what decides: which paths are
// its dependencies, which files steer them, and which scripts would run pushed
// code. See docs/design/030-builds.md.
import { PlatformError } from './errors.ts'

/** `buildpacks/<name>/paas.json`, read. */
export interface BuildpackFacts {
  name: string
  /** Folders under /app that hold nothing but installed dependencies. */
  depsPaths: string[]
  /** Names (with * and **) of the files that decide what is installed. */
  keyFiles: string[]
  /** One of these must be there for dependencies to be the same twice. */
  lockfiles: string[]
  /** Names in `scripts` of package.json that run pushed code in a build. */
  scripts: string[]
  /** Files that, when there, run pushed code in a build. */
  hooks: string[]
}

/** Tried in this order when nothing is said. */
export const DETECTION_ORDER = ['nodejs', 'python', 'static'] as const
export type BuiltIn = (typeof DETECTION_ORDER)[number]

const SUPPORTED = `${DETECTION_ORDER.join(', ')} and dockerfile`
const HOW_TO_CHOOSE = `Choose one in app.json, {"buildpacks": [{"url": "nodejs"}]}, or with: paas buildpacks:set nodejs (${SUPPORTED})`

export type Choice =
  | { kind: 'buildpacks'; names: BuiltIn[]; from: 'app' | 'app.json' | '.buildpacks' | 'detected' }
  | { kind: 'dockerfile'; from: 'app' | 'app.json' | '.buildpacks' | 'detected' }

export interface Wishes {
  /** `apps.buildpacks` */
  app: readonly string[]
  /** `buildpacks` of app.json */
  appJson: readonly string[]
  /** Text of `.buildpacks`: one per line. */
  dotBuildpacks: string | undefined
}

/** What builds this tree: what was chosen, else the first buildpack that recognises it. Throws `no_language`, naming what there is. */
export function chooseBuildpacks(wishes: Wishes, files: ReadonlySet<string>): Choice {
  const lines = (wishes.dotBuildpacks ?? '').split(/\r\n|\r|\n/).map((line) => line.trim())
  const chosen = (
    [
      ['app', wishes.app],
      ['app.json', wishes.appJson],
      ['.buildpacks', lines.filter((line) => line !== '' && !line.startsWith('#'))],
    ] as const
  ).find(([, list]) => list.length > 0)
  if (chosen) {
    const [from, list] = chosen
    const names = list.map(nameOf)
    if (!names.includes('dockerfile')) return { kind: 'buildpacks', names: names as BuiltIn[], from }
    if (names.length > 1) throw new PlatformError('no_language', 'A Dockerfile cannot be combined with buildpacks')
    return { kind: 'dockerfile', from }
  }
  const detected = DETECTION_ORDER.find((name) => detects[name](files))
  if (detected) return { kind: 'buildpacks', names: [detected], from: 'detected' }
  if (files.has('Dockerfile')) return { kind: 'dockerfile', from: 'detected' }
  throw new PlatformError('no_language', 'No buildpack recognises this app', {
    hint:
      'Recognised are: package.json (Node.js), requirements.txt, uv.lock, poetry.lock, Pipfile or pyproject.toml (Python), ' +
      `index.html or static.json (static), Dockerfile. They belong into the root of the repository. ${HOW_TO_CHOOSE}`,
  })
}

/** Says the same as `bin/detect` of each; a test holds them together. */
export const detects: { [K in BuiltIn]: (files: ReadonlySet<string>) => boolean } = {
  nodejs: (files) => files.has('package.json'),
  python: (files) =>
    ['requirements.txt', 'uv.lock', 'poetry.lock', 'Pipfile.lock', 'Pipfile', 'pyproject.toml', 'setup.py'].some((name) =>
      files.has(name),
    ),
  static: (files) => ['static.json', 'index.html', 'public/index.html', 'dist/index.html'].some((name) => files.has(name)),
}

/** `heroku/nodejs`, `paas/nodejs`, `https://github.com/heroku/heroku-buildpack-nodejs#v1` all mean nodejs. */
function nameOf(wish: string): BuiltIn | 'dockerfile' {
  const short = wish
    .trim()
    .toLowerCase()
    .replace(/[#?].*$/, '')
    .replace(/(\.git|\.tgz)?\/?$/, '')
    .replace(/^(https:\/\/|git@|urn:buildpack:).*[/:]/, '')
    .replace(/^(heroku|paas)\//, '')
    .replace(/^heroku-buildpack-/, '')
  const known = [...DETECTION_ORDER, 'dockerfile' as const].find((name) => name === (ALIASES[short] ?? short))
  if (known) return known
  throw new PlatformError(
    'no_language',
    `There is no buildpack called ${wish.replace(/[\x00-\x1f\x7f-\x9f]/g, '?').slice(0, 200)}`,
    {
      hint: HOW_TO_CHOOSE,
    },
  )
}

const ALIASES: Record<string, BuiltIn | 'dockerfile'> = {
  node: 'nodejs',
  'node.js': 'nodejs',
  nginx: 'static',
  docker: 'dockerfile',
  container: 'dockerfile',
}

/** How the choice is told to the pusher, with the way to choose otherwise. */
export function explainChoice(choice: Choice): string {
  const what = choice.kind === 'dockerfile' ? 'Dockerfile' : choice.names.join(', ')
  const from = { app: "the app's settings", 'app.json': 'app.json', '.buildpacks': '.buildpacks', detected: 'the files found' }[
    choice.from
  ]
  return `Using ${what}, as ${choice.from === 'detected' ? from + ' suggest' : from + (choice.from === 'app' ? ' say' : ' says')}. To choose otherwise: paas buildpacks:set <name>, or "buildpacks" in app.json`
}

/** `source`: dependencies are a function of the key, everything else is the source as pushed. `compile`: pushed code runs, so results decide. */
export type CompilePlan = { kind: 'source' } | { kind: 'compile'; why: string }

export interface Tree {
  files: ReadonlySet<string>
  /** package.json, read; undefined when there is none or it is not an object. */
  packageJson: Record<string, unknown> | undefined
  /** Names of config vars. */
  configVars: ReadonlySet<string>
}

/** Whether a build of this tree runs pushed code. Several buildpacks always do: each sees what the one before it left. */
export function planCompile(buildpacks: readonly BuildpackFacts[], tree: Tree): CompilePlan {
  const [buildpack, ...more] = buildpacks
  if (!buildpack || more.length > 0) return { kind: 'compile', why: 'several buildpacks' }
  if (buildpack.depsPaths.length === 0) return { kind: 'compile', why: `the ${buildpack.name} buildpack prepares every version` }
  const vendored = buildpack.depsPaths.find((path) => [...tree.files].some((file) => file.startsWith(`${path}/`)))
  if (vendored) return { kind: 'compile', why: `${vendored} is in the repository` }
  if (!buildpack.lockfiles.some((name) => tree.files.has(name))) return { kind: 'compile', why: 'there is no lockfile' }
  const scripts = tree.packageJson?.['scripts']
  const script = buildpack.scripts.find((name) => typeof scripts === 'object' && scripts !== null && name in scripts)
  if (script) return { kind: 'compile', why: `package.json has a "${script}" script` }
  const hook = buildpack.hooks.find((name) => tree.files.has(name))
  if (hook) return { kind: 'compile', why: `there is ${hook}` }
  return { kind: 'source' }
}
