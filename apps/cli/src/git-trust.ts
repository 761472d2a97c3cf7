// Lets git push to the platform without a prompt: `git config --global` gets our
// credential helper, and the platform's CA, for the platform's URLs and no other.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { gitOrigins, isLoopback } from './platform-hosts.ts'
import type { Session } from './session.ts'

const OWN_PATH = fileURLToPath(new URL('../../../bin/paas', import.meta.url))

/** One `git config --global` call each, in order. Keys carry the URL, so other hosts keep their own settings. */
export function trustSettings(session: Session, ownPath: string): string[][] {
  return gitOrigins(session.url).flatMap((origin) => {
    const { hostname, protocol } = new URL(origin)
    const helper = `credential.${origin}.helper`
    return [
      // The empty helper first makes git forget those of wider scope, which would keep a copy of the token.
      ['--replace-all', helper, ''],
      ['--add', helper, `!${quoteForShell(ownPath)} git:credentials`],
      ...(protocol === 'https:' && session.caFile ? [['--replace-all', `http.${origin}.sslCAInfo`, session.caFile]] : []),
      // A proxy in the environment cannot lead to this machine.
      ...(isLoopback(hostname) ? [['--replace-all', `http.${origin}.proxy`, '']] : []),
    ]
  })
}

/** Undefined when git was told; otherwise why not, for a warning. Without git there is nothing to tell. */
export function trustPlatform(session: Session, env: Record<string, string | undefined>): string | undefined {
  for (const setting of trustSettings(session, OWN_PATH)) {
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

/** git runs a helper that begins with `!` through the shell, and our own directory may have spaces in its name. */
function quoteForShell(text: string): string {
  return /^[\w/.@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
