import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { paths } from '@paas/contract/settings'
import { afterAll, expect, it } from 'vitest'
import { keepNewestLayer } from './newest-layer.ts'

const dataDir = mkdtempSync(path.join(tmpdir(), 'paas-layers-'))
afterAll(() => rmSync(dataDir, { recursive: true }))
const file = (build: string) => paths.newestLayer({ dataDir }, 'app', build)

it('keeps one file per app, that of its newest build', async () => {
  await keepNewestLayer({ dataDir }, { appId: 'app', id: 'one' }, Buffer.from('first'))
  expect(readFileSync(file('one'), 'utf8')).toBe('first')
  await keepNewestLayer({ dataDir }, { appId: 'app', id: 'two' }, Buffer.from('second'))
  expect(readdirSync(path.dirname(file('two')))).toEqual(['two.tar'])
  expect(readFileSync(file('two'), 'utf8')).toBe('second')
})

it('keeps no large layer, and not the one before either', async () => {
  await keepNewestLayer({ dataDir }, { appId: 'app', id: 'three' }, Buffer.alloc(9 * 1024 * 1024))
  expect(existsSync(file('three'))).toBe(false)
  expect(readdirSync(path.dirname(file('three')))).toEqual([])
})
