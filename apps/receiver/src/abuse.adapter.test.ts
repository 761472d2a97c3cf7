// Pushes that mean harm, or only are too large: refused with a reason, nothing left behind.
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { paths } from '@paas/contract/settings'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { git, gitNow, type Harness, startHarness } from './harness.fixture.ts'

let harness: Harness
let appId: string
beforeAll(async () => {
  harness = await startHarness()
  appId = await harness.createApp('shop')
})
afterAll(() => harness?.stop())

function leftovers(): string[] {
  const objects = `${paths.repositories(harness.settings)}/${appId}.git/objects`
  return [...readdirSync(objects).filter((name) => name.startsWith('tmp_')), ...readdirSync(paths.sources(harness.settings))]
}

/** Puts a tree that git itself would not make on `main`: entries as `<mode> <name>` with an object each. */
function commitTree(repository: string, entries: [mode: string, name: string, sha: string][]): void {
  const bytes = Buffer.concat(
    entries.map(([mode, name, sha]) => Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(sha, 'hex')])),
  )
  const tree = store(repository, 'tree', bytes)
  const commit = gitNow(repository, 'commit-tree', tree, '-m', 'x').trim()
  gitNow(repository, 'update-ref', 'refs/heads/main', commit)
}

function store(repository: string, type: string, bytes: Buffer): string {
  const args = ['hash-object', '-w', '--literally', '-t', type, '--stdin']
  return spawnSync('git', args, { cwd: repository, input: bytes }).stdout.toString().trim()
}

it('a pack over the cap is refused while it comes, and its disk space given back', async () => {
  const repository = harness.createRepository('shop', {})
  writeFileSync(`${repository}/noise`, randomBytes(12 * 1024 * 1024))
  harness.commit(repository, {})
  const { status, stderr } = await git(repository, 'push', 'paas', 'main')
  expect(status).not.toBe(0)
  expect(stderr).toContain('pack exceeds maximum allowed size')
  await expect.poll(leftovers).toEqual([])
})

it('100 MB of zeros in 100 kB are refused by their expanded size', async () => {
  const repository = harness.createRepository('shop', {})
  writeFileSync(`${repository}/zeros`, Buffer.alloc(100 * 1024 * 1024))
  harness.commit(repository, {})
  const { status, stderr } = await git(repository, 'push', 'paas', 'main')
  expect([status, stderr]).toEqual([1, expect.stringContaining('exceed 2 MB together, at zeros')])
  expect(leftovers()).toEqual([])
})

it('10^10 files in 1 kB are refused by their number', async () => {
  const repository = harness.createRepository('shop', {})
  let [mode, sha] = ['100644', store(repository, 'blob', Buffer.from('x'))]
  for (let depth = 0; depth < 10; depth += 1) {
    const level = Array.from({ length: 10 }, (_, i) => Buffer.concat([Buffer.from(`${mode} ${i}\0`), Buffer.from(sha, 'hex')]))
    ;[mode, sha] = ['40000', store(repository, 'tree', Buffer.concat(level))]
  }
  commitTree(repository, [['40000', 'all', sha]])
  const { status, stderr } = await git(repository, 'push', 'paas', 'main')
  expect([status, stderr]).toEqual([1, expect.stringContaining('more than 1000 files and folders')])
  expect(leftovers()).toEqual([])
})

it.each(['.git', '..', '.GIT', 'a/b'])('a tree with an entry %s is refused', async (name) => {
  const repository = harness.createRepository('shop', {})
  const blob = store(repository, 'blob', Buffer.from('x'))
  commitTree(repository, [['100644', name, blob]])
  const { status, stderr } = await git(repository, 'push', 'paas', 'main')
  expect([status, stderr]).toEqual([1, expect.stringMatching(/fsck|unpack/)])
  expect(leftovers()).toEqual([])
})

