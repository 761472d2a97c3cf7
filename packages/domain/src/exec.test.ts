import { describe, expect, it } from 'vitest'
import { chooseExecDyno, type ExecCandidate, type ExecDyno, tellSessionEnd } from './exec.ts'

const dyno = (name: string, rest: Partial<ExecCandidate> = {}): ExecCandidate => ({
  ...{ id: `id-of-${name}`, name, state: 'up', reason: null, createdAtMs: 1, answers: true },
  ...rest,
})

describe('the dyno that is meant', () => {
  it.each([
    { title: 'is the one of that name', dynos: [dyno('web.1'), dyno('web.2')], got: 'id-of-web.1' },
    {
      title: 'is the one that serves while its successor starts',
      dynos: [dyno('web.1', { id: 'new', state: 'starting', createdAtMs: 2 }), dyno('web.1', { id: 'old' })],
      got: 'old',
    },
    {
      title: 'is the successor once that is up',
      dynos: [dyno('web.1', { id: 'old', state: 'draining' }), dyno('web.1', { id: 'new', createdAtMs: 2 })],
      got: 'new',
    },
    { title: 'may be leaving', dynos: [dyno('web.1', { id: 'old', state: 'draining' })], got: 'old' },
  ])('$title', ({ dynos, got }) => {
    expect(chooseExecDyno('shop', 'web.1', dynos)).toEqual({ kind: 'chosen', id: got, name: 'web.1' })
  })

  it.each([
    {
      title: 'does not exist',
      dynos: [dyno('web.2'), dyno('worker.1'), dyno('web.3', { state: 'starting' })],
      got: ['not_found', 'shop has no dyno web.1.', 'Up are: web.2, worker.1'],
    },
    {
      title: 'has ended, like all others',
      dynos: [dyno('web.1', { state: 'down' })],
      got: ['not_found', 'shop has no dyno web.1.', 'None of its dynos is up: see `paas ps`.'],
    },
    {
      title: 'waits for a place',
      dynos: [dyno('web.1', { state: 'starting', reason: 'waiting: no host has 512 MB free' })],
      got: ['invalid_params', 'web.1 is not up yet (waiting: no host has 512 MB free).', expect.stringContaining('ps:wait')],
    },
    {
      title: 'has crashed',
      dynos: [dyno('web.1', { state: 'crashed', reason: 'exited with status 1' })],
      got: ['invalid_params', 'web.1 has crashed (exited with status 1).', expect.stringContaining('paas logs')],
    },
    {
      title: 'is on a host that does not answer',
      dynos: [dyno('web.1', { answers: false })],
      got: ['host_unreachable', 'The machine that web.1 runs on does not answer now.', expect.stringContaining('paas ps')],
    },
  ])('is refused when it $title', ({ dynos, got: [code, message, hint] }) => {
    expect(chooseExecDyno('shop', 'web.1', dynos)).toEqual({ kind: 'refused', code, message, hint })
  })
})

describe('who is in a dyno when his session ends', () => {
  const row: ExecDyno = { name: 'web.1', state: 'up', wish: null, reason: null, version: 3, liveVersion: 3 }
  it.each([
    ['ended', {}, undefined],
    ['ended', { state: 'crashed', reason: 'exited with status 3' }, 'web.1 has ended: exited with status 3.'],
    ['ended', { state: 'stopping', wish: 'restart' }, 'web.1 was restarted.'],
    ['ended', { state: 'stopping', liveVersion: 4 }, 'web.1 was replaced: v4 is live.'],
    ['ended', { state: 'down' }, 'web.1 was stopped.'],
    ['aborted', { state: 'stopping', reason: 'was lost with its host' }, 'web.1 has ended: was lost with its host.'],
    ['aborted', {}, 'The platform is being restarted; the dyno goes on.'],
    ['idle', {}, 'Nothing was sent or printed for an hour.'],
  ] as const)('%s, %o: %s', (how, change, told) => {
    expect(tellSessionEnd(how, { ...row, ...change })).toBe(told)
  })

  it('hears that a dyno without a row was stopped', () => {
    expect(tellSessionEnd('ended', undefined)).toBe('The dyno was stopped.')
  })
})
