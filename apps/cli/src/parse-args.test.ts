import { describe, expect, it } from 'vitest'
import { appFlags } from './command.ts'
import { parseArgs } from './parse-args.ts'

const shape = {
  args: 'KEY=VALUE...',
  flags: { ...appFlags, json: { summary: '' }, env: { short: 'e', value: 'X', many: true as const, summary: '' } },
}
const runShape = { ...shape, args: 'COMMAND...', passThrough: true as const }

describe('parseArgs', () => {
  it.each([
    { title: 'flags after arguments', shape, argv: ['A=1', '-a', 'shop', 'B=2'], args: ['A=1', 'B=2'], flags: { app: 'shop' } },
    { title: 'a long flag with equals', shape, argv: ['--app=shop', 'A=1'], args: ['A=1'], flags: { app: 'shop' } },
    { title: 'a short flag with its value attached', shape, argv: ['-ashop', 'A=1'], args: ['A=1'], flags: { app: 'shop' } },
    { title: 'a switch', shape, argv: ['A=1', '--json'], args: ['A=1'], flags: { json: true } },
    { title: 'repeated flags', shape, argv: ['-e', 'A=1', '-e', 'B=2', 'x'], args: ['x'], flags: { env: ['A=1', 'B=2'] } },
    { title: 'arguments that look like flags after --', shape, argv: ['--', '-x=1'], args: ['-x=1'], flags: {} },
    {
      title: "the dyno's own flags",
      shape: runShape,
      argv: ['-a', 'shop', 'ls', '-la', '--app', 'x'],
      args: ['ls', '-la', '--app', 'x'],
      flags: { app: 'shop' },
    },
    {
      title: 'a command after --',
      shape: runShape,
      argv: ['-a', 'shop', '--', 'ls', '--', '-l'],
      args: ['ls', '--', '-l'],
      flags: { app: 'shop' },
    },
  ])('reads $title', ({ shape, argv, args, flags }) => {
    const parsed = parseArgs('config:set', shape, argv)
    expect(parsed.args).toEqual(args)
    expect(parsed.flags).toMatchObject(flags)
  })

  it('gives switches false and repeated flags an empty list when they are absent', () => {
    expect(parseArgs('x', shape, ['A=1']).flags).toEqual({ json: false, env: [] })
  })

  it.each([
    {
      title: 'an unknown flag, with the nearest one',
      argv: ['A=1', '--jsno'],
      message: 'config:set has no flag --jsno. Did you mean --json?',
    },
    { title: 'a flag without its value', argv: ['A=1', '--app'], message: '--app needs a value: --app NAME' },
    { title: 'a value for a switch', argv: ['A=1', '--json=yes'], message: '--json takes no value.' },
    { title: 'a missing argument', argv: [], message: 'KEY=VALUE is missing.' },
  ])('refuses $title', ({ argv, message }) => {
    expect(() => parseArgs('config:set', shape, argv)).toThrow(message)
  })

  it('refuses one argument too many', () => {
    expect(() => parseArgs('create', { args: '[NAME]', flags: {} }, ['a', 'b'])).toThrow('Unexpected argument: b')
  })
})
