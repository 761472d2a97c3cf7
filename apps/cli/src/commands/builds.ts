// builds, builds:info, builds:cancel. A build's short name is the beginning of its id.
import { type Api, path } from '../api.ts'
import { appFlags, command, jsonFlag } from '../command.ts'
import { Failure } from '../failure.ts'
import type { Build } from '../objects.ts'
import { columns, formatTime, type Style } from '../terminal.ts'

const DEFAULT_COUNT = 15
const SHORT_ID = 8
const SHORT_COMMIT = 7

const builds = command({
  args: '',
  flags: { ...appFlags, ...jsonFlag, num: { short: 'n', value: 'COUNT', summary: `how many (${DEFAULT_COUNT})` } },
  examples: ['paas builds', 'paas builds -n 50 --app shop --json'],
  async run(context, { flags }) {
    const app = await context.app(flags)
    const count = flags.num === undefined ? DEFAULT_COUNT : Number(flags.num)
    if (!Number.isInteger(count) || count < 1) throw new Failure(`${flags.num} is not a number of builds.`)
    const found = await readBuilds(context.api, app, count)
    if (flags.json) return context.json(found)
    if (found.length === 0) return context.note(`${app} has no builds yet: \`git push paas main\``)
    context.heading(`${app} Builds`)
    for (const line of columns(found.map((build) => buildRow(build, context.style)))) context.out(line)
  },
})

const info = command({
  args: '[ID]',
  flags: { ...appFlags, ...jsonFlag },
  details: 'Without an id, the newest build.',
  examples: ['paas builds:info', 'paas builds:info 1a2b3c4d --app shop --json'],
  async run(context, { args: [id], flags }) {
    const app = await context.app(flags)
    const build = await getBuild(context.api, app, id)
    if (flags.json) return context.json(build)
    const rows: [string, string | null | undefined][] = [
      ['Id:', build.id],
      ['Status:', build.status],
      ['Commit:', commitOf(build)],
      ['By:', build.user?.email],
      ['When:', formatTime(build.created_at)],
      [
        'Took:',
        build.status === 'pending'
          ? null
          : `${Math.round((Date.parse(build.updated_at) - Date.parse(build.created_at)) / 1000)} s`,
      ],
      ['Buildpacks:', build.buildpacks?.map(({ url }) => url).join(', ')],
      ['Stack:', build.stack],
      ['Reason:', build.failure?.message],
    ]
    context.heading(`${app} Build ${build.id.slice(0, SHORT_ID)}`)
    for (const line of columns(rows.flatMap(([label, value]) => (value ? [[label, value]] : [])))) context.out(line)
  },
})

const cancel = command({
  args: '[ID]',
  flags: appFlags,
  details: 'Without an id, the newest build.',
  examples: ['paas builds:cancel', 'paas builds:cancel 1a2b3c4d --app shop'],
  async run(context, { args: [id], flags }) {
    const app = await context.app(flags)
    const build = await getBuild(context.api, app, id)
    if (build.status !== 'pending') throw new Failure(`Build ${build.id.slice(0, SHORT_ID)} has ${build.status} already.`)
    await context.progress(`Stopping build ${build.id.slice(0, SHORT_ID)}`, async () => {
      await context.api.call('DELETE', path`/apps/${app}/builds/${build.id}`)
      return 'done'
    })
  },
})

export const commands = { builds, 'builds:info': info, 'builds:cancel': cancel }

/** `1a2b3c4d  succeeded  0f9e8d7  ada@example.com  2026/01/02 10:00:00 +0000` */
export function buildRow(build: Build, style: Style): string[] {
  const paint = build.status === 'succeeded' ? style.green : build.status === 'failed' ? style.red : style.yellow
  return [
    build.id.slice(0, SHORT_ID),
    paint(build.status),
    commitOf(build)?.slice(0, SHORT_COMMIT) ?? '',
    build.user?.email ?? '',
    formatTime(build.created_at),
  ]
}

function commitOf(build: Build): string | undefined {
  return build.source_blob?.commit ?? build.source_blob?.version ?? undefined
}

async function readBuilds(api: Api, app: string, count: number): Promise<Build[]> {
  const found = await api.get<Build[]>(path`/apps/${app}/builds`, { range: `created_at ..; max=${count}, order=desc` })
  return found.toSorted((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at)).slice(0, count)
}

async function getBuild(api: Api, app: string, id: string | undefined): Promise<Build> {
  if (id !== undefined && id.length >= 36) return await api.get<Build>(path`/apps/${app}/builds/${id}`)
  const found = await readBuilds(api, app, id === undefined ? 1 : 200)
  const [build, second] = found.filter((one) => id === undefined || one.id.startsWith(id))
  if (!build)
    throw new Failure(id === undefined ? `${app} has no builds yet.` : `${app} has no build ${id}.`, {
      hint: `See \`paas builds --app ${app}\`.`,
    })
  if (second) throw new Failure(`Several builds of ${app} begin with ${id}.`, { hint: 'Give more of the id.' })
  return build
}
