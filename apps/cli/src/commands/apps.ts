// apps, create, info, open, rename, destroy.
import { path } from '../api.ts'
import { appOfRemote } from '../app-name.ts'
import { appFlags, command, jsonFlag } from '../command.ts'
import type { Context } from '../context.ts'
import { Failure } from '../failure.ts'
import type { App, Dyno } from '../objects.ts'
import { columns, formatBytes, formatTime } from '../terminal.ts'

const apps = command({
  args: '',
  flags: jsonFlag,
  examples: ['paas apps', 'paas apps --json'],
  async run(context, { flags }) {
    const found = await context.api.get<App[]>('/users/~/apps')
    if (flags.json) return context.json(found)
    if (found.length === 0) return context.note('You have no apps. Make one: `paas create`')
    context.heading(`${context.session.email ?? 'Your'} Apps`)
    for (const name of found.map(({ name }) => name).toSorted()) context.out(name)
  },
})

const create = command({
  args: '[NAME]',
  flags: {
    ...jsonFlag,
    remote: { short: 'r', value: 'NAME', summary: 'name of the git remote to add (paas)' },
    'no-remote': { summary: 'add no git remote' },
    buildpack: { short: 'b', value: 'URL', summary: 'build with this buildpack instead of detecting the language' },
  },
  details: 'Without a name the platform makes one up.',
  examples: ['paas create shop', 'paas create shop-staging --remote staging', 'paas create --json'],
  async run(context, { args: [name], flags }) {
    let app: App | undefined
    await context.progress(name ? `Creating ${name}` : 'Creating app', async () => {
      app = await context.api.call<App>('POST', '/apps', { body: name ? { name } : {} })
      return name ? 'done' : `done, ${app.name}`
    })
    const made = app!
    if (flags.buildpack) {
      const body = { updates: [{ buildpack: flags.buildpack }] }
      await context.api.call('PUT', path`/apps/${made.name}/buildpack-installations`, { body })
    }
    if (!flags['no-remote']) await addRemote(context, made, flags.remote)
    await trustGit(context)
    if (flags.json) return context.json(made)
    context.out(`${made.web_url} | ${made.git_url}`)
  },
})

const info = command({
  args: '[APP]',
  flags: { ...appFlags, ...jsonFlag },
  examples: ['paas info', 'paas info --app shop --json'],
  async run(context, { args: [named], flags }) {
    const name = named ?? (await context.app(flags))
    const [app, dynos] = await Promise.all([
      context.api.get<App>(path`/apps/${name}`),
      context.api.get<Dyno[]>(path`/apps/${name}/dynos`),
    ])
    if (flags.json) return context.json(app)
    const counts = Map.groupBy(dynos, ({ type }) => type)
    const rows: [string, string | null | undefined][] = [
      ['Created At:', formatTime(app.created_at)],
      ['Dynos:', [...counts].map(([type, own]) => `${type}: ${own.length}`).join(', ')],
      ['Git URL:', app.git_url],
      ['Maintenance:', app.maintenance ? 'on' : null],
      ['Owner:', app.owner?.email],
      ['Repo Size:', app.repo_size ? formatBytes(app.repo_size) : null],
      ['Slug Size:', app.slug_size ? formatBytes(app.slug_size) : null],
      ['Stack:', app.stack?.name],
      ['Web URL:', app.web_url],
    ]
    context.heading(app.name)
    for (const line of columns(rows.flatMap(([label, value]) => (value ? [[label, value]] : [])))) context.out(line)
  },
})

const open = command({
  args: '[PATH]',
  flags: appFlags,
  examples: ['paas open', 'paas open /admin --app shop'],
  async run(context, { args: [place = ''], flags }) {
    const app = await context.api.get<App>(path`/apps/${await context.app(flags)}`)
    if (!app.web_url) throw new Failure(`${app.name} has no web address.`)
    const url = new URL(place, app.web_url)
    context.out(url.href)
    const { openBrowser } = await import('../browser.ts')
    if (!(await openBrowser(url.href))) context.note('No browser was found on this machine; open the address above.')
  },
})

const rename = command({
  args: 'NEW_NAME',
  flags: appFlags,
  examples: ['paas rename store --app shop'],
  async run(context, { args: [name], flags }) {
    const app = await context.app(flags)
    await context.progress(`Renaming ${app} to ${name}`, async () => {
      const renamed = await context.api.call<App>('PATCH', path`/apps/${app}`, { body: { name } })
      await changeRemotes(context, app, renamed)
      return 'done'
    })
  },
})

const destroy = command({
  args: '[APP]',
  flags: { ...appFlags, confirm: { short: 'c', value: 'NAME', summary: "the app's name, instead of the question" } },
  examples: ['paas destroy --app shop', 'paas destroy --app shop --confirm shop'],
  async run(context, { args: [named], flags }) {
    const name = named ?? (await context.app(flags))
    const app = await context.api.get<App>(path`/apps/${name}`)
    let answer = flags.confirm
    if (answer === undefined) {
      const { ask } = await import('../prompt.ts')
      context.note(
        ` ${context.noteStyle.yellow('!')}     This removes ${app.name} with its releases, config vars, domains and logs.`,
      )
      answer = await ask(context, ` !     Type ${app.name} to go on: `, `Use --confirm ${app.name}`)
    }
    if (answer !== app.name) throw new Failure(`${answer} is not the name of the app, ${app.name}. Nothing was removed.`)
    await context.progress(`Destroying ${app.name}`, async () => {
      await context.api.call('DELETE', path`/apps/${app.name}`)
      await changeRemotes(context, app.name, undefined)
      return 'done'
    })
  },
})

export const commands = { apps, create, info, open, rename, destroy }

/** `paas` unless that remote leads somewhere else already: a second app in one repository needs a name of its own. */
async function addRemote(context: Context, app: App, wanted: string | undefined): Promise<void> {
  const { findRepository, readRemotes, setRemote } = await import('../repository.ts')
  const dir = await findRepository(context.cwd)
  if (dir === undefined) return
  const remote = wanted ?? 'paas'
  const existing = (await readRemotes(context.cwd)).find((one) => one.remote === remote)
  if (existing && existing.url !== app.git_url) {
    return context.note(
      `The git remote ${remote} leads to ${existing.url} and was left alone. Add another: \`paas git:remote -a ${app.name} -r NAME\``,
    )
  }
  await setRemote(dir, remote, app.git_url)
}

/** Points every remote of the app at its new address, or removes it. */
async function changeRemotes(context: Context, app: string, renamed: App | undefined): Promise<void> {
  const { findRepository, readRemotes, removeRemote, setRemote } = await import('../repository.ts')
  const dir = await findRepository(context.cwd)
  if (dir === undefined) return
  for (const { remote, url } of await readRemotes(context.cwd)) {
    if (appOfRemote(url, context.session.url) !== app) continue
    if (renamed) await setRemote(dir, remote, renamed.git_url)
    else await removeRemote(dir, remote)
  }
}

async function trustGit(context: Context): Promise<void> {
  const { trustPlatform } = await import('../git-trust.ts')
  const problem = trustPlatform(context.session, context.env)
  if (problem) context.note(`Warning: git was not set up, and will ask for a password: ${problem}`)
}
