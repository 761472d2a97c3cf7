// app.json: what a repository says about itself. Only what a build needs is
// read; everything else in it is other tools' business.
//
// `healthchecks` has Dokku's form (dokku.com/docs/deployment/zero-downtime-deploys),
// since Heroku's manifest has no word for it:
//   {"healthchecks": {"web": [{"type": "startup", "path": "/health"}]}}
import { PlatformError } from './errors.ts'

export interface AppJson {
  /** As written: `heroku/nodejs`, a URL, … Empty: not said. */
  buildpacks: string[]
  /** GET answers 2xx here when a web dyno is up. */
  healthPath: string | undefined
}

const PATH = /^\/[\x21-\x7e]{0,1023}$/

/** Reads what a build needs. Throws `build_failed` when the file is no JSON object or those parts are not what they should be. */
export function parseAppJson(text: string): AppJson {
  const app = objectOf(text)
  return { buildpacks: buildpacksOf(app['buildpacks']), healthPath: healthPathOf(app['healthchecks']) }
}

function objectOf(text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw new PlatformError(
      'build_failed',
      `app.json is not valid JSON: ${(error as Error).message.replace(/[\x00-\x1f\x7f-\x9f]/g, ' ')}`,
    )
  }
  if (!isObject(value)) throw new PlatformError('build_failed', 'app.json is not a JSON object')
  return value
}

function buildpacksOf(value: unknown): string[] {
  if (value === undefined) return []
  const urls = Array.isArray(value) ? value.map((entry) => (isObject(entry) ? entry['url'] : entry)) : [undefined]
  if (!urls.every((url) => typeof url === 'string' && url !== '')) {
    throw new PlatformError('build_failed', 'app.json: "buildpacks" is a list of {"url": "…"}', {
      hint: 'For example: "buildpacks": [{"url": "heroku/nodejs"}]',
    })
  }
  return urls as string[]
}

function healthPathOf(value: unknown): string | undefined {
  const checks = isObject(value) ? value['web'] : undefined
  if (!Array.isArray(checks)) return undefined
  const paths = checks.filter(isObject).filter((check) => check['path'] !== undefined && check['type'] !== 'liveness')
  const path = paths[0]?.['path']
  if (path === undefined) return undefined
  if (typeof path !== 'string' || !PATH.test(path)) {
    throw new PlatformError('build_failed', 'app.json: the "path" of a web health check begins with / and has no spaces')
  }
  return path
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
