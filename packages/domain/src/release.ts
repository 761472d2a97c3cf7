// Releases: what each is called, and to which one may go back.

export const INITIAL_RELEASE = 'Initial release'

/** `Deploy 1a2b3c4d` */
export function describeDeploy(commit: string): string {
  return `Deploy ${commit.slice(0, 8)}`
}

/** `Rollback to v3` */
export function describeRollback(version: number): string {
  return `Rollback to v${version}`
}

/** Only what has run may come back: it must have succeeded, and there must be something to run. */
export function eligibleForRollback(release: { status: string; slugId: string | null }): boolean {
  return release.status === 'succeeded' && release.slugId !== null
}
