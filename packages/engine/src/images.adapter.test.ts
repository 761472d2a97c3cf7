// Against the real engine: what it promises nowhere and we rely on.
import { randomBytes } from 'node:crypto'
import { afterAll, describe, expect, it } from 'vitest'
import { openEngine } from './client.ts'
import { addLayer, baseImage, findImage, listImages, removeImage } from './images.ts'
import { commitLayer } from './layers-commit.ts'
import { loadLayer } from './layers-load.ts'
import { makeTar } from './tar.ts'

const prefix = `t-images-${randomBytes(4).toString('hex')}`
const dockerHost = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock'
const engine = openEngine({ dockerHost, namePrefix: prefix, cgroupParent: '', appSubnet: '10.0.0.0/8' })
const file = (name: string, content: string) => makeTar([{ kind: 'file', name, content }])
const root = await baseImage(engine, {
  tar: await file('root', prefix),
  config: { Labels: { test: prefix } },
  tags: [`${prefix}/root:1`],
})

afterAll(async () => {
  const left = await listImages(engine, { test: prefix })
  for (const tag of left.flatMap(({ tags }) => tags)) await removeImage(engine, tag)
})

describe('addLayer', () => {
  it('gives the same id for the same input, and every tag', async () => {
    const layer = { parent: root.id, config: { Env: { A: '1' } }, tags: [`${prefix}/child:1`, `${prefix}/child:2`] }
    const first = await addLayer(engine, { ...layer, tar: await file('a', 'x') })
    const second = await addLayer(engine, { ...layer, tar: await file('a', 'x') })
    expect(second).toEqual(first)
    const found = await findImage(engine, `${prefix}/child:2`)
    expect(found).toMatchObject({ id: first.id, env: { A: '1' }, labels: { test: prefix } })
    expect(Date.now() - (found?.created.getTime() ?? 0)).toBeLessThan(60_000)
  })

  it.each([{ way: loadLayer }, { way: commitLayer }])('takes a streamed tar ($way.name)', async ({ way }) => {
    const tar = await file('big', 'x'.repeat(3 << 20))
    const tag = `${prefix}/${way.name.toLowerCase()}:1`
    await way(engine, {
      parent: root.id,
      tar: { bytes: tar.length, stream: (await import('node:stream')).Readable.from([tar]) },
      config: { Cmd: ['/big'] },
      tags: [tag],
    })
    expect(await findImage(engine, tag)).toMatchObject({ labels: { test: prefix }, bytes: (3 << 20) + prefix.length })
  })

  it('refuses a broken tar, though the engine answers 200', async () => {
    const layer = { parent: root.id, tar: Buffer.from('no tar at all'), tags: [`${prefix}/broken:1`] }
    await expect(loadLayer(engine, layer)).rejects.toMatchObject({ code: 'engine_refused' })
    expect(await findImage(engine, `${prefix}/broken:1`)).toBeUndefined()
  })
})

it('removes what is not there without complaint', async () => {
  expect(await removeImage(engine, `${prefix}/nothing:1`)).toBe(true)
})
