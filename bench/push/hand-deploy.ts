// The other side of bench/push: one app deployed by hand, again and again.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { ROOT } from '@paas/testing/platform'
import * as hand from '../by-hand.ts'

export const SAMPLE = path.join(ROOT, 'bench/apps/express')
const PORTS: [number, number] = [28080, 28081] // below those that the kernel gives to clients

/** As a dyno: memory, processes, an init process, no capabilities. */
const LIMITS = ['--memory=1g', '--pids-limit=256', '--init', '--cap-drop=ALL', '--security-opt=no-new-privileges']

/** By hand with one builder: its own folder, image and the container that serves now. */
export class HandDeploy {
  readonly #builder: hand.Builder
  readonly #folder: string
  #turn = 0

  private constructor(builder: hand.Builder, folder: string) {
    this.#builder = builder
    this.#folder = folder
  }

  static async first(builder: hand.Builder, base: string): Promise<HandDeploy> {
    const deploy = new HandDeploy(builder, handFolder(base))
    await hand.build(builder, deploy.#folder, deploy.#name(0))
    await hand.start(deploy.#name(0), deploy.#name(0), deploy.#port(0), LIMITS)
    await hand.answers(deploy.#port(0), 'version 0')
    return deploy
  }

  async next(version: number): Promise<number> {
    const [old, next] = [this.#turn, (this.#turn += 1)]
    writeFileSync(path.join(this.#folder, 'version.txt'), `version ${version}\n`)
    const elapsed = await timed(async () => {
      await hand.build(this.#builder, this.#folder, this.#name(next))
      await hand.start(this.#name(next), this.#name(next), this.#port(next), LIMITS)
      await hand.answers(this.#port(next), `version ${version}`)
      await hand.stop(this.#name(old))
    })
    await hand.remove(this.#name(old))
    return elapsed
  }

  async end(): Promise<void> {
    await hand.remove(this.#name(this.#turn))
    for (let turn = 0; turn <= this.#turn; turn += 1) await hand.removeImage(this.#name(turn))
    rmSync(this.#folder, { recursive: true })
  }

  #name = (turn: number) => `bench-${this.#builder}-${turn}`
  #port = (turn: number) => PORTS[turn % 2]! + (this.#builder === 'classic' ? 0 : 10)
}

export interface Cold {
  seconds: number
  /** Takes away what was made. */
  remove(): Promise<unknown>
}

/** A build without cache, to the first answer. */
export async function coldByHand(builder: hand.Builder, base: string, round: number): Promise<Cold> {
  const folder = handFolder(base)
  const name = `bench-cold-${builder}-${round}`
  const seconds = await timed(async () => {
    await hand.build(builder, folder, name, ['--no-cache'])
    await hand.start(name, name, PORTS[0], LIMITS)
    await hand.answers(PORTS[0], 'version 0')
  })
  await hand.remove(name)
  rmSync(folder, { recursive: true })
  return { seconds, remove: () => hand.removeImage(name) }
}

/** The app with its Dockerfile. */
function handFolder(base: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'by-hand-'))
  cpSync(SAMPLE, folder, { recursive: true })
  writeFileSync(path.join(folder, 'version.txt'), 'version 0\n')
  hand.writeDockerfile(folder, base)
  return folder
}

/** Seconds until `work` resolves; what it returns runs after the clock has stopped. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  const after = await work()
  const elapsed = (performance.now() - began) / 1000
  if (typeof after === 'function') await after()
  return elapsed
}
