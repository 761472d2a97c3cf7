// Against a real engine and the real stack (made once, kept in PAAS_TEST_CACHE
// or the temp folder): both ways a Node.js app can be built give the same app.
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { openEngine } from '@paas/engine/client'
import { listImages, removeImage } from '@paas/engine/images'
import { removeNetwork } from '@paas/engine/networks'
import { makeTar } from '@paas/engine/tar'
import { removeVolume } from '@paas/engine/volumes'
import { ensureNodeRuntime } from '@paas/stack/node-runtime'
import { ensureStack, type StackImages } from '@paas/stack/stack'
import { extract } from 'tar-stream'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { readBuildpacks } from './buildpacks.ts'
import { type ImageDeps, makeImage } from './image.ts'
import { findMirrors } from './mirrors.ts'
import { BuildOutput } from './output.ts'

const prefix = 'paas-test-builder'
const workDir = process.env['PAAS_TEST_CACHE'] ?? path.join(tmpdir(), 'paas-test-cache')
const engine = openEngine({
  dockerHost: 'unix:///var/run/docker.sock',
  namePrefix: prefix,
  cgroupParent: '',
  appSubnet: '10.213.0.0/16',
})
const apps: string[] = []
let folder: string
let stack: StackImages
let deps: ImageDeps

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'paas-builder-'))
  stack = await ensureStack(engine, { workDir, onProgress: () => {} })
  const none = { npmRegistry: undefined, pipIndexUrl: undefined, caBundle: undefined }
  deps = {
    engine,
    stack,
    buildpacks: await readBuildpacks(path.resolve(import.meta.dirname, '../../../buildpacks')),
    settings: { buildMemoryMiB: 1024, buildPids: 256, slugMaxBytes: 500_000_000 },
    async findNodeRuntime(range) {
      const runtime = await ensureNodeRuntime(engine, stack, range, { workDir, onProgress: () => {} })
      return { ...runtime, label: `Node.js ${runtime.version}` }
    },
    findMirrors: () => findMirrors(none, process.env),
  }
}, 600_000)

afterAll(async () => {
  for (const appId of apps) {
    for (const { tags } of await listImages(engine, { 'paas.prefix': prefix, 'paas.app': appId })) {
      for (const tag of tags) await removeImage(engine, tag)
    }
    const gone = () => removeVolume(engine, `${prefix}-cache-${appId}`)
    await vi.waitFor(async () => expect(await gone()).toBe(true), { timeout: 10_000 }) // its container may be on its way out
  }
  await removeNetwork(engine, `${prefix}-builds`)
  rmSync(folder, { recursive: true, force: true })
})

const packageJson = { name: 'sample', version: '1.0.0', private: true, scripts: { start: 'node index.js' } }
const lock = {
  name: 'sample',
  version: '1.0.0',
  lockfileVersion: 3,
  requires: true,
  packages: { '': { name: 'sample', version: '1.0.0' } },
}
const sample = {
  'package.json': JSON.stringify(packageJson),
  'package-lock.json': JSON.stringify(lock),
  'index.js': 'console.log(1)',
  'lib/deep/x.js': '//',
  [`long/${'n'.repeat(120)}/file.txt`]: 'long',
}

async function build(files: Record<string, string>, with_: Partial<ImageDeps> = {}, signal = new AbortController().signal) {
  const id = crypto.randomUUID()
  const appId = crypto.randomUUID()
  apps.push(appId)
  const sourcePath = path.join(folder, `${id}.tar`)
  writeFileSync(sourcePath, await makeTar(Object.entries(files).map(([name, content]) => ({ kind: 'file', name, content }))))
  const lines: string[] = []
  const output = new BuildOutput(
    { write: (stream, { text }) => void (stream.startsWith('build:') && lines.push(text)) },
    { id, appId },
  )
  const request = {
    id,
    appId,
    commit: 'c'.repeat(40),
    sourcePath,
    sourceBytes: statSync(sourcePath).size,
    buildpacks: [],
    env: { SECRET: 'hunter22' },
  }
  return { id, lines, made: makeImage({ ...deps, ...with_ }, request, output, signal) }
}

