import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { readTransfer } from './images-transfer.ts'

const lines = (...said: object[]) => said.map((line) => `${JSON.stringify(line)}\r\n`).join('')

it('counts the layers that moved and leaves out those that were there, wherever chunks end', async () => {
  const said = lines(
    { status: 'The push refers to repository [r/app]' },
    { status: 'Preparing', progressDetail: {}, id: 'a' },
    { status: 'Layer already exists', progressDetail: {}, id: 'a' },
    { status: 'Pushing', progressDetail: { current: 512, total: 3072 }, id: 'b' },
    { status: 'Pushed', progressDetail: {}, id: 'b' },
    { progressDetail: {}, aux: { Tag: '1', Digest: 'sha256:0', Size: 9 } },
  )
  const seen: number[] = []
  const chunks = said.match(/[\s\S]{1,7}/g)!
  expect(await readTransfer(Readable.from(chunks), ({ bytes }) => seen.push(bytes))).toEqual({ layers: 1, bytes: 3072 })
  expect(seen).toEqual([512, 3072])
})

it('reports the failure that a 200 ends with', async () => {
  const said = lines({ status: 'Waiting', id: 'a' }, { errorDetail: { message: 'unauthorized' }, error: 'unauthorized' })
  expect(await readTransfer(Readable.from([said]))).toEqual({ layers: 0, bytes: 0, error: 'unauthorized' })
})
