// The buildpacks of this repository, as they arrive in the build container.
import path from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { extract } from 'tar-stream'
import { describe, expect, it } from 'vitest'
import { readBuildpacks } from './buildpacks.ts'

const folder = path.resolve(import.meta.dirname, '../../../buildpacks')

async function filesOf(tar: Buffer): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  for await (const entry of Readable.from([tar]).pipe(extract())) {
    const content = await text(entry)
    expect(files.has(entry.header.name), `${entry.header.name} twice`).toBe(false)
    files.set(entry.header.name, content)
  }
  return files
}

describe.each([...(await readBuildpacks(folder)).values()])('$name', ({ name, tar }) => {
  it('has all that its scripts source', async () => {
    const files = await filesOf(tar)
    const sourced = [...files.values()].flatMap((script) => [...script.matchAll(/^source "\$buildpack\/(.+)"$/gm)])
    expect(sourced.map((match) => match[1])).toContain('lib/output.sh')
    expect(sourced.map((match) => match[1]).filter((file) => !files.has(`buildpacks/${name}/${file}`))).toEqual([])
  })
})

it('reads the same digests every time', async () => {
  const digests = async () => [...(await readBuildpacks(folder)).values()].map(({ digest }) => digest)
  expect(await digests()).toEqual(await digests())
})
