// What a pusher is told, and when: from the rows of the build and of its
// release to "wait", "accept" or "reject". The ref moves only on "accept", so
// a push that was acknowledged has a release that serves.
import { cleanLine } from './push-text.ts'

export interface PushedBuild {
  status: 'queued' | 'running' | 'succeeded' | 'failed' | 'canceled'
  failureMessage: string | undefined
  /** Version of the release the api made of it. */
  releaseVersion: number | undefined
}

export interface PushedRelease {
  version: number
  status: 'pending' | 'succeeded' | 'failed'
  failureCode: string | undefined
  /** The reason, then what the failed dyno printed last, each line indented by four. */
  failureMessage: string | undefined
  /** Its release process, which begins some time after it; undefined where the app has none. */
  command: { startedAtMs: number | undefined; state: 'waited-for' | 'ended' | 'succeeded' } | undefined
}

export interface PushState {
  /** Undefined when the build, or its app, is gone. */
  build: PushedBuild | undefined
  /** Unfinished builds of this app that came earlier. */
  ahead: number
  /** The build's release and every later one of the same slug, oldest first. */
  releases: readonly PushedRelease[]
}

export type PushVerdict =
  | { kind: 'wait'; phase: 'queued' | 'building' | 'releasing' | 'release-command' | 'launching'; doing: string }
  | { kind: 'accept'; version: number }
  | { kind: 'reject'; lines: string[] }

/** Decides from what the rows say now; `app` is its name, for the hints; `shown` is what the pusher has seen of the release command. */
export function judgePush(app: string, state: PushState, shown: readonly string[]): PushVerdict {
  const { build, ahead } = state
  if (!build) return reject([`The app ${app} was destroyed while this push was under way.`])
  switch (build.status) {
    case 'queued':
      return { kind: 'wait', phase: 'queued', doing: waitingFor(ahead) }
    case 'running':
      return { kind: 'wait', phase: 'building', doing: 'building' }
    case 'canceled':
      return reject([build.failureMessage ?? 'The build was canceled.', 'Push rejected: build canceled.'])
    case 'failed':
      return reject([build.failureMessage ?? 'The build failed.', 'Push rejected: build failed.'])
    case 'succeeded':
      return judgeRelease(app, build.releaseVersion, state, shown)
  }
}

/** The release this push comes to: one that was superseded has handed over to a newer one, if that has the same slug. */
export function releaseOfPush({ releases }: Pick<PushState, 'releases'>): PushedRelease | undefined {
  return releases.find(({ status, failureCode }) => !(status === 'failed' && failureCode === 'superseded'))
}

function judgeRelease(app: string, version: number | undefined, state: PushState, shown: readonly string[]): PushVerdict {
  const release = releaseOfPush(state)
  if (!release) {
    if (version === undefined || state.releases.length === 0)
      return { kind: 'wait', phase: 'releasing', doing: 'making a release' }
    return reject([
      `Release v${version} was superseded by a newer one before it was up.`,
      `See what is current: paas releases -a ${app}`,
    ])
  }
  if (release.status === 'succeeded') return { kind: 'accept', version: release.version }
  if (release.status === 'pending') {
    if (!release.command || release.command.state === 'succeeded')
      return { kind: 'wait', phase: 'launching', doing: `launching v${release.version}` }
    return { kind: 'wait', phase: 'release-command', doing: `running the release command of v${release.version}` }
  }
  return reject([
    ...notYetSaid(
      release.failureMessage ?? `Release v${release.version} failed.`,
      release.failureCode === 'release_failed' ? shown : [],
    ),
    `Push rejected: release v${release.version} failed. What ran before goes on serving.`,
    `See more: paas logs -a ${app}`,
  ])
}

/** A failure message without the output at its end that was shown already: its beginning is what the shown lines end with. */
function notYetSaid(message: string, shown: readonly string[]): string[] {
  const [reason = '', ...output] = message.split('\n').map(cleanLine)
  const seen = shown.filter(Boolean)
  const said = output.map((line) => line.replace(/^ {4}/, ''))
  const endsWith = (count: number) => count <= seen.length && said.slice(0, count).every((line, i) => line === seen.at(i - count))
  let overlap = said.length
  while (overlap > 0 && !endsWith(overlap)) overlap -= 1
  return [reason, ...output.slice(overlap)]
}

function waitingFor(ahead: number): string {
  if (ahead === 0) return 'waiting for a free builder'
  return ahead === 1 ? 'waiting for another build of this app' : `waiting for ${ahead} other builds of this app`
}

function reject(messages: readonly string[]): PushVerdict {
  return {
    kind: 'reject',
    lines: messages.flatMap((message) => message.split('\n')).map((line) => ` !     ${cleanLine(line)}`.trimEnd()),
  }
}
