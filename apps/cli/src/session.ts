// Who is logged in where: `$XDG_CONFIG_HOME/paas/config.json`, readable by its
// owner only, overridden by PAAS_URL, PAAS_TOKEN and PAAS_CA_FILE.
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { Failure } from './failure.ts'
import { isLoopback } from './platform-hosts.ts'

export const DEFAULT_URL = 'http://localhost'

export interface Session {
  /** The API, without a trailing slash. */
  url: string
  email?: string
  token?: string
  /** PEM file of the platform's own CA. */
  caFile?: string
}

type Env = Record<string, string | undefined>

export function sessionFile(env: Env): string {
  return join(env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config'), 'paas', 'config.json')
}

/** What commands use. A stored token is only ever meant for the URL it was stored with: another PAAS_URL does not get it. */
export function readSession(env: Env): Session {
  const stored = readStored(sessionFile(env))
  const url = parseUrl(env['PAAS_URL'] || stored?.url || DEFAULT_URL)
  const own = stored?.url === url ? stored : undefined
  const token = env['PAAS_TOKEN'] || own?.token
  const caFile = env['PAAS_CA_FILE'] || own?.caFile
  return {
    url,
    ...(token ? { token } : {}),
    ...(own?.email && !env['PAAS_TOKEN'] ? { email: own.email } : {}),
    ...(caFile ? { caFile } : {}),
  }
}

/** Writes beside and renames, so that a command running meanwhile reads the old or the new session, never half of one. */
export function writeSession(env: Env, session: Session): void {
  const file = sessionFile(env)
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  chmodSync(dirname(file), 0o700)
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, `${JSON.stringify(session, null, 2)}\n`, { mode: 0o600 })
  renameSync(draft, file)
}

export function removeSession(env: Env): void {
  rmSync(sessionFile(env), { force: true })
}

/** Origin of a platform's URL. The scheme may be left out (https, on this machine http), a path may not be there. */
export function parseUrl(text: string): string {
  const bare = URL.parse(`https://${text}`)
  const url = /^https?:\/\//i.test(text)
    ? URL.parse(text)
    : URL.parse(`${bare && isLoopback(bare.hostname) ? 'http' : 'https'}://${text}`)
  if (url?.pathname !== '/' || url.search || url.hash || url.username || url.password) {
    throw new Failure(`${text} is not the URL of a platform.`, {
      hint: `It looks like https://paas.example.com or ${DEFAULT_URL}`,
    })
  }
  return url.origin
}

function readStored(file: string): Session | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Failure(`Cannot read ${file}: ${(err as Error).message}`, { cause: err })
  }
  try {
    const stored: unknown = JSON.parse(text)
    if (typeof stored === 'object' && stored !== null && typeof (stored as Session).url === 'string') return stored as Session
  } catch {}
  throw new Failure(`${file} is damaged.`, { hint: 'Remove it and run `paas login` again.' })
}
