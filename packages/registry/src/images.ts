// What the registry holds: repositories, their tags, the layers of an image.
// Bytes are moved by engines; from here images are only looked at, deleted,
// and given layers that another repository has.
import { BASE_REPOSITORY } from './address.ts'
import { askRegistry, type RegistrySettings } from './http.ts'
import type { Access } from './tokens.ts'

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json'
const PAGE = 1000
const MOUNTS_AT_ONCE = 4

export interface RegistryImage {
  /** `sha256:…` of the manifest: what an image is deleted by. */
  digest: string
  /** As they travel, compressed; lowest first. */
  layers: { digest: string; bytes: number }[]
}

/** Every repository, those that have no tag any more too. */
export async function listRepositories(settings: RegistrySettings): Promise<string[]> {
  const access: Access[] = [{ type: 'registry', name: 'catalog', actions: ['*'] }]
  const found: string[] = []
  for (let last = ''; ; last = found.at(-1)!) {
    const path = `/v2/_catalog?n=${PAGE}&last=${encodeURIComponent(last)}`
    const { body } = await askRegistry(settings, { method: 'GET', path, access, expected: [200] })
    const { repositories } = JSON.parse(body) as { repositories: string[] | null }
    found.push(...(repositories ?? []))
    if ((repositories ?? []).length < PAGE) return found
  }
}

/** Empty when there is no such repository. */
export async function listTags(settings: RegistrySettings, repository: string): Promise<string[]> {
  const request = {
    method: 'GET',
    path: `/v2/${repository}/tags/list`,
    access: may(repository, 'pull'),
    expected: [200, 404],
  } as const
  const { status, body } = await askRegistry(settings, { ...request, expected: [...request.expected] })
  return status === 404 ? [] : ((JSON.parse(body) as { tags: string[] | null }).tags ?? [])
}

/** Undefined when the registry has no such tag. */
export async function findRegistryImage(
  settings: RegistrySettings,
  repository: string,
  tag: string,
): Promise<RegistryImage | undefined> {
  const { status, headers, body } = await askRegistry(settings, {
    method: 'GET',
    path: `/v2/${repository}/manifests/${tag}`,
    access: may(repository, 'pull'),
    headers: { accept: MANIFEST },
    expected: [200, 404],
  })
  if (status === 404) return undefined
  const { layers } = JSON.parse(body) as { layers: { digest: string; size: number }[] }
  return {
    digest: String(headers['docker-content-digest']),
    layers: layers.map(({ digest, size }) => ({ digest, bytes: size })),
  }
}

/** Takes the image of this tag away; its layers go with the next collection. Missing is fine. */
export async function removeRegistryImage(settings: RegistrySettings, repository: string, tag: string): Promise<void> {
  const image = await findRegistryImage(settings, repository, tag)
  if (!image) return
  const path = `/v2/${repository}/manifests/${image.digest}`
  await askRegistry(settings, { method: 'DELETE', path, access: may(repository, 'delete'), expected: [202, 404] })
}

/**
 * Gives the repository the layers of an image of the base repository, without moving a byte. An engine that pushes would ask for that
 * by itself, but only from the few repositories it pushed to last. Answers how many it has now.
 */
export async function mountBase(settings: RegistrySettings, repository: string, tag: string): Promise<number> {
  const base = await findRegistryImage(settings, BASE_REPOSITORY, tag)
  const access = [...may(repository, 'pull', 'push'), ...may(BASE_REPOSITORY, 'pull')]
  const waiting = [...new Set((base?.layers ?? []).map(({ digest }) => digest))]
  let mounted = 0
  async function mountNext(): Promise<void> {
    for (let digest = waiting.shift(); digest !== undefined; digest = waiting.shift()) {
      const path = `/v2/${repository}/blobs/uploads/?mount=${digest}&from=${BASE_REPOSITORY}`
      const { status } = await askRegistry(settings, { method: 'POST', path, access, expected: [201, 202] })
      if (status === 201) mounted += 1 // 202: it would have us upload, since the layer is not there
    }
  }
  await Promise.all(Array.from({ length: MOUNTS_AT_ONCE }, mountNext))
  return mounted
}

function may(name: string, ...actions: Access['actions']): Access[] {
  return [{ type: 'repository', name, actions }]
}
