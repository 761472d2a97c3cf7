// What both sides run: the smallest HTTP server there is, so that engines and
// schedulers are measured, not it.
import { openEngine } from '@paas/engine/client'
import { findImage } from '@paas/engine/images'
import { tinyImage } from '../../apps/scheduler/src/tiny-image.fixture.ts'
import type { Rig } from '../../test/hosts/rig.ts'

const IMAGE = 'bench/tiny:1'
const PORT = 8080

export interface Workload {
  /** On every host already. */
  image: string
  command: string[]
  /** Answers `GET /` with 200. */
  port: number
}

/** Busybox' httpd, made on the first host and copied to all. */
export async function tinyServer(rig: Rig): Promise<Workload> {
  const [first] = rig.hosts
  const engine = openEngine({ dockerHost: first!.socket, namePrefix: 'bench', cgroupParent: '', appSubnet: '10.98.0.0/16' })
  if (!(await findImage(engine, IMAGE))) await tinyImage(engine, IMAGE)
  await rig.seedImage(IMAGE, first)
  return { image: IMAGE, command: ['httpd', '-f', '-p', String(PORT), '-h', '/app/www'], port: PORT }
}
