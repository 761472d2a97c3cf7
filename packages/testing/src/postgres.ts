// A real Postgres for one test file: fresh data directory, unix socket only,
// no fsync, gone afterwards. Needs Debian's postgresql package.
import { spawn, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

const START_DEADLINE_MS = 30_000
const BINARIES = '/usr/lib/postgresql'

export interface TestPostgres {
  databaseUrl: string
  stop(): Promise<void>
}

/** Starts one and resolves when it takes connections. As root it runs as user `postgres`, since initdb refuses root. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const dir = mkdtempSync(path.join(tmpdir(), 'paas-pg-'))
  const asUser = process.getuid?.() === 0 ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'] : []
  if (asUser.length > 0) chownSync(dir, idOf('-u'), idOf('-g'))
  const data = path.join(dir, 'data')
  run([...asUser, binary('initdb'), '-D', data, '-U', 'paas', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C'], dir)
  const [command = '', ...args] = [
    ...asUser,
    binary('postgres'),
    ...['-D', data, '-k', dir, '-h', '', '-F', '-c', 'max_connections=40', '-c', 'shared_buffers=16MB'],
  ]
  const server = spawn(command, args, { cwd: dir, stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => void server.once('exit', () => resolve()))
  const late = Date.now() + START_DEADLINE_MS
  while (spawnSync(binary('pg_isready'), ['-q', '-h', dir, '-U', 'paas', '-d', 'postgres']).status !== 0) {
    if (Date.now() > late || server.exitCode !== null) throw new Error('the test Postgres did not start')
    await pause(50)
  }
  return {
    databaseUrl: `postgresql://paas@localhost/postgres?host=${encodeURIComponent(dir)}&port=5432`,
    async stop() {
      server.kill('SIGINT') // fast shutdown: sessions are cut
      await ended
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

function binary(name: string): string {
  const versions = existsSync(BINARIES) ? readdirSync(BINARIES).sort((a, b) => Number(b) - Number(a)) : []
  const found = versions.map((version) => path.join(BINARIES, version, 'bin', name)).find((file) => existsSync(file))
  return found ?? name
}

function idOf(flag: '-u' | '-g'): number {
  return Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout)
}

function run([command = '', ...args]: string[], cwd: string): void {
  const { status, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} failed: ${stderr || error}`)
}
