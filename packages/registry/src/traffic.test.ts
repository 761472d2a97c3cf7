import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { paths } from '@paas/contract/settings'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RegistryTraffic } from './traffic.ts'

const never = new AbortController().signal
let settings = { dataDir: '' }
let traffic: RegistryTraffic

beforeEach(() => {
  settings = { dataDir: mkdtempSync(path.join(os.tmpdir(), 'traffic-')) }
  mkdirSync(paths.registry(settings))
  writeFileSync(paths.registryConfig(settings), '{}')
  traffic = new RegistryTraffic(settings)
})
afterEach(() => rmSync(settings.dataDir, { recursive: true }))

const isAsked = () => existsSync(paths.registryCollect(settings))

describe('collecting', () => {
  it('is not begun while something is being pushed', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const pushing = traffic.push(() => promise)
    expect(await traffic.collect(never)).toBe(false)
    expect(isAsked()).toBe(false)
    resolve()
    await pushing
  })

  it('keeps pushes waiting until the supervisor is done', async () => {
    const done: string[] = []
    const collecting = traffic.collect(never).then(() => done.push('collected'))
    const pushing = traffic.push(async () => done.push('pushed'))
    expect(await traffic.collect(never)).toBe(false) // one at a time
    expect(isAsked()).toBe(true)
    rmSync(paths.registryCollect(settings))
    await Promise.all([collecting, pushing])
    expect(done.toSorted()).toEqual(['collected', 'pushed'])
    expect(isAsked()).toBe(false)
  })

  it('ends with the registry, and is nothing without one', async () => {
    const collecting = traffic.collect(never)
    rmSync(paths.registryConfig(settings))
    expect(await collecting).toBe(true)
    expect(await traffic.collect(never)).toBe(false)
  })
})

it('lets the next push through when one failed', async () => {
  await expect(traffic.push(() => Promise.reject(new Error('away')))).rejects.toThrow('away')
  const collecting = traffic.collect(never)
  await vi.waitFor(() => expect(isAsked()).toBe(true))
  rmSync(paths.registryCollect(settings))
  expect(await collecting).toBe(true)
})
