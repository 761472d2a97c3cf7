// Dockerfiles in the sandbox, against a real engine, buildah and the real
// stack: what RUN may and may not do, and what is left when it is stopped.
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { listBuildContainers } from '@paas/engine/build-container'
import { openEngine } from '@paas/engine/client'
import { findImage, listImages, removeImage, tagImage } from '@paas/engine/images'
import { removeNetwork } from '@paas/engine/networks'
import { makeTar } from '@paas/engine/tar'
import { createLog } from '@paas/service/log'
import { ensureStack, type StackImages } from '@paas/stack/stack'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { type ImageDeps, makeImage } from './image.ts'
import { findIsolation } from './isolation.ts'
import { BuildOutput } from './output.ts'

const prefix = 'paas-test-docker'
const workDir = process.env['PAAS_TEST_CACHE'] ?? path.join(tmpdir(), 'paas-test-cache')
const engine = openEngine({
  dockerHost: 'unix:///var/run/docker.sock',
  namePrefix: prefix,
  cgroupParent: '',
  appSubnet: '10.212.0.0/16',
})
const appId = crypto.randomUUID()
let folder: string
let stack: StackImages
let deps: ImageDeps

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'paas-docker-'))
  stack = await ensureStack(engine, { workDir, onProgress: () => {} })
  const where = { holder: stack.run, folder: path.join(folder, 'dockerfiles') }
  const isolation = await findIsolation(engine, where, createLog('test', 'warn'), new AbortController().signal)
  deps = {
    engine,
    stack,
    buildpacks: new Map(),
    settings: { buildMemoryMiB: 256, buildPids: 64, slugMaxBytes: 50_000_000 },
    findNodeRuntime: () => Promise.reject(new Error('not used')),
    findMirrors: async () => ({ env: { PIP_INDEX_URL: 'https://mirror.example/simple' }, files: [] }),
    isolation: async () => isolation,
  }
  expect(isolation, 'this host builds no Dockerfile in a sandbox').toBeDefined()
}, 600_000)

afterAll(async () => {
  for (const { tags } of await listImages(engine, { 'paas.prefix': prefix }))
    for (const tag of tags) await removeImage(engine, tag)
  await vi.waitFor(async () => expect(await listBuildContainers(engine)).toEqual([]), { timeout: 10_000 })
  await removeNetwork(engine, `${prefix}-builds`)
  await rm(folder, { recursive: true, force: true })
})

async function build(dockerfile: string, files: Record<string, string> = {}, signal = new AbortController().signal) {
  const id = crypto.randomUUID()
  const sourcePath = path.join(folder, `${id}.tar`)
  const tar = await makeTar(
    Object.entries({ Dockerfile: dockerfile, ...files }).map(([name, content]) => ({ kind: 'file', name, content })),
  )
  await writeFile(sourcePath, tar)
  const lines: string[] = []
  const write = (stream: string, { text }: { text: string }) => void (stream.startsWith('build:') && lines.push(text))
  const request = { id, appId, commit: 'c'.repeat(40), sourcePath, sourceBytes: tar.length, buildpacks: [], env: {} }
  const made = makeImage(deps, request, new BuildOutput({ write }, { id, appId }), signal)
  return { id, lines, made }
}

/** Command lines of every process on this machine. */
function commandLines(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      } catch {
        return '' // it has ended
      }
    })
}

it('gives RUN no user of the host, no new privileges, few capabilities and the build network', { timeout: 60_000 }, async () => {
  const { made, lines } = await build(`FROM paas/stack
USER root
RUN tr -s ' ' < /proc/self/uid_map; grep -E 'NoNewPrivs|Seccomp:|CapBnd' /proc/self/status; cat /proc/sys/kernel/hostname
RUN ls /proc | grep -c '^[0-9]'; cat /etc/resolv.conf; cat /etc/pip.conf; ls /var/run/docker.sock /mnt/* || true
RUN perl -e 'my ($from, $to, $type) = qw(none /mnt tmpfs); print syscall(165, $from, $to, $type, 0, 0) < 0 ? "no mount: $!\\n" : "mounted\\n"'; mknod /dev/x b 1 1 || echo no device; echo 1 > /proc/sys/kernel/panic || echo no sysctl
`)
  const { image } = await made
  const said = lines.map((line) => line.trim()).join('\n')
  expect(said).toContain('\n0 200000 65536\n')
  expect(said).toMatch(/NoNewPrivs:\t1/)
  expect(said).toMatch(/Seccomp:\t2/)
  expect(said).toContain('nameserver 127.0.0.11')
  expect(said).toContain('index-url = https://mirror.example/simple')
  for (const refused of ['no mount: Operation not permitted', 'no device', 'no sysctl'])
    expect(said.split('\n'), said).toContain(refused)
  expect((await findImage(engine, image))?.labels).toMatchObject({ 'paas.app': appId, 'paas.kind': 'app' })
})

