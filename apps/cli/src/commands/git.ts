// git:remote, and git:credentials, which git itself calls.
import { text } from 'node:stream/consumers'
import { path } from '../api.ts'
import { appFlags, command } from '../command.ts'
import { Failure } from '../failure.ts'
import type { App } from '../objects.ts'
import { gitOrigins } from '../platform-hosts.ts'
import type { Session } from '../session.ts'

const remote = command({
  args: '',
  flags: { app: appFlags.app, remote: { short: 'r', value: 'NAME', summary: 'name of the remote (paas)' } },
  examples: ['paas git:remote --app shop', 'paas git:remote --app shop-staging --remote staging'],
  async run(context, { flags }) {
    const { findRepository, setRemote } = await import('../repository.ts')
    const dir = await findRepository(context.cwd)
    if (dir === undefined) throw new Failure('This is not a git repository.', { hint: 'Make it one with `git init`.' })
    const app = await context.api.get<App>(path`/apps/${await context.app({ app: flags.app })}`)
    const name = flags.remote ?? 'paas'
    await setRemote(dir, name, app.git_url)
    const { trustPlatform } = await import('../git-trust.ts')
    const problem = trustPlatform(context.session, context.env)
    if (problem) context.note(`Warning: git was not set up, and will ask for a password: ${problem}`)
    context.note(`The git remote ${name} leads to ${app.git_url}.`)
  },
})

const credentials = command({
  args: '[ACTION]',
  flags: {},
  details: "Speaks git's credential protocol (https://git-scm.com/docs/git-credential) on stdin and stdout.",
  examples: ["printf 'protocol=http\\nhost=localhost\\n' | paas git:credentials get"],
  async run(context, { args: [action = 'get'] }) {
    // What git wants to store or erase is no concern of ours: `paas login` and `paas logout` do that.
    if (action !== 'get') return
    const answer = answerGit(await text(context.stdin), context.session)
    if (answer) context.stdout.write(answer)
  },
})

export const commands = { 'git:remote': remote, 'git:credentials': credentials }

/** Credentials for git's question, only when it is about this platform by scheme, host and port; undefined for everybody else. */
export function answerGit(question: string, session: Session): string | undefined {
  const fields = new Map(question.split('\n').map((line) => line.split(/=(.*)/s, 2) as [string, string]))
  const origin = `${fields.get('protocol')}://${fields.get('host')}`
  if (!session.token || !gitOrigins(session.url).includes(origin)) return undefined
  return `username=paas\npassword=${session.token}\n`
}
