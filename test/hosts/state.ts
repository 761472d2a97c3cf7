// What a rig is, on disk, so that the command, a test and a second run speak of
// the same one, and so that one whose owner died can be taken down by the next.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { isAlive, type ProcessId } from './process-id.ts'

const BASE = path.join(tmpdir(), 'paas-hosts')

export interface RigState {
  name: string
  /** Of 10.99.SUBNET.0/24; also names the bridge. */
  subnet: number
  /** The test or bench that goes with it; absent for a rig of the command, which stays until `down`. */
  owner?: ProcessId
  hosts: HostState[]
}

export interface HostState {
  name: string
  /** 1 for the first. */
  number: number
  /** Path or name of its dockerd. */
  dockerd: string
  /** Lines of daemon.json besides the rig's own. */
  engine: Record<string, unknown>
  /** Its images and containers have a disk of this size; else they share this machine's. */
  diskMiB?: number
}

export const folderOf = (rig: string, ...below: string[]) => path.join(BASE, rig, ...below)

export function readState(name: string): RigState | undefined {
  const file = folderOf(name, 'rig.json')
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}

export function writeState(state: RigState): void {
  mkdirSync(folderOf(state.name), { recursive: true, mode: 0o711 })
  const file = folderOf(state.name, 'rig.json')
  writeFileSync(`${file}.new`, JSON.stringify(state, null, 2))
  renameSync(`${file}.new`, file)
}

/** Of all rigs there are. */
export function listSubnets(): number[] {
  return names().flatMap((name) => readState(name)?.subnet ?? [])
}

/** Names of rigs whose owner ended without taking them down. */
export function findAbandoned(): string[] {
  return names().filter((name) => {
    const owner = readState(name)?.owner
    return owner !== undefined && !isAlive(owner)
  })
}

function names(): string[] {
  return existsSync(BASE) ? readdirSync(BASE) : []
}
