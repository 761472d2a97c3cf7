// buildpacks, and :set, :add, :remove, :clear. The API knows only "these, in
// this order", so every change reads the list first.
import { type Api, path } from '../api.ts'
import { appFlags, command, jsonFlag } from '../command.ts'
import type { Context } from '../context.ts'
import { Failure } from '../failure.ts'
import type { Installation } from '../objects.ts'

const indexFlag = { index: { short: 'i', value: 'N', summary: 'its place in the order, from 1' } } as const

const buildpacks = command({
  args: '',
  flags: { ...appFlags, ...jsonFlag },
  examples: ['paas buildpacks', 'paas buildpacks --app shop --json'],
  async run(context, { flags }) {
    const app = await context.app(flags)
    const installed = await context.api.get<Installation[]>(path`/apps/${app}/buildpack-installations`)
    if (flags.json) return context.json(installed)
    if (installed.length === 0) return context.note(`${app} has no buildpacks set: the language is detected at each push.`)
    context.heading(`${app} Buildpacks`)
    show(context, installed)
  },
})

const set = command({
  args: 'BUILDPACK',
  flags: { ...appFlags, ...indexFlag },
  details: 'Replaces the one at --index, or all of them.',
  examples: ['paas buildpacks:set heroku/nodejs', 'paas buildpacks:set heroku/python --index 1 --app shop'],
  run: (context, { args, flags }) =>
    change(context, flags, (urls) =>
      flags.index === undefined ? [args[0]!] : urls.toSpliced(parseIndex(flags.index), 1, args[0]!),
    ),
})

const add = command({
  args: 'BUILDPACK',
  flags: { ...appFlags, ...indexFlag },
  details: 'Adds it at --index, or at the end.',
  examples: ['paas buildpacks:add heroku/nodejs --index 1'],
  run: (context, { args, flags }) =>
    change(context, flags, (urls) => {
      if (urls.includes(args[0]!)) throw new Failure(`${args[0]} is set already.`, { hint: 'See `paas buildpacks`.' })
      return urls.toSpliced(flags.index === undefined ? urls.length : parseIndex(flags.index), 0, args[0]!)
    }),
})

const remove = command({
  args: '[BUILDPACK]',
  flags: { ...appFlags, ...indexFlag },
  examples: ['paas buildpacks:remove heroku/nodejs', 'paas buildpacks:remove --index 2 --app shop'],
  run: (context, { args: [url], flags }) =>
    change(context, flags, (urls) => {
      if ((url === undefined) === (flags.index === undefined)) throw new Failure('Give either a buildpack or --index.')
      const at = flags.index === undefined ? urls.indexOf(url!) : parseIndex(flags.index)
      if (urls[at] === undefined)
        throw new Failure(`${url ?? `Number ${flags.index}`} is not set.`, { hint: 'See `paas buildpacks`.' })
      return urls.toSpliced(at, 1)
    }),
})

const clear = command({
  args: '',
  flags: appFlags,
  examples: ['paas buildpacks:clear --app shop'],
  run: (context, { flags }) => change(context, flags, () => []),
})

export const commands = {
  buildpacks,
  'buildpacks:set': set,
  'buildpacks:add': add,
  'buildpacks:remove': remove,
  'buildpacks:clear': clear,
}

async function change(
  context: Context,
  flags: { app: string | undefined; remote: string | undefined },
  edit: (urls: string[]) => string[],
): Promise<void> {
  const app = await context.app(flags)
  const urls = edit(await readUrls(context.api, app))
  const body = { updates: urls.map((buildpack) => ({ buildpack })) }
  const installed = await context.api.call<Installation[]>('PUT', path`/apps/${app}/buildpack-installations`, { body })
  if (installed.length === 0) context.note(`Buildpacks of ${app} cleared: the language is detected at the next push.`)
  else {
    context.note(`The next push to ${app} builds with:`)
    show(context, installed)
  }
}

async function readUrls(api: Api, app: string): Promise<string[]> {
  const installed = await api.get<Installation[]>(path`/apps/${app}/buildpack-installations`)
  return installed.toSorted((a, b) => a.ordinal - b.ordinal).map(({ buildpack }) => buildpack.url)
}

function show(context: Context, installed: readonly Installation[]): void {
  for (const [i, { buildpack }] of installed.entries()) context.out(`${i + 1}. ${buildpack.name ?? buildpack.url}`)
}

function parseIndex(text: string): number {
  const index = Number(text)
  if (!Number.isInteger(index) || index < 1) throw new Failure(`${text} is not a place in the order: the first is 1.`)
  return index - 1
}
