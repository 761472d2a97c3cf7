// The end of `bin/up`: whoever ran it is logged in, and told what to try.
import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { paths, type Settings } from '@paas/contract/settings'
import { PlatformError } from '@paas/domain/errors'
import { publicUrl } from './config.ts'
import { ensureAdminLogin } from './keys.ts'

const CLI = path.resolve(import.meta.dirname, '../../../bin/paas')
const LINK = '/usr/local/bin/paas'
const CLI_DEADLINE_MS = 20_000

/** Puts `paas` on the PATH and logs this account in as admin, unless it already is. */
export function login(settings: Settings): void {
  linkCli()
  const { email, password } = ensureAdminLogin(settings)
  const known = runCli(['whoami'])
  if (known.status === 0 && known.stdout.trim() === email) return
  const where = ['--url', publicUrl(settings), '--ca-file', paths.caCertificate(settings)]
  const { status, stderr } = runCli(['login', ...where, '--email', email, '--password-stdin'], password)
  if (status === 0) return
  throw new PlatformError('unauthorized', `Could not log this account in:\n${stderr.trim()}`, {
    hint: 'Log in by hand with `paas login`.',
  })
}

function linkCli(): void {
  const free = !existsSync(LINK) && !lstatSync(LINK, { throwIfNoEntry: false })
  if (free && process.getuid?.() === 0) symlinkSync(CLI, LINK)
}

function runCli(args: string[], input = ''): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(CLI, args, { encoding: 'utf8', timeout: CLI_DEADLINE_MS, input })
}

/** What `bin/up` ends with. */
export function welcome(settings: Settings, elapsedMs: number): string {
  const { email, password } = ensureAdminLogin(settings)
  return `
paas is up at ${publicUrl(settings)} (${(elapsedMs / 1000).toFixed(1)} s)

  Admin     ${email}
  Password  ${password}
  CA file   ${paths.caCertificate(settings)} (for https on port ${settings.httpsPort})

Try, in a git repository of an app:

  paas create
  git push paas main
  paas open
`
}
