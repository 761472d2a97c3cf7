// The end of `bin/up`: whoever ran it is logged in, and told what to try.
import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { paths, type Settings } from '@paas/contract/settings'
import { PlatformError } from '@paas/domain/errors'
import { publicUrl } from './config.ts'
import { request } from './health.ts'
import { ensureAdminLogin } from './keys.ts'

const CLI = path.resolve(import.meta.dirname, '../../../bin/paas')
const LINK = '/usr/local/bin/paas'
const CLI_DEADLINE_MS = 20_000

/** Puts `paas` on the PATH and logs this account in as admin, unless it already is. */
export async function login(settings: Settings): Promise<void> {
  linkCli()
  const { status: known, stdout } = runCli(['whoami'], {})
  if (known === 0 && stdout.trim() === ensureAdminLogin(settings).email) return
  const token = await newToken(settings)
  const { status, stderr } = runCli(['login', '--url', publicUrl(settings), '--ca-file', paths.caCertificate(settings)], {
    PAAS_TOKEN: token,
  })
  if (status !== 0)
    throw new PlatformError('unauthorized', `Could not log this account in: ${stderr.trim()}`, {
      hint: 'Log in by hand with `paas login`.',
    })
}

function linkCli(): void {
  const free = !existsSync(LINK) && !lstatSync(LINK, { throwIfNoEntry: false })
  if (free && process.getuid?.() === 0) symlinkSync(CLI, LINK)
}

/** A token of the admin, got with the password: the way any client gets one. */
export async function newToken(settings: Settings): Promise<string> {
  const { email, password } = ensureAdminLogin(settings)
  const body = { description: `bin/up on ${new Date().toISOString().slice(0, 10)}`, scope: ['global'] }
  const answer = await request(settings, 'POST', '/oauth/authorizations', { auth: `${email}:${password}`, body })
  if (answer.status !== 201)
    throw new PlatformError('unauthorized', `The api refused the admin's login (${answer.status}): ${answer.body}`)
  return JSON.parse(answer.body).access_token.token
}

function runCli(args: string[], environment: Record<string, string>): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(CLI, args, {
    encoding: 'utf8',
    timeout: CLI_DEADLINE_MS,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
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
