// Against a real redis-server on a unix socket, killed, hung and flushed as it happens in life.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { createLog } from '@paas/service/log'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openQueues } from './queue.ts'

const log = createLog('test', 'silent')
let folder: string
let socket: string
let server: ChildProcess

async function startRedis() {
  server = spawn('redis-server', ['--port', '0', '--unixsocket', socket, '--dir', folder, '--save', ''], { stdio: 'ignore' })
  await vi.waitFor(
    () =>
      new Promise<void>((resolve, reject) => {
        const probe = connect(socket, () => resolve(void probe.destroy())).on('error', reject)
      }),
    { timeout: 5_000, interval: 20 },
  )
}

async function stopRedis() {
  const exited = once(server, 'exit')
  server.kill('SIGKILL')
  await exited
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'paas-queue-'))
  socket = path.join(folder, 'redis.sock')
  await startRedis()
})
afterAll(async () => {
  await stopRedis()
  await rm(folder, { recursive: true, force: true })
})

const job = (buildId: string) => ({ appId: 'a', buildId })

describe('queues', { timeout: 30_000 }, () => {
  it('runs a job, once per id while it waits', async () => {
    await using queues = disposable('once')
    await queues.add('builds', 'b1', job('b1'))
    await queues.add('builds', 'b1', job('b1'))
    expect((await queues.depth()).builds.waiting).toBe(1)
    const seen: string[] = []
    await queues.work('builds', 2, async ({ buildId }) => void seen.push(buildId))
    await vi.waitFor(() => expect(seen).toEqual(['b1']))
    await queues.add('builds', 'b1', job('b1'))
    await vi.waitFor(() => expect(seen).toEqual(['b1', 'b1']))
  })

  it('refuses to add within 2 s while Redis is away, and works again when it is back', async () => {
    await using queues = disposable('away')
    const seen: string[] = []
    await queues.work('builds', 1, async ({ buildId }) => void seen.push(buildId))
    await stopRedis()
    const started = performance.now()
    await expect(queues.add('builds', 'b1', job('b1'))).rejects.toMatchObject({ code: 'queue_unreachable' })
    expect(performance.now() - started).toBeLessThan(2_000)
    await startRedis()
    await vi.waitFor(() => queues.add('builds', 'b2', job('b2')), { timeout: 5_000 })
    await vi.waitFor(() => expect(seen).toContain('b2'), { timeout: 10_000 })
  })

  it('goes on after everything in Redis was flushed', async () => {
    await using queues = disposable('flush')
    const seen: string[] = []
    await queues.work('builds', 1, async ({ buildId }) => void seen.push(buildId))
    const redis = new Redis({ path: socket })
    await redis.flushall()
    redis.disconnect()
    await queues.add('builds', 'b1', job('b1'))
    await vi.waitFor(() => expect(seen).toEqual(['b1']), { timeout: 10_000 })
  })

  it('gives up on a hung Redis within 2 s', async () => {
    await using queues = disposable('hung')
    await vi.waitFor(() => queues.add('builds', 'b1', job('b1')))
    server.kill('SIGSTOP')
    const started = performance.now()
    await expect(queues.add('builds', 'b2', job('b2'))).rejects.toMatchObject({ code: 'queue_unreachable' })
    expect(performance.now() - started).toBeLessThan(2_000)
    server.kill('SIGCONT')
  })

  it('gives the job of a killed worker to another within 10 s', async () => {
    await using queues = disposable('killed')
    await vi.waitFor(() => queues.add('builds', 'b1', job('b1')))
    const doomed = spawn(
      process.execPath,
      [fileURLToPath(new URL('./hanging-worker.fixture.ts', import.meta.url)), `unix://${socket}`, 'killed'],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    await once(doomed.stdout!, 'data')
    doomed.kill('SIGKILL')
    const killed = performance.now()
    const seen: string[] = []
    await queues.work('builds', 1, async ({ buildId }) => void seen.push(buildId))
    await vi.waitFor(() => expect(seen).toEqual(['b1']), { timeout: 12_000 })
    expect(performance.now() - killed).toBeLessThan(10_000)
  })
})

function disposable(prefix: string) {
  const queues = openQueues({ redisUrl: `unix://${socket}`, prefix, log })
  return Object.assign(queues, { [Symbol.asyncDispose]: () => queues.close() })
}
