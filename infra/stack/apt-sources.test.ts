import { expect, it } from 'vitest'
import { debianSources } from './apt-sources.ts'

const deb822 = `Types: deb deb-src
# a comment
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates bookworm-backports
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: https://third.example/apt
Suites: bookworm
Components: main
Signed-By: /usr/share/keyrings/third.gpg
`
const oneLine = `deb [arch=amd64 trusted=yes] http://mirror.example/debian trixie main contrib # here
deb http://mirror.example/security trixie-security main
deb-src http://mirror.example/debian trixie main
deb https://third.example/linux trixie stable
`

it.each([
  {
    title: 'keeps the own suites of deb822 entries, and no third party',
    files: [deb822],
    suite: 'bookworm',
    has: ['Suites: bookworm bookworm-updates\n'],
  },
  {
    title: 'reads one-line entries with options',
    files: [oneLine],
    suite: undefined,
    has: ['Suites: trixie\n', 'Trusted: yes', 'security'],
  },
  { title: 'finds the suite among several files', files: ['', oneLine, deb822], suite: 'trixie', has: ['Suites: trixie\n'] },
])('$title', ({ files, suite, has }) => {
  const found = debianSources(files, suite)
  for (const part of has) expect(found?.text).toContain(part)
  expect(found?.text).not.toContain('third.example')
  expect(found?.text).not.toContain('backports')
})

it('knows when there is no archive', () => {
  expect(debianSources(['deb https://third.example/linux bookworm stable'], 'bookworm')).toBeUndefined()
  expect(debianSources([deb822], 'trixie')).toBeUndefined()
  expect(debianSources([])).toBeUndefined()
})
