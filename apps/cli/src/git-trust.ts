// Lets git push to the platform without a prompt: `git config --global` gets a
// credential helper, and the platform's CA, for the platform's URLs and no other.
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gitOrigins, isLoopback } from './platform-hosts.ts'
import { type Session, sessionFile } from './session.ts'

const OWN_PATH = fileURLToPath(new URL('../../../bin/paas', import.meta.url))
/** Beside the session, and like it readable by its owner only. */
const credentialsFile = (env: Record<string, string | undefined>) => join(dirname(sessionFile(env)), 'git-credentials')

/** One `git config --global` call each, in order. Keys carry the URL, so other hosts keep their own settings. */
export function trustSettings(session: Session, helperCommand: string): string[][] {
  return gitOrigins(session.url).flatMap((origin) => {
    const { hostname, protocol } = new URL(origin)
    const helper = `credential.${origin}.helper`
    return [
      // The empty helper first makes git forget those of wider scope, which would keep a copy of the token.
      ['--replace-all', helper, ''],
      ['--add', helper, helperCommand],
      ...(protocol === 'https:' && session.caFile ? [['--replace-all', `http.${origin}.sslCAInfo`, session.caFile]] : []),
      // A proxy in the environment cannot lead to this machine.
      ...(isLoopback(hostname) ? [['--replace-all', `http.${origin}.proxy`, '']] : []),
    ]
  })
}

/**
 * Git's own store on a file of ours: git asks its helper twice in every push, and starting ourselves for that would take longer than
 * a build. A token that came in the environment is not ours to write down: then git asks us, and we the environment.
 */
export function helperFor(files: { credentials: string; cli: string }, env: Record<string, string | undefined>): string {
  return env['PAAS_TOKEN'] ? `!${quoteForShell(files.cli)} git:credentials` : `store --file=${quoteForShell(files.credentials)}`
}

/** One line per origin, as git-credential-store(1) wants them. */
export function credentialLines(session: Session): string {
  return gitOrigins(session.url)
    .map((origin) => `${origin.replace('//', `//paas:${encodeURIComponent(session.token ?? '')}@`)}\n`)
    .join('')
}

/** Undefined when git was told; otherwise why not, for a warning. Without git there is nothing to tell. */
export function trustPlatform(session: Session, env: Record<string, string | undefined>): string | undefined {
  const file = credentialsFile(env)
  if (!env['PAAS_TOKEN']) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    rmSync(file, { force: true }) // a file that is there would keep its mode
    writeFileSync(file, credentialLines(session), { mode: 0o600 })
  }
  for (const setting of trustSettings(session, helperFor({ credentials: file, cli: OWN_PATH }, env))) {
    const { error, status, stderr } = spawnSync('git', ['config', '--global', ...setting], {
      env: env as NodeJS.ProcessEnv,
      encoding: 'utf8',
      timeout: 10_000,
    })
    if (error) return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : error.message
    if (status !== 0) return stderr.trim()
  }
  return undefined
}

/** Takes back what `trustPlatform` set. */
export function distrustPlatform(session: Session, env: Record<string, string | undefined>): void {
  rmSync(credentialsFile(env), { force: true })
  for (const origin of gitOrigins(session.url)) {
    for (const key of [`credential.${origin}.helper`, `http.${origin}.sslCAInfo`, `http.${origin}.proxy`]) {
      spawnSync('git', ['config', '--global', '--unset-all', key], {
        env: env as NodeJS.ProcessEnv,
        stdio: 'ignore',
        timeout: 10_000,
      })
    }
  }
}

/** git runs a helper through the shell, and a home may have spaces in its name. */
function quoteForShell(text: string): string {
  return /^[\w/.@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