/** Every entry under /app of an image, as text. */
async function contentOf(image: string): Promise<string[]> {
  const container = await engine.docker.createContainer({ Image: image, Cmd: ['true'] })
  const tar = extract()
  ;((await container.getArchive({ path: '/app' })) as Readable).pipe(tar)
  const entries: string[] = []
  for await (const { header, ...entry } of withBodies(tar)) {
    const digest = createHash('sha256').update(entry.body).digest('hex').slice(0, 12)
    entries.push(
      [
        header.name,
        header.type,
        header.mode?.toString(8),
        header.uid,
        header.gid,
        header.linkname,
        digest,
        header.mtime?.toISOString(),
      ].join(' '),
    )
  }
  await container.remove()
  return entries.sort()
}

async function* withBodies(tar: ReturnType<typeof extract>) {
  for await (const entry of tar) {
    const chunks: Buffer[] = []
    for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk)
    yield { header: entry.header, body: Buffer.concat(chunks) }
  }
}

it('gives the same app with and without a compile', { timeout: 120_000 }, async () => {
  const fromSource = await build(sample)
  const node = deps.buildpacks.get('nodejs')!
  const compiled = await build(sample, { buildpacks: new Map([['nodejs', { ...node, lockfiles: [] }]]) })
  const [a, b] = [await fromSource.made, await compiled.made]
  expect(compiled.lines.join('\n')).toContain('Compiling: there is no lockfile')
  expect(fromSource.lines.join('\n')).not.toContain('Compiling')
  expect(await contentOf(a.image)).toEqual(await contentOf(b.image))
  expect(a.processTypes).toEqual({ web: 'npm start' })
  expect(b.processTypes).toEqual(a.processTypes)
})

it('tells the step that failed, and hides nothing of the reason', { timeout: 60_000 }, async () => {
  const broken = { ...packageJson, scripts: { build: 'echo no such thing >&2; exit 3' } }
  const { made, lines } = await build({ ...sample, 'package.json': JSON.stringify(broken) })
  await expect(made).rejects.toMatchObject({ code: 'build_failed', message: expect.stringContaining('nodejs buildpack failed') })
  expect(lines.join('\n')).toContain('no such thing')
})

it('shows a build config vars as files only', { timeout: 60_000 }, async () => {
  const spy = { ...packageJson, scripts: { build: 'tr "\\0" "\\n" < /proc/1/environ | grep -c hunter22; ls -l /env; id -u' } }
  const { made, lines } = await build({ ...sample, 'package.json': JSON.stringify(spy) })
  await made.catch(() => {})
  expect(lines.map((line) => line.trim())).toContain('0')
  expect(lines.join('\n')).toMatch(/SECRET/)
})

it('kills everything when it is aborted', { timeout: 60_000 }, async () => {
  const abort = new AbortController()
  const slow = { ...packageJson, scripts: { build: 'echo started; setsid sleep 600 & sleep 600' } }
  const { id, made, lines } = await build({ ...sample, 'package.json': JSON.stringify(slow) }, {}, abort.signal)
  const ended = made.catch((error) => error)
  await expect.poll(() => lines.some((line) => line.trim() === 'started'), { timeout: 30_000 }).toBe(true)
  const asked = performance.now()
  abort.abort(new Error('enough'))
  expect(await ended).toMatchObject({ message: 'enough' })
  expect(performance.now() - asked).toBeLessThan(5_000)
  const left = () => engine.docker.listContainers({ all: true, filters: { label: [`paas.build=${id}`] } })
  await expect.poll(left, { timeout: 10_000 }).toEqual([])
})

it('has a bin/detect for each built-in buildpack it reads', () => {
  const folders = readdirSync(path.resolve(import.meta.dirname, '../../../buildpacks'))
  expect([...deps.buildpacks.keys()].filter((name) => !folders.includes(name))).toEqual([])
})
