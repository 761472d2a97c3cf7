// The platform's own Postgres: Debian's server on a private data directory and
// a unix socket, for whoever has not given a DATABASE_URL.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { PlatformError } from '@paas/domain/errors'
import { accountOf, ownDirectory } from './account.ts'
import type { ComponentSpec } from './component.ts'

const INITDB_DEADLINE_MS = 60_000

/** The component that keeps it running; makes the cluster before the first start. */
export async function postgresComponent(dataDir: string, runDir: string, logPath: string): Promise<ComponentSpec> {
  const binaries = await findBinaries()
  const cluster = path.join(dataDir, 'postgres')
  const socketDir = path.join(runDir, 'postgres')
  const account = accountOf('postgres')
  return {
    name: 'postgres',
    command: path.join(binaries, 'postgres'),
    args: ['-D', cluster, '-k', socketDir, ...settings()],
    options: { env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' }, cwd: '/', ...account },
    logPath,
    stopSignal: 'SIGINT', // fast shutdown: sessions end, nothing is lost
    stopDeadlineMs: 30_000,
    async prepare() {
      await ownDirectory(cluster, account)
      await ownDirectory(socketDir, account)
      if (!existsSync(path.join(cluster, 'PG_VERSION'))) await initdb(path.join(binaries, 'initdb'), cluster, account)
    },
  }
}

/** Small, since the whole platform shares the machine with people's apps; durable, since these rows are the only truth. */
function settings(): string[] {
  return Object.entries({
    listen_addresses: '',
    unix_socket_permissions: '0700',
    max_connections: '60',
    shared_buffers: '24MB',
    fsync: 'on',
    synchronous_commit: 'on',
    jit: 'off',
    autovacuum_naptime: '60s',
    max_parallel_workers: '0',
    max_logical_replication_workers: '0',
    log_min_messages: 'warning',
  }).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

async function findBinaries(): Promise<string> {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root)
    ? (await readdir(root)).filter((version) => existsSync(path.join(root, version, 'bin/initdb')))
    : []
  const newest = versions.toSorted((a, b) => Number(b) - Number(a))[0]
  if (!newest) {
    throw new PlatformError('store_unreachable', 'There is no Postgres server on this machine', {
      hint: 'Install it with `apt-get install postgresql`, or set DATABASE_URL to one that runs elsewhere.',
    })
  }
  return path.join(root, newest, 'bin')
}

/** `trust` inside a socket folder that only its owner and root can enter. */
async function initdb(command: string, cluster: string, account: { uid?: number; gid?: number }): Promise<void> {
  const args = ['-D', cluster, '-U', 'postgres', '-E', 'UTF8', '--locale=C.UTF-8', '-A', 'trust', '--data-checksums']
  const child = spawn(command, args, {
    ...account,
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: INITDB_DEADLINE_MS,
  })
  let complaint = ''
  child.stderr.on('data', (chunk) => {
    complaint += chunk
  })
  const code = await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject))
  if (code !== 0) throw new PlatformError('store_unreachable', `initdb failed: ${complaint.trim().slice(-500)}`)
}
