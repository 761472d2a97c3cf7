// Which app a command is about: the flag, else the environment, else the git
// remotes of the repository we stand in. Only decides; reading them is `repository.ts`.
import { Failure } from './failure.ts'
import { gitOrigins } from './platform-hosts.ts'

export interface Remote {
  remote: string
  url: string
}

/** The app a remote pushes to, or undefined when the remote is not this platform's. */
export function appOfRemote(remoteUrl: string, apiUrl: string): string | undefined {
  const origins = gitOrigins(apiUrl)
  const match =
    /^(?:(https?:\/\/)(?:[^/@]*@)?([^/]+)\/|ssh:\/\/(?:[^/@]*@)?([^/:]+)(?::\d+)?\/|[^/@:]+@([^/:]+):)([a-z][a-z0-9-]*?)(?:\.git)?\/?$/.exec(
      remoteUrl,
    )
  if (!match) return undefined
  const [, scheme, host, sshHost, scpHost, app] = match
  if (scheme) return origins.includes(scheme + host!.toLowerCase()) ? app : undefined
  const name = (sshHost ?? scpHost)!.toLowerCase()
  return origins.some((origin) => new URL(origin).hostname === name) ? app : undefined
}

/** The one app that `remotes` name. Two apps are a question for the person, never a guess: the next command may destroy it. */
export function chooseApp(remotes: readonly Remote[], apiUrl: string, wanted: string | undefined): string {
  const ours = remotes
    .map(({ remote, url }) => ({ remote, app: appOfRemote(url, apiUrl) }))
    .filter((found): found is { remote: string; app: string } => found.app !== undefined)
  if (wanted !== undefined) {
    const found = ours.find(({ remote }) => remote === wanted)
    if (found) return found.app
    const exists = remotes.some(({ remote }) => remote === wanted)
    throw new Failure(exists ? `The git remote ${wanted} is not an app on ${apiUrl}.` : `No git remote named ${wanted}.`, {
      hint:
        ours.length > 0
          ? `Remotes of apps here: ${ours.map(({ remote }) => remote).join(', ')}`
          : 'Say which app with --app NAME.',
    })
  }
  const apps = [...new Set(ours.map(({ app }) => app))]
  if (apps.length === 1) return apps[0]!
  if (apps.length > 1) {
    const list = ours.map(({ remote, app }) => `  ${remote}  ${app}`).join('\n')
    throw new Failure('This repository has remotes of several apps.', { hint: `Choose one with --remote or --app:\n${list}` })
  }
  throw new Failure('No app given, and no git remote here leads to one.', {
    hint: 'Say which with --app NAME, or link this repository: `paas git:remote --app NAME`.',
  })
}
