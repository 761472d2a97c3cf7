// `bin/up`, `bin/down`, `bin/status`, and the supervisor they stand on.
import { PlatformError } from '@paas/domain/errors'
import { createLog } from '@paas/service/log'
import { embedded, readConfig } from './config.ts'

const [command = 'help', ...flags] = process.argv.slice(2)
const commands: Record<string, () => Promise<number>> = { up, down, status, supervise }

try {
  const run = commands[command]
  if (!run) throw new PlatformError('invalid_params', `Unknown command ${command}`, { hint: 'Use up, down or status.' })
  process.exitCode = await run()
} catch (error) {
  if (!(error instanceof PlatformError)) throw error
  process.stderr.write(`${` !     ${error.message}`.replaceAll('\n', '\n !     ')}\n`)
  if (error.hint) process.stderr.write(`       ${error.hint}\n`)
  process.exitCode = 1
}

async function up(): Promise<number> {
  allow(['--detach', '--interactive', '--no-login'])
  if (flags.includes('--interactive')) await (await import('./interview.ts')).interview()
  const { runUp } = await import('./up.ts')
  return runUp(readConfig(process.env), {
    detach: flags.includes('--detach'),
    login: !flags.includes('--no-login'),
  })
}

async function down(): Promise<number> {
  allow([])
  const { runDown } = await import('./up.ts')
  return runDown(readConfig(process.env))
}

async function status(): Promise<number> {
  allow(['--json'])
  const { formatStatus, readStatus } = await import('./status.ts')
  const platform = await readStatus(readConfig(process.env), embedded(process.env))
  console.log(flags.includes('--json') ? JSON.stringify(platform, null, 2) : formatStatus(platform))
  return platform.components.every(({ state }) => state !== 'down') ? 0 : 1
}

async function supervise(): Promise<number> {
  const { supervise } = await import('./supervisor.ts')
  const settings = readConfig(process.env)
  const abort = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => abort.abort(name))
  await supervise({ settings, embedded: embedded(process.env), log: createLog('platform', settings.logLevel) }, abort.signal)
  return 0
}

function allow(known: string[]): void {
  const unknown = flags.find((flag) => !known.includes(flag))
  if (unknown) {
    throw new PlatformError('invalid_params', `bin/${command} does not know ${unknown}`, {
      hint: known.length > 0 ? `It knows ${known.join(', ')}.` : 'It takes no options.',
    })
  }
}
