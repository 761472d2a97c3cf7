// Installed dependencies, kept as an image per key: what decides them is
// hashed, and an app that changed none of it gets the image it had.
//
// Per app, never shared: private packages would leak, and one app could poison
// another.
import { createHash } from 'node:crypto'
import { explainMiss, type KeyParts, keyText, steersInstall } from '@paas/domain/deps-key'
import type { Engine } from '@paas/engine/client'
import { findImage, listImages } from '@paas/engine/images'
import type { Buildpack } from './buildpacks.ts'
import type { Source } from './source.ts'

const PARTS_LABEL = 'paas.deps-parts'
const DIGEST_LABEL = 'paas.deps-digest'
const BYTES_LABEL = 'paas.deps-bytes'
const PARENT_LABEL = 'paas.deps-parent'

export interface Runtime {
  /** Image under the deps layer. */
  ref: string
  /** Image the build container runs on. */
  buildRef: string
  /** `node 22.11.0`, or empty: the stack alone. */
  label: string
}

/** Everything that decides what this buildpack installs for this source. */
export function keyPartsOf(
  source: Source,
  env: Readonly<Record<string, string>>,
  { buildpack, stack, runtime }: { buildpack: Buildpack; stack: string; runtime: Runtime },
): KeyParts {
  const settings = Object.keys(env).filter(steersInstall).sort()
  return {
    stack,
    ...(runtime.label && { runtime: runtime.label }),
    [`the ${buildpack.name} buildpack`]: buildpack.digest,
    ...Object.fromEntries(
      [...source.digests].filter(([name]) => buildpack.isKey(name)).map(([name, digest]) => [name, digest.slice(0, 16)]),
    ),
    ...Object.fromEntries(settings.map((name) => [`config var ${name}`, sha256(env[name] ?? '').slice(0, 16)])),
  }
}

export function depsTag(engine: Engine, appId: string, parts: KeyParts): string {
  return `${engine.prefix}/deps-${appId}:${sha256(keyText(parts)).slice(0, 32)}`
}

/** The tag of dependencies known by their content: what a compile of pushed code left. */
export function depsContentTag(engine: Engine, appId: string, parent: string, digest: string): string {
  return depsTag(engine, appId, { parent, digest })
}

export function depsLabels(appId: string, facts: { parts?: KeyParts; parent: string; digest?: string }): Record<string, string> {
  return {
    'paas.app': appId,
    'paas.kind': 'deps',
    [PARENT_LABEL]: facts.parent,
    ...(facts.parts && { [PARTS_LABEL]: JSON.stringify(facts.parts) }),
    ...(facts.digest && { [DIGEST_LABEL]: facts.digest }),
  }
}

/** What the deps image's own layer weighs. */
export function depsBytes(labels: Record<string, string>): number {
  return Number(labels[BYTES_LABEL] ?? 0)
}

export function bytesLabel(bytes: number): Record<string, string> {
  return { [BYTES_LABEL]: String(bytes) }
}

/** Digests of this app's kept dependencies over that parent. */
export async function knownDigests(engine: Engine, appId: string, parent: string): Promise<string[]> {
  const images = await listDeps(engine, appId)
  return images.filter(({ labels }) => labels[PARENT_LABEL] === parent).flatMap(({ labels }) => labels[DIGEST_LABEL] ?? [])
}

/** Why none of the app's kept dependencies fit, by comparison with the newest. */
export async function explainMissOf(engine: Engine, appId: string, parts: KeyParts): Promise<string> {
  const images = await listDeps(engine, appId)
  const facts = await Promise.all(images.map(({ id }) => findImage(engine, id)))
  const newest = facts
    .filter((found) => found?.labels[PARTS_LABEL] !== undefined)
    .sort((a, b) => Number(b?.created ?? 0) - Number(a?.created ?? 0))[0]
  return explainMiss(newest && (JSON.parse(newest.labels[PARTS_LABEL] ?? '{}') as KeyParts), parts)
}

function listDeps(engine: Engine, appId: string) {
  return listImages(engine, { 'paas.prefix': engine.prefix, 'paas.app': appId, 'paas.kind': 'deps' })
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
