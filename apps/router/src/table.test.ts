import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { paths } from '@paas/contract/settings'
import { expect, it } from 'vitest'
import { openRig, route } from './rig.ts'

it('a dyno that leaves the table is drained at once when idle, else after its last request', async () => {
  await using rig = await openRig()
  let finish: (() => void) | undefined
  const busy = await rig.backend((_req, res) => {
    res.write('begun')
    finish = () => res.end('finished')
  })
  const idle = await rig.backend((_req, res) => res.end())
  const fresh = await rig.backend((_req, res) => res.end('fresh'))
  await rig.set(route('shop', [busy]), route('other', [idle]))
  const asked = rig.get('shop.example.com')
  await rig.until(() => finish)
  await rig.set(route('shop', [fresh]), route('other', []))
  const drained = () => rig.heard.flatMap((said) => (said.kind === 'drained' ? [said.dynoId] : []))
  await rig.until(() => drained().includes(idle.id))
  expect(drained()).toEqual([idle.id])
  expect(await rig.get('shop.example.com')).toContain('fresh')
  finish!()
  expect(await asked).toContain('finished')
  await rig.until(() => drained().includes(busy.id))
})

it('applies changes, and a full table after a reconnect replaces everything', async () => {
  await using rig = await openRig()
  const dyno = await rig.backend((_req, res) => res.end('here'))
  await rig.set(route('shop', [dyno]))
  await rig.send({ full: false, set: [route('more', [dyno], { domains: ['more.example.com', 'www.more.org'] })] })
  expect(await rig.get('www.more.org')).toContain('here')
  await rig.send({ full: false, remove: ['id-more'] })
  expect(await rig.get('www.more.org')).toContain('404')
  expect(await rig.get('shop.example.com')).toContain('here')
  await rig.stopScheduler()
  expect(await rig.get('shop.example.com')).toContain('here')
  await rig.startScheduler()
  await rig.until(() => rig.heard.filter((said) => said.kind === 'hello').length === 2)
  await rig.set(route('new', [dyno]))
  expect(await rig.get('shop.example.com')).toContain('404')
  expect(await rig.get('new.example.com')).toContain('here')
})

it('names dynos again that were drained while the scheduler was away', async () => {
  await using rig = await openRig()
  let finish: (() => void) | undefined
  const dyno = await rig.backend((_req, res) => {
    finish = () => res.end('finished')
  })
  await rig.set(route('shop', [dyno]))
  const asked = rig.get('shop.example.com')
  await rig.until(() => finish)
  await rig.set(route('shop', []))
  await rig.stopScheduler()
  finish!()
  await asked
  await rig.startScheduler()
  await rig.set(route('shop', []))
  await rig.until(() => rig.heard.some((said) => said.kind === 'drained' && said.dynoId === dyno.id))
})

it('starts from the table on disk with everything else down', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'router-disk-'))
  try {
    await using first = await openRig({}, { runDir: path.join(dir, 'run'), dataDir: dir })
    const dyno = await first.backend((_req, res) => res.end('from disk'))
    await first.set(route('shop', [dyno]))
    const file = paths.routerTable({ dataDir: dir })
    await expect.poll(() => readFile(file, 'utf8').catch(() => ''), { timeout: 8_000 }).toContain('shop.example.com')
    await using second = await openRig({}, { runDir: path.join(dir, 'elsewhere'), dataDir: dir })
    expect(await second.get('shop.example.com')).toContain('from disk')
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})

it('stops without failing what is under way', async () => {
  await using rig = await openRig({ drainMs: 3_000 })
  let finish: (() => void) | undefined
  const dyno = await rig.backend((_req, res) => {
    finish = () => res.end('finished')
  })
  await rig.set(route('shop', [dyno]))
  const asked = rig.raw('GET / HTTP/1.1\r\nHost: shop.example.com\r\n\r\n')
  await rig.until(() => finish)
  const closed = rig.router.close()
  finish!()
  const answer = await asked
  expect(answer).toContain('finished')
  expect(answer).toMatch(/connection: close/i)
  await closed
})
