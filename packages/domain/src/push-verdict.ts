// What a pusher is told, and when: from the rows of the build and of its
// release to "wait", "accept" or "reject". The ref moves only on "accept", so
// a push that was acknowledged has a release that serves.

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
  failureMessage: string | undefined
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
  | { kind: 'wait'; phase: 'queued' | 'building' | 'releasing' | 'launching'; doing: string }
  | { kind: 'accept'; version: number }
  | { kind: 'reject'; lines: string[] }

/** Decides from what the rows say now; `app` is its name, for the hints. */
export function judgePush(app: string, { build, ahead, releases }: PushState): PushVerdict {
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
      return judgeRelease(app, build.releaseVersion, releases)
  }
}

function judgeRelease(app: string, version: number | undefined, releases: readonly PushedRelease[]): PushVerdict {
  // A superseded release has handed over to a newer one: if that has the same slug, this push is what it brings up.
  const release = releases.find(({ status, failureCode }) => !(status === 'failed' && failureCode === 'superseded'))
  if (!release) {
    if (version === undefined || releases.length === 0) return { kind: 'wait', phase: 'releasing', doing: 'making a release' }
    return reject([
      `Release v${version} was superseded by a newer one before it was up.`,
      `See what is current: paas releases -a ${app}`,
    ])
  }
  if (release.status === 'succeeded') return { kind: 'accept', version: release.version }
  if (release.status === 'pending') return { kind: 'wait', phase: 'launching', doing: `launching v${release.version}` }
  return reject([
    release.failureMessage ?? `Release v${release.version} failed.`,
    `Push rejected: release v${release.version} failed. What ran before goes on serving.`,
    `See more: paas logs -a ${app}`,
  ])
}

function waitingFor(ahead: number): string {
  if (ahead === 0) return 'waiting for a free builder'
  return ahead === 1 ? 'waiting for another build of this app' : `waiting for ${ahead} other builds of this app`
}

function reject(messages: readonly string[]): PushVerdict {
  return { kind: 'reject', lines: messages.flatMap((message) => message.split('\n')).map((line) => ` !     ${line}`.trimEnd()) }
}
