// Volumes: what a build keeps for the next one of the same app.
import { type Engine, statusOf } from './client.ts'

export interface VolumeFacts {
  name: string
  labels: Record<string, string>
  created: Date
}

/** Makes it unless it is there; the labels of one that is there stay. */
export async function ensureVolume(engine: Engine, name: string, labels: Record<string, string>): Promise<void> {
  await engine.call(`create volume ${name}`, (abortSignal) =>
    engine.docker.createVolume({ Name: name, Labels: { 'paas.prefix': engine.prefix, ...labels }, abortSignal } as object),
  )
}

/** Volumes of this platform that carry the label, whatever its value. */
export async function listVolumes(engine: Engine, label: string): Promise<VolumeFacts[]> {
  const filters = { label: [`paas.prefix=${engine.prefix}`, label] }
  const { Volumes } = await engine.call('list volumes', (abortSignal) =>
    engine.docker.listVolumes({ filters: JSON.stringify(filters), abortSignal } as object),
  )
  return (Volumes ?? []).map((volume) => ({
    name: volume.Name,
    labels: volume.Labels ?? {},
    created: new Date((volume as { CreatedAt?: string }).CreatedAt ?? 0),
  }))
}

/** Missing is fine; one that a container uses stays, answered with false. */
export async function removeVolume(engine: Engine, name: string): Promise<boolean> {
  try {
    await engine.call(`remove volume ${name}`, (abortSignal) => engine.docker.getVolume(name).remove({ abortSignal } as object), {
      expected: [404, 409],
    })
    return true
  } catch (error) {
    if (statusOf(error) === 404) return true
    if (statusOf(error) === 409) return false
    throw error
  }
}
