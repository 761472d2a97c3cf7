// Against a real Docker Engine: a container of one static program whose output
// is followed while it runs, and read to its end after it has exited.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { paths } from '@paas/contract/settings'
import { openEngine } from '@paas/engine/client'
import { openContainerOutput } from '@paas/engine/container-output'
import { labelsOf } from '@paas/engine/labels'
import { openLogReader } from '@paas/logs/reader'
import { createLog } from '@paas/service/log'
import { pack } from 'tar-stream'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startLogRouter } from './start.ts'
import { echoProgram } from './testing-program.ts'

const prefix = `t-logs-${process.pid}`
const dockerHost = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock'
const engine = openEngine({ dockerHost, namePrefix: prefix, cgroupParent: '', appSubnet: '' })
const image = `${prefix}:1`

beforeAll(async () => {
  const tar = pack()
  tar.entry({ name: 'echo', mode: 0o755 }, echoProgram('hello from a dyno\nno newline at the end'))
  tar.finalize()
  const archive = Readable.from(tar as AsyncIterable<Buffer>)
  const imported = (await engine.docker.importImage(archive, { repo: prefix, tag: '1' })) as unknown as NodeJS.ReadableStream
  for await (const _progress of imported) {
    // the image is there when the engine has nothing more to say
  }
})

afterAll(async () => {
  const containers = await engine.docker.listContainers({
    all: true,
    filters: JSON.stringify({ label: [`paas.prefix=${prefix}`] }),
  })
  for (const { Id } of containers) await engine.docker.getContainer(Id).remove({ force: true })
  await engine.docker.getImage(image).remove({ force: true })
})

it('logs what a dyno prints up to its last line, and nothing of an attached one', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'logs-'))
  const settings = { dataDir: folder, runDir: folder }
  const output = openContainerOutput({ dockerHost, namePrefix: prefix })
  const service = await startLogRouter({
    settings,
    engine: output,
    openEngine: () => output,
    log: createLog('log-router', 'silent'),
  })
  const run = async (dynoName: string, labels: Record<string, string> = {}) => {
    const container = await engine.docker.createContainer({
      Image: image,
      Cmd: ['/echo'],
      Labels: { ...labelsOf({ prefix }, { appId: 'shop', dynoName }), ...labels },
      HostConfig: { LogConfig: { Type: 'local', Config: {} }, NetworkMode: 'none' },
    })
    await container.start()
    await container.wait()
  }
  try {
    await run('run.1', { 'paas.attached': 'true' })
    await run('web.1')
    const lines: string[] = []
    const reader = openLogReader(paths.logsSocket(settings))
    for await (const { dyno, text } of reader.read('app:shop', { tail: true }, AbortSignal.timeout(30_000))) {
      lines.push(`${dyno}: ${text}`)
      if (lines.length === 2) break
    }
    expect(lines).toEqual(['web.1: hello from a dyno', 'web.1: no newline at the end'])
  } finally {
    await service.close()
    await rm(folder, { recursive: true, force: true })
  }
})
