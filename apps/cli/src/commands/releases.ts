// releases, releases:info, rollback.
import { type Api, path } from '../api.ts'
import { appFlags, command, jsonFlag, waitFlag } from '../command.ts'
import type { Context } from '../context.ts'
import { Failure } from '../failure.ts'
import type { Release } from '../objects.ts'
import { columns, formatTime, type Style } from '../terminal.ts'
import { getNewestRelease, waitForRelease } from '../wait.ts'

const DEFAULT_COUNT = 15

const releases = command({
  args: '',
  flags: { ...appFlags, ...jsonFlag, num: { short: 'n', value: 'COUNT', summary: `how many (${DEFAULT_COUNT})` } },
  examples: ['paas releases', 'paas releases -n 50 --app shop', 'paas releases --json'],
  async run(context, { flags }) {
    const app = await context.app(flags)
    const found = await readReleases(context.api, app, parseCount(flags.num))
    if (flags.json) return context.json(found)
    if (found.length === 0) return context.note(`${app} has no releases yet.`)
    const current = found.find((release) => release.current)
    context.heading(`${app} Releases${current ? ` - Current: v${current.version}` : ''}`)
    for (const line of columns(found.map((release) => releaseRow(release, context.style)))) context.out(line)
  },
})

const info = command({
  args: '[VERSION]',
  flags: { ...appFlags, ...jsonFlag },
  examples: ['paas releases:info', 'paas releases:info v12 --app shop --json'],
  async run(context, { args: [version], flags }) {
    const app = await context.app(flags)
    const release = version ? await getRelease(context, app, version) : await getNewestRelease(context.api, app)
    if (flags.json) return context.json(release)
    const rows: [string, string | null | undefined][] = [
      ['Status:', release.status],
      ['By:', release.user?.email],
      ['Change:', release.description],
      ['When:', formatTime(release.created_at)],
      ['Current:', release.current ? 'yes' : null],
      ['Reason:', release.failure?.message],
    ]
    context.heading(`${app} Release v${release.version}`)
    for (const line of columns(rows.flatMap(([label, value]) => (value ? [[label, value]] : [])))) context.out(line)
  },
})

const rollback = command({
  args: '[VERSION]',
  flags: { ...appFlags, ...waitFlag },
  details: 'Without a version, to the one before the current one. It makes a new release; nothing is lost.',
  examples: ['paas rollback', 'paas rollback v11 --app shop'],
  async run(context, { args: [version], flags }) {
    const app = await context.app(flags)
    const target = version ? await getRelease(context, app, version) : await previousRelease(context.api, app)
    await context.progress(`Rolling back ${app} to v${target.version}`, async () => {
      const made = await context.api.call<Release>('POST', path`/apps/${app}/releases`, { body: { release: target.id } })
      if (made.status !== 'succeeded' && !flags['no-wait']) await waitForRelease(context.api, app, made.version)
      return `done, v${made.version}`
    })
  },
})

export const commands = { releases, 'releases:info': info, rollback }

/** `v12  Deploy 1a2b3c  ada@example.com  2026/01/02 10:00:00 +0000`, marked when it is not live for a reason. */
export function releaseRow(release: Release, style: Style): string[] {
  const mark =
    release.status === 'failed' ? ` ${style.red('failed')}` : release.status === 'pending' ? ` ${style.yellow('pending')}` : ''
  const version = release.current ? style.green(`v${release.version}`) : `v${release.version}`
  return [version, release.description + mark, release.user?.email ?? '', formatTime(release.created_at)]
}

/** 12 from `v12` or `12`. */
export function parseVersion(text: string): number {
  const [, digits] = /^v?(\d+)$/.exec(text) ?? []
  if (digits === undefined)
    throw new Failure(`${text} is not a release.`, { hint: 'Releases look like v12: see `paas releases`.' })
  return Number(digits)
}

function parseCount(text: string | undefined): number {
  const count = text === undefined ? DEFAULT_COUNT : Number(text)
  if (!Number.isInteger(count) || count < 1) throw new Failure(`${text} is not a number of releases.`)
  return count
}

async function readReleases(api: Api, app: string, count: number): Promise<Release[]> {
  const found = await api.get<Release[]>(path`/apps/${app}/releases`, { range: `version ..; max=${count}, order=desc` })
  return found.toSorted((a, b) => b.version - a.version)
}

async function getRelease(context: Context, app: string, version: string): Promise<Release> {
  return await context.api.get<Release>(path`/apps/${app}/releases/${parseVersion(version)}`)
}

/** The newest release before the current one that can run. */
async function previousRelease(api: Api, app: string): Promise<Release> {
  const found = await readReleases(api, app, 50)
  const current = found.findIndex((release) => release.current)
  const target = found.slice(current + 1).find((release) => release.eligible_for_rollback)
  if (current === -1 || !target) {
    throw new Failure(`${app} has no earlier release to go back to.`, { hint: `See \`paas releases --app ${app}\`.` })
  }
  return target
}
