// What the engine says about one image, in the fields we read.
//
// The vendor's types promise fields that engines leave out (an image of ours
// has no Cmd), so the answer is typed here as it really comes.
import type { Engine } from './client.ts'
import type { ParentConfig } from './images-config.ts'

export interface InspectedImage {
  Id: string
  RepoTags?: string[] | null
  Created: string
  Metadata?: { LastTagTime?: string }
  Size: number
  Architecture: string
  Config: ParentConfig
  RootFS: { Layers?: string[] | null }
}

/** Rejects with the engine's own 404 when `expected` names it, else with `engine_refused`. */
export async function inspectImage(engine: Engine, ref: string, expected: number[] = []): Promise<InspectedImage> {
  return (await engine.call(`inspect image ${ref}`, () => engine.docker.getImage(ref).inspect(), {
    expected,
  })) as unknown as InspectedImage
}
