// The smallest image a dyno can run: Debian's static busybox and a
// /stack/start that does what the stack's does.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Engine } from '@paas/engine/client'
import { baseImage } from '@paas/engine/images'
import { pack } from 'tar-stream'

const TOOLS = [
  'sh',
  'httpd',
  'sleep',
  'echo',
  'cat',
  'trap',
  'nc',
  'env',
  'id',
  'stty',
  'wget',
  'kill',
  'mkdir',
  'grep',
  'setsid',
]
const START = '#!/bin/sh\ncd /app\nexec /bin/sh -c "$1"\n'

/** Makes it under `tag`, with the package from the machine's own apt sources. */
export async function tinyImage(engine: Engine, tag: string): Promise<void> {
  const tar = pack()
  const folder = (name: string) => tar.entry({ name, type: 'directory', mode: 0o1777, uid: 20000, gid: 20000 })
  for (const name of ['bin', 'usr', 'usr/bin', 'stack', 'app', 'app/www', 'tmp']) folder(name)
  tar.entry({ name: 'bin/busybox', mode: 0o755 }, readFileSync(busybox()))
  for (const tool of TOOLS) tar.entry({ name: `bin/${tool}`, type: 'symlink', linkname: 'busybox' })
  tar.entry({ name: 'usr/bin/setpriv', type: 'symlink', linkname: '/bin/busybox' })
  tar.entry({ name: 'stack/start', mode: 0o755 }, START)
  tar.entry({ name: 'app/www/index.html', mode: 0o644 }, 'hello\n')
  tar.finalize()
  const bytes: Buffer[] = []
  for await (const chunk of tar as AsyncIterable<Buffer>) bytes.push(chunk)
  await baseImage(engine, {
    tar: Buffer.concat(bytes),
    config: { Env: { PATH: '/bin' }, WorkingDir: '/app', Labels: { 'paas.stack': 'tiny' } },
    tags: [tag],
  })
}

function busybox(): string {
  const folder = path.join(tmpdir(), 'paas-tiny')
  const binary = path.join(folder, 'root/bin/busybox')
  if (existsSync(binary)) return binary
  mkdirSync(folder, { recursive: true })
  must('apt-get', ['download', 'busybox-static'], folder)
  const file = readdirSync(folder).find((name) => name.endsWith('.deb')) ?? ''
  must('dpkg-deb', ['-x', file, 'root'], folder)
  return binary
}

function must(command: string, args: string[], cwd: string): void {
  const { status, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} failed: ${stderr}`)
}