it('reaches nothing that the host binds to loopback', { timeout: 60_000 }, async () => {
  let reached = 0
  const server = createServer((socket) => {
    reached++
    socket.end('HTTP/1.0 200 OK\r\n\r\nsecret')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const { made } = await build(`FROM paas/stack\nADD http://127.0.0.1:${port}/ /app/secret\n`)
  await expect(made).rejects.toMatchObject({ code: 'build_failed' })
  expect(reached).toBe(0)
  server.close()
})

it('holds processes and memory to their limits', { timeout: 60_000 }, async () => {
  const many = await build('FROM paas/stack\nRUN for n in $(seq 200); do sleep 5 & done; wait\n')
  await expect(many.made).rejects.toMatchObject({ code: 'build_failed' })
  expect(many.lines.join('\n')).toMatch(/fork|Resource temporarily unavailable/i)
  const large = await build('FROM paas/stack\nRUN python3 -c "x = bytearray(600 << 20)"\n')
  await expect(large.made).rejects.toMatchObject({ message: expect.stringContaining('more than its 256 MB of memory') })
})

it('keeps owners and earlier steps, and reuses them', { timeout: 60_000 }, async () => {
  const dockerfile =
    'FROM paas/stack AS first\nRUN date +%N > /app/when; mkdir /app/sub\nCOPY a /app/sub/\nRUN id -u > /app/who\n'
  const one = await (await build(`${dockerfile}FROM first\nCMD ["cat", "/app/when", "/app/who"]`, { a: '1' })).made
  const again = await build(`${dockerfile}FROM first\nCMD ["cat", "/app/when", "/app/who"]`, { a: '2' })
  const two = await again.made
  const layers = async (image: string) => (await engine.docker.getImage(image).inspect()).RootFS.Layers ?? []
  const [first, second, below] = [await layers(one.image), await layers(two.image), await layers(stack.run)]
  expect(second.slice(0, below.length + 1)).toEqual(first.slice(0, below.length + 1))
  expect(second.at(-1)).not.toBe(below.at(-1))
  expect(again.lines.join('\n')).toContain('Using cache')
})

it('kills everything when it is aborted, and the next build of the app works', { timeout: 60_000 }, async () => {
  const abort = new AbortController()
  const { id, made, lines } = await build(
    'FROM paas/stack\nRUN setsid sleep 98765 & echo started; sleep 98765\n',
    {},
    abort.signal,
  )
  const ended = made.catch((error: unknown) => error)
  await expect.poll(() => lines.some((line) => line.trim() === 'started'), { timeout: 30_000 }).toBe(true)
  const asked = performance.now()
  abort.abort(new Error('enough'))
  expect(await ended).toMatchObject({ message: 'enough' })
  expect(performance.now() - asked).toBeLessThan(5_000)
  await expect.poll(() => commandLines().filter((line) => /^sleep 98765/.test(line)), { timeout: 5_000 }).toEqual([])
  expect((await listBuildContainers(engine)).filter(({ buildId }) => buildId === id)).toEqual([])
  await (await build('FROM paas/stack\nRUN true\n')).made
})

it.each([
  { title: 'by name', name: () => `${prefix}/app-x:1` },
  { title: 'by id', name: (id: string) => id.slice(7, 19) },
  { title: 'by COPY', name: () => `paas/stack\nCOPY --from=${prefix}/app-x:1 / /all/` },
  { title: 'by ARG', name: () => `\${X:-${prefix}/app-x:1}` },
  { title: 'on the next line', name: () => `\\\n${prefix}/app-x:1` },
])("gives no app another's image $title", { timeout: 60_000 }, async ({ name }) => {
  const { image } = await (await build('FROM paas/stack\n')).made
  await tagImage(engine, image, `${prefix}/app-x:1`)
  const { id } = (await findImage(engine, image))!
  await expect((await build(`FROM ${name(id)}\n`)).made).rejects.toMatchObject({ code: 'build_failed' })
})
