// One host of the rig and everything that can happen to it.
import { existsSync } from 'node:fs'
import path from 'node:path'
import { type Ran, type RunOptions, run } from '@paas/testing/run'
import { type Authority, ensureCertificate } from './certificates.ts'
import { fillDisk, freeDisk, mountDisk } from './disk.ts'
import {
  answers,
  ENGINE_PORT,
  type EngineOfHost,
  endEngine,
  prepareFolder,
  serverCertificates,
  signalEngine,
  socketOf,
  startEngine,
} from './engine.ts'
import { type EngineFault, engineIsFaulty, engineIsSteady } from './faulty-engine.ts'
import { boot, findInit, inside, killMachine } from './machine.ts'
import { addressOf, loseInterfaces, namespaceOf, plugIn, pullOut, removeNamespace } from './network.ts'
import { cut, mend, type Partition } from './partition.ts'
import { folderOf, type HostState, type RigState } from './state.ts'

export interface TestHost {
  name: string
  address: string
  /** `tcp://ADDRESS:2376`, behind mutual TLS. */
  url: string
  /** Holds the client's ca.pem, cert.pem and key.pem, as DOCKER_CERT_PATH. */
  certPath: string
  /** `unix://…`: the same engine past every partition and delay, for tests that look on. */
  socket: string
  /** Boots it, or what of it does not run. Partitions stay. */
  start(): Promise<void>
  /** kill -9 of engine, containerd and all containers at once, and of its interfaces only the card is left; the address still answers, with refusals. */
  kill(): Promise<void>
  /** The same in silence: the address is gone, and no peer is told that its connection ended. Only its folder stays. */
  powerOff(): Promise<void>
  /** Stops dockerd alone, in its tracks: it accepts connections and never answers. */
  hang(): Promise<void>
  resume(): Promise<void>
  /** Ends dockerd alone and starts it again. The containers go on if its settings say `live-restore`; else the new one stops them. */
  restartEngine(signal: 'KILL' | 'TERM'): Promise<void>
  partition(partition?: Partition): Promise<void>
  /** Ends every partition of it. */
  heal(): Promise<void>
  /** Stands in the way of new connections to the engine's TCP port, until `steady`. */
  fault(fault: EngineFault): Promise<void>
  steady(): Promise<void>
  /** Of a host with a disk of its own (`disks`): not a block is left for images and containers. */
  fillDisk(): Promise<void>
  freeDisk(): Promise<void>
  condition(): Promise<HostCondition>
  /** Runs a command inside the machine, in its network. Never rejects for one that fails. */
  inside(command: string[], options?: RunOptions): Promise<Ran>
  /** Runs the docker CLI against it through its socket. */
  docker(args: string[], options?: RunOptions): Promise<Ran>
}

export type HostCondition = 'off' | 'no engine' | 'silent' | 'up'

export function openHost(rig: RigState, state: HostState, authority: Authority): TestHost {
  const { name, number } = state
  const namespace = namespaceOf(rig.name, name)
  const address = addressOf(rig.subnet, number)
  const machine = { namespace, hostname: name, folder: folderOf(rig.name, name) }
  const engine: EngineOfHost = { machine, address, dockerd: state.dockerd, settings: state.engine }
  const certPath = path.join(machine.folder, 'client')
  const socket = `unix://${socketOf(engine)}`
  return {
    ...{ name, address, url: `tcp://${address}:${ENGINE_PORT}`, certPath, socket },
    async start() {
      prepareFolder(engine)
      await ensureCertificate(authority, serverCertificates(engine), address)
      await ensureCertificate(authority, certPath)
      if (!findInit(machine)) {
        await plugIn(rig.name, rig.subnet, state)
        await boot(machine)
        if (state.diskMiB) await mountDisk(machine, state.diskMiB)
        await engineIsSteady(engine) // what stood in its way ended with the machine; the rule that led there did not
      }
      await startEngine(engine)
    },
    async kill() {
      await killMachine(machine)
      await loseInterfaces(namespace)
    },
    async powerOff() {
      await pullOut(rig.subnet, number)
      await killMachine(machine)
      await removeNamespace(rig.name, name)
    },
    hang: () => signalEngine(engine, 'STOP'),
    resume: () => signalEngine(engine, 'CONT'),
    async restartEngine(signal) {
      await endEngine(engine, signal)
      await startEngine(engine)
    },
    partition: (partition = {}) => cut(namespace, partition),
    heal: () => mend(namespace),
    fault: (fault) => engineIsFaulty(engine, fault),
    steady: () => engineIsSteady(engine),
    fillDisk: () => fillDisk(machine),
    freeDisk: () => freeDisk(machine),
    async condition() {
      if (!findInit(machine)) return 'off'
      if (await answers(engine)) return 'up'
      return existsSync(socketOf(engine)) ? 'silent' : 'no engine'
    },
    inside: (command, options) => inside(machine, command, options),
    docker: (args, options) => run('docker', ['--host', socket, ...args], options),
  }
}
