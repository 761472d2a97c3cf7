// The platform's own Redis: queues and nothing that could not be rebuilt.
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { PlatformError } from '@paas/domain/errors'
import { accountOf, ownDirectory } from './account.ts'
import type { ComponentSpec } from './component.ts'

const BINARY = '/usr/bin/redis-server'

/** The component that keeps it running on a unix socket, appending to disk, refusing to evict. */
export function redisComponent(dataDir: string, runDir: string, logPath: string): ComponentSpec {
  if (!existsSync(BINARY)) {
    throw new PlatformError('queue_unreachable', 'There is no Redis server on this machine', {
      hint: 'Install it with `apt-get install redis-server`, or set REDIS_URL to one that runs elsewhere.',
    })
  }
  const data = path.join(dataDir, 'redis')
  const socketDir = path.join(runDir, 'redis')
  const socket = path.join(socketDir, 'redis.sock')
  const account = accountOf('redis')
  const settings = {
    port: '0',
    unixsocket: socket,
    unixsocketperm: '700',
    dir: data,
    appendonly: 'yes',
    save: '',
    'maxmemory-policy': 'noeviction',
    daemonize: 'no',
    'always-show-logo': 'no',
  }
  return {
    name: 'redis',
    command: BINARY,
    args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    options: { env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' }, cwd: '/', ...account },
    logPath,
    async prepare() {
      for (const directory of [data, socketDir]) await ownDirectory(directory, account)
      await rm(socket, { force: true })
    },
  }
}
