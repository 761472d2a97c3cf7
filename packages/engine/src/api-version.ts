// Which version of the Engine API to speak: ours wherever the engine still
// does, else the oldest that it does (Docker 29 begins at 1.44).
// https://docs.docker.com/reference/api/engine/#api-version-matrix
import { PlatformError } from '@paas/domain/errors'

const OURS: ApiVersion = [1, 41]
type ApiVersion = readonly [major: number, minor: number]

/** What `GET /version`, without a version before it, answers. */
export interface VersionAnswer {
  Version: string
  /** The newest that it speaks. */
  ApiVersion: string
  MinAPIVersion?: string
}

/** `v1.41`; throws `engine_too_old` where the engine ends below ours. */
export function agreeVersion({ Version, ApiVersion, MinAPIVersion = '1.12' }: VersionAnswer): string {
  const oldest = parse(MinAPIVersion)
  if (isBefore(parse(ApiVersion), OURS)) {
    throw new PlatformError(
      'engine_too_old',
      `Docker Engine ${Version} is too old: it speaks API ${ApiVersion}, and ${OURS.join('.')} is needed`,
      { hint: 'Docker Engine 20.10 or newer will do.' },
    )
  }
  return `v${(isBefore(oldest, OURS) ? OURS : oldest).join('.')}`
}

function parse(text: string): ApiVersion {
  const [major = 0, minor = 0] = text.split('.').map(Number)
  return [major, minor]
}

function isBefore([major, minor]: ApiVersion, [otherMajor, otherMinor]: ApiVersion): boolean {
  return major < otherMajor || (major === otherMajor && minor < otherMinor)
}
