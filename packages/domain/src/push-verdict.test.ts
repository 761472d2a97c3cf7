import { expect, it } from 'vitest'
import { judgePush, type PushedBuild, type PushedRelease, type PushState } from './push-verdict.ts'

function state({ build, ...rest }: { build?: Partial<PushedBuild>; ahead?: number; releases?: PushedRelease[] }): PushState {
  return {
    build: build && { status: 'succeeded', failureMessage: undefined, releaseVersion: undefined, ...build },
    ahead: 0,
    releases: [],
    ...rest,
  }
}

function release(version: number, status: PushedRelease['status'], code?: string, message?: string): PushedRelease {
  return { version, status, failureCode: code, failureMessage: message, command: undefined }
}

it.each([
  { title: 'waits for a builder', given: state({ build: { status: 'queued' } }), got: 'wait: waiting for a free builder' },
  {
    title: 'names the build before it',
    given: state({ build: { status: 'queued' }, ahead: 1 }),
    got: 'wait: waiting for another build of this app',
  },
  {
    title: 'counts several',
    given: state({ build: { status: 'queued' }, ahead: 3 }),
    got: 'wait: waiting for 3 other builds of this app',
  },
  { title: 'waits while it builds', given: state({ build: { status: 'running' } }), got: 'wait: building' },
  { title: 'waits for its release', given: state({ build: {} }), got: 'wait: making a release' },
  {
    title: 'waits when the release row is not visible yet',
    given: state({ build: { releaseVersion: 4 } }),
    got: 'wait: making a release',
  },
  {
    title: 'waits while it launches',
    given: state({ build: { releaseVersion: 4 }, releases: [release(4, 'pending')] }),
    got: 'wait: launching v4',
  },
  {
    title: 'waits for a release command, also between its end and what comes of it',
    given: state({
      build: { releaseVersion: 4 },
      releases: [{ ...release(4, 'pending'), command: { startedAtMs: 1, state: 'ended' } }],
    }),
    got: 'wait: running the release command of v4',
  },
  {
    title: 'launches when the release command has succeeded',
    given: state({
      build: { releaseVersion: 4 },
      releases: [{ ...release(4, 'pending'), command: { startedAtMs: 1, state: 'succeeded' } }],
    }),
    got: 'wait: launching v4',
  },
  {
    title: 'accepts a release that is up',
    given: state({ build: { releaseVersion: 4 }, releases: [release(4, 'succeeded')] }),
    got: 'accept: v4',
  },
  {
    title: 'stays with its own release when a newer one is pending',
    given: state({ build: { releaseVersion: 4 }, releases: [release(4, 'succeeded'), release(5, 'pending')] }),
    got: 'accept: v4',
  },
  {
    title: 'follows the release that superseded it with the same slug',
    given: state({ build: { releaseVersion: 4 }, releases: [release(4, 'failed', 'superseded'), release(5, 'pending')] }),
    got: 'wait: launching v5',
  },
  {
    title: 'rejects when a release of another slug superseded it',
    given: state({ build: { releaseVersion: 4 }, releases: [release(4, 'failed', 'superseded')] }),
    got: 'reject:  !     Release v4 was superseded by a newer one before it was up.',
  },
  {
    title: 'rejects a failed build',
    given: state({ build: { status: 'failed', failureMessage: 'npm ci failed' } }),
    got: 'reject:  !     npm ci failed',
  },
  {
    title: 'rejects a canceled build',
    given: state({ build: { status: 'canceled' } }),
    got: 'reject:  !     The build was canceled.',
  },
  {
    title: 'rejects a failed release with its last lines',
    given: state({ build: { releaseVersion: 4 }, releases: [release(4, 'failed', 'boot_failed', 'web.1 exited\nError: no')] }),
    got: 'reject:  !     web.1 exited',
  },
  {
    title: 'rejects when the app is gone',
    given: state({}),
    got: 'reject:  !     The app shop was destroyed while this push was under way.',
  },
])('$title', ({ given, got }) => {
  const verdict = judgePush('shop', given, [])
  const said = verdict.kind === 'wait' ? verdict.doing : verdict.kind === 'accept' ? `v${verdict.version}` : verdict.lines[0]
  expect(`${verdict.kind}: ${said}`).toBe(got)
})

it('marks every line of a reason, so that none is taken for the build output', () => {
  const verdict = judgePush('shop', state({ build: { status: 'failed', failureMessage: 'one\n\ntwo' } }), [])
  expect(verdict).toEqual({ kind: 'reject', lines: [' !     one', ' !', ' !     two', ' !     Push rejected: build failed.'] })
})

it.each([
  { title: 'all of it, when the pusher saw nothing', shown: [], rest: ['    b', '    c', '    d'] },
  { title: 'nothing, when the pusher saw it', shown: ['a', '', 'b', 'c', '', 'd'], rest: [] },
  { title: 'what came after the last line the pusher saw', shown: ['a', 'b', 'c'], rest: ['    d'] },
  { title: 'all of it, when the pusher saw other lines', shown: ['x', 'y'], rest: ['    b', '    c', '    d'] },
])('repeats of a failed release command $title', ({ shown, rest }) => {
  const failed = release(4, 'failed', 'release_failed', 'It exited with status 1\n    b\n    c\n    \x1b[2Kd')
  const verdict = judgePush('shop', state({ build: { releaseVersion: 4 }, releases: [failed] }), shown)
  const lines = verdict.kind === 'reject' ? verdict.lines : []
  expect(lines.slice(0, -2)).toEqual(['It exited with status 1', ...rest].map((line) => ` !     ${line}`))
})
