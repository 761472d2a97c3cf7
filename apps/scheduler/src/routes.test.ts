import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TableMessage } from '@paas/contract/routes'
import { createLog } from '@paas/service/log'
import type { AppRows } from '@paas/store/world'
import { expect, it } from 'vitest'
import { RouteServer } from './routes.ts'

const dyno = (id: string) => ({
  id,
  type: 'web',
  number: 1,
  state: 'up',
  releaseId: 'r',
  address: '10.0.0.1',
  port: 1,
  version: 1,
})

/** Only what a route is made from. */
function rows(...ids: string[]): AppRows {
  const current = { id: 'r', version: 1, processTypes: {} }
  const app = { id: 'a', name: 'shop', destroyed: false, maintenance: false, domains: [], formation: [], pending: [] }
  return { ...app, current, dynos: ids.map(dyno) } as unknown as AppRows
}

it('routers hear which of the dynos that leave are lost, and of each once', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'routes-'))
  const routes = new RouteServer('example.com', createLog('scheduler', 'silent'))
  try {
    await routes.listen(path.join(folder, 'routes.sock'))
    routes.publish('a', rows('web.1', 'web.2', 'web.3'))
    routes.ready()
    const heard: TableMessage[] = []
    let text = ''
    const socket = connect(path.join(folder, 'routes.sock')).setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      const lines = (text + chunk).split('\n')
      text = lines.pop() ?? ''
      heard.push(...lines.map((line) => JSON.parse(line)))
    })
    await expect.poll(() => heard.length).toBe(1)
    routes.lost('a', 'web.1')
    routes.lost('a', 'never-in-the-table')
    routes.publish('a', rows('web.3'))
    routes.publish('a', rows('web.1', 'web.3'))
    routes.publish('a', rows('web.3'))
    await expect.poll(() => heard.length).toBe(4)
    expect(heard.slice(1).map(({ lost }) => lost)).toEqual([['web.1'], [], []])
    socket.destroy()
  } finally {
    await routes.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
