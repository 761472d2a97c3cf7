import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { ContainerOutput } from '@paas/engine/container-output'
import { createLog } from '@paas/service/log'
import { afterEach, expect, it, vi } from 'vitest'
import { followHosts } from './host-outputs.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'paas-engines-'))
const file = path.join(folder, 'engines.json')
const abort = new AbortController()
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const write = (engines: object[]) => {
  writeFileSync(`${file}.new`, JSON.stringify(engines))
  renameSync(`${file}.new`, file)
}

it('follows the engines that the file names, and those only, as it changes', async () => {
  const following = new Set<string>()
  const done = followHosts(
    {
      file,
      log: createLog('test', 'silent'),
      open: ({ dockerHost }) => dockerHost as unknown as ContainerOutput,
      async follow(output, signal) {
        following.add(String(output))
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        following.delete(String(output))
      },
    },
    abort.signal,
  )
  const follows = (...urls: string[]) =>
    vi.waitFor(() => expect([...following].sort()).toEqual(urls), { timeout: 5_000, interval: 50 })
  write([
    { id: 'a', dockerHost: 'tcp://a:1' },
    { id: 'b', dockerHost: 'tcp://b:1' },
  ])
  await follows('tcp://a:1', 'tcp://b:1')
  write([{ id: 'b', dockerHost: 'tcp://b:2' }])
  await follows('tcp://b:2')
  writeFileSync(file, 'half of a')
  write([
    { id: 'b', dockerHost: 'tcp://b:2' },
    { id: 'c', dockerHost: 'tcp://c:1' },
  ])
  await follows('tcp://b:2', 'tcp://c:1')
  rmSync(file)
  await follows()
  write([{ id: 'd', dockerHost: 'tcp://d:1' }])
  await follows('tcp://d:1')
  abort.abort()
  await done
  expect([...following]).toEqual([])
})
