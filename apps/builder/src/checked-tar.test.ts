import { buffer } from 'node:stream/consumers'
import { DYNO_UID, LAYER_MTIME, makeTar } from '@paas/engine/tar'
import { pack } from 'tar-stream'
import { describe, expect, it } from 'vitest'
import { checkedTar } from './checked-tar.ts'

async function* cut(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
async function through(bytes: Buffer, size = 777): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of checkedTar(cut(bytes, size), 'app')) parts.push(part)
  return Buffer.concat(parts)
}
async function tarOf(header: object): Promise<Buffer> {
  const tar = pack()
  tar.entry({ uid: DYNO_UID, gid: DYNO_UID, mtime: LAYER_MTIME, mode: 0o644, name: '', ...header }, '')
  tar.finalize()
  return buffer(tar)
}

describe('checkedTar', () => {
  it.each([1, 511, 512, 513, 100_000])('lets files, folders and links through, cut every %d bytes', async (size) => {
    const bytes = await makeTar([
      { kind: 'directory', name: 'app', uid: DYNO_UID },
      { kind: 'file', name: 'app/a.txt', content: 'x'.repeat(1500), uid: DYNO_UID },
      { kind: 'symlink', name: 'app/b', target: '../../etc/passwd', uid: DYNO_UID },
    ])
    expect((await through(bytes, size)).equals(bytes)).toBe(true)
  })

  it.each([
    { title: 'a device node', header: { name: 'app/sda', type: 'block-device', devmajor: 8, devminor: 0 } },
    { title: 'a hard link', header: { name: 'app/x', type: 'link', linkname: '/etc/shadow' } },
    { title: 'an entry elsewhere', header: { name: 'etc/passwd' } },
    { title: 'an entry above', header: { name: 'app/../stack/start' } },
    { title: 'a folder of a similar name', header: { name: 'application/x' } },
    { title: "root's file", header: { name: 'app/x', uid: 0 } },
    { title: 'a setuid bit', header: { name: 'app/x', mode: 0o4755 } },
  ])('refuses $title', async ({ header }) => {
    await expect(through(await tarOf(header))).rejects.toMatchObject({ code: 'build_failed' })
  })

  it('refuses what is no tar', async () => {
    await expect(through(Buffer.alloc(1024, 'x'))).rejects.toMatchObject({ code: 'build_failed' })
  })
})
