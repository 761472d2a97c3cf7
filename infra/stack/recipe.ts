// What is in the stack: the packages of the run image, and those the build
// image has over it. A changed list is a new stack version.
//
// libicu's package carries its own version in its name, hence the suites.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'

const ICU: Record<string, string> = { bookworm: 'libicu72', trixie: 'libicu76' }

export const suites = Object.keys(ICU)

export interface Recipe {
  suite: string
  run: string[]
  build: string[]
  /** Hash of everything that decides the two tars, the archive's state apart. */
  key: string
}

/** Not reading the archive's state is meant: `package=version` lists beside the tars record what it was. */
export async function readRecipe(suite: string): Promise<Recipe> {
  const run = [
    ...['usr-is-merged', 'bash', 'ca-certificates', 'openssl', 'tzdata', 'curl', 'procps'],
    // Shared libraries that native modules of npm and PyPI expect.
    ...[
      'libpq5',
      'libsqlite3-0',
      'libyaml-0-2',
      'libxml2',
      'libxslt1.1',
      'libffi8',
      'libgmp10',
      ICU[suite],
      'libjemalloc2',
      'libatomic1',
      'zlib1g',
    ],
    // Python apps and static sites need no runtime layer: 35 MB and 6 MB here.
    ...['python3', 'nginx'],
  ] as string[]
  const build = [
    ...['gcc', 'g++', 'make', 'patch', 'git', 'pkg-config', 'file', 'xz-utils', 'unzip', 'python3-dev', 'python3-venv'],
    ...['libpq-dev', 'libsqlite3-dev', 'libyaml-dev', 'libxml2-dev', 'libxslt1-dev', 'libffi-dev', 'libgmp-dev', 'libicu-dev'],
    ...['libssl-dev', 'zlib1g-dev', 'libjpeg62-turbo-dev'],
  ]
  const script = await readFile(new URL('write-tars.sh', import.meta.url))
  const key = createHash('sha256').update(JSON.stringify({ suite, run, build, options: dpkgOptions, architecture: process.arch }))
  return { suite, run, build, key: key.update(script).digest('hex').slice(0, 16) }
}

/** Left out everywhere: what only people at a terminal read. Skipping fsync is safe, since a half-made root is thrown away. */
export const dpkgOptions = [
  ...['man', 'doc', 'info', 'locale', 'lintian', 'bug', 'doc-base'].map((folder) => `path-exclude=/usr/share/${folder}/*`),
  'force-unsafe-io',
]