it('names with line ends or escape codes and links that leave the tree are refused with their path', async () => {
  for (const [name, says] of [
    ['a\nb', 'a\\x0ab has a control character'],
    ['\x1b]0;x\x07', 'control character'],
  ] as const) {
    const repository = harness.createRepository('shop', {})
    commitTree(repository, [['100644', name, store(repository, 'blob', Buffer.from('x'))]])
    expect((await git(repository, 'push', 'paas', 'main')).stderr).toContain(says)
  }
  const repository = harness.createRepository('shop', {})
  symlinkSync('/etc/passwd', `${repository}/Procfile`)
  harness.commit(repository, {})
  expect((await git(repository, 'push', 'paas', 'main')).stderr).toContain('Procfile is a symbolic link to /etc/passwd')
  expect(leftovers()).toEqual([])
})

it('.gitattributes cannot leave files out or fill in text', async () => {
  const id = await harness.createApp('attributes')
  const repository = harness.createRepository('attributes', {
    '.gitattributes': 'kept export-ignore\nkept export-subst\n',
    kept: '$Format:%H$',
  })
  expect((await git(repository, 'push', 'paas', 'main')).status).toBe(0)
  const build = await harness.store.db.build.findFirstOrThrow({ where: { appId: id } })
  const { stdout } = spawnSync('tar', ['-xOf', build.sourcePath ?? '', 'kept'], { encoding: 'utf8' })
  expect(stdout).toBe('$Format:%H$')
  rmSync(build.sourcePath ?? '')
})

it('a full disk refuses a push with the figures, and leaves fetching alone', async () => {
  const repository = harness.createRepository('shop', { a: '1' })
  await harness.restart({ diskReserveBytes: 1e15 })
  const { status, stderr } = await git(repository, 'push', 'paas', 'main')
  expect(status).not.toBe(0)
  expect(stderr).toMatch(/fatal: remote error: The platform's disk is nearly full \([\d.]+ GB free, 1000000\.0 GB are kept/)
  expect((await git(repository, 'ls-remote', 'paas')).status).toBe(0)
  await harness.restart({ diskReserveBytes: 0 })
})

it('a gzipped request is capped by what it expands to, and a wrong content type refused', async () => {
  const target = harness.url('shop').replace(/git:.*@/, '')
  const authorization = `Basic ${btoa(`x:${harness.ownerToken}`)}`
  const body = gzipSync(Buffer.alloc(40 * 1024 * 1024))
  const type = 'application/x-git-receive-pack-request'
  const bomb = await fetch(`${target}/git-receive-pack`, {
    method: 'POST',
    headers: { authorization, 'content-type': type, 'content-encoding': 'gzip' },
    body,
  }).then((answer) => answer.text(), String)
  expect(bomb).not.toContain('unpack ok')
  const wrong = await fetch(`${target}/git-receive-pack`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'text/plain' },
    body: 'x',
  })
  expect(wrong.status).toBe(415)
  expect(leftovers()).toEqual([])
})

it('an upload that breaks off leaves nothing', async () => {
  const repository = harness.createRepository('shop', {})
  writeFileSync(`${repository}/noise`, randomBytes(3 * 1024 * 1024))
  harness.commit(repository, {})
  const head = gitNow(repository, 'rev-parse', 'HEAD').trim()
  const pack = spawnSync('git', ['pack-objects', '--stdout', '--revs', '-q'], { cwd: repository, input: head }).stdout
  const command = `${'0'.repeat(40)} ${head} refs/heads/main\0report-status side-band-64k`
  const body = Buffer.concat([
    Buffer.from((command.length + 4).toString(16).padStart(4, '0') + command + '0000'),
    pack.subarray(0, pack.length / 2),
  ])
  const stop = new AbortController()
  const stream = new ReadableStream({
    start(controller) {
      controller.enqueue(body)
    },
  })
  const target = harness.url('shop').replace(/git:.*@/, '')
  const answer = fetch(`${target}/git-receive-pack`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${btoa(`x:${harness.ownerToken}`)}`,
      'content-type': 'application/x-git-receive-pack-request',
    },
    body: stream,
    duplex: 'half',
    signal: stop.signal,
  } as RequestInit)
  await expect.poll(() => leftovers().length).toBeGreaterThan(0)
  stop.abort()
  await answer.catch(() => {})
  await expect.poll(leftovers).toEqual([])
})
