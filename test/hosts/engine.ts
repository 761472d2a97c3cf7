// The Docker Engine of one host: its settings, its start, its signals.
import { closeSync, existsSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import path from 'node:path'
import { must } from '@paas/testing/platform'
import { until } from '@paas/testing/wait'
import { detachInside, inside, type Machine, readInside } from './machine.ts'

const START_DEADLINE_MS = 60_000 // 1-2 s on a quiet machine
const PING_DEADLINE_MS = 1_000
export const ENGINE_PORT = 2376

export interface EngineOfHost {
  machine: Machine
  address: string
  dockerd: string
  settings: Record<string, unknown>
}

/** Reached through the file system: a partition does not cut it. */
export const socketOf = ({ machine }: EngineOfHost) => path.join(machine.folder, 'docker.sock')
export const serverCertificates = ({ machine }: EngineOfHost) => path.join(machine.folder, 'server')

/** Starts dockerd inside a running machine and waits until it answers; one that answers is left alone. */
export async function startEngine(engine: EngineOfHost): Promise<void> {
  if (await answers(engine)) return
  const { machine, dockerd } = engine
  const config = path.join(machine.folder, 'daemon.json')
  writeFileSync(config, JSON.stringify(daemonConfig(engine), null, 2))
  // An engine finds its own containerd beside itself.
  const PATH = [...(dockerd.includes('/') ? [path.dirname(dockerd)] : []), process.env['PATH'], '/usr/sbin:/sbin'].join(':')
  const log = path.join(machine.folder, 'dockerd.log')
  detachInside(machine, [dockerd, '--config-file', config], log, { ...process.env, PATH })
  await until(`the engine of ${machine.namespace} (${log})`, () => answers(engine), START_DEADLINE_MS)
}

/** Sends a signal to dockerd alone: its containerd and containers feel nothing of it. */
export async function signalEngine({ machine }: EngineOfHost, signal: 'STOP' | 'CONT' | 'KILL' | 'TERM'): Promise<void> {
  await must(inside(machine, ['kill', `-${signal}`, enginePid(machine)]))
}

/** Ends dockerd alone and waits until it is gone. */
export async function endEngine({ machine }: EngineOfHost, signal: 'KILL' | 'TERM'): Promise<void> {
  const pid = enginePid(machine)
  await must(inside(machine, ['kill', `-${signal}`, pid]))
  await until(`the end of ${machine.namespace}'s dockerd`, async () => (await inside(machine, ['kill', '-0', pid])).code !== 0)
  await inside(machine, ['rm', '-f', '/run/docker.pid'])
}

/** Does it answer its unix socket now? */
export function answers(engine: EngineOfHost): Promise<boolean> {
  const socketPath = socketOf(engine)
  if (!existsSync(socketPath)) return Promise.resolve(false)
  return new Promise((resolve) => {
    const ping = request({ socketPath, path: '/_ping', timeout: PING_DEADLINE_MS }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    ping.once('timeout', () => ping.destroy(new Error('the engine is silent')))
    ping.once('error', () => resolve(false))
    ping.end()
  })
}

function enginePid(machine: Machine): string {
  const pid = readInside(machine, '/run/docker.pid')?.trim()
  if (!pid) throw new Error(`${machine.namespace} runs no dockerd`)
  return pid
}

function daemonConfig(engine: EngineOfHost): Record<string, unknown> {
  const { machine, address, settings } = engine
  const tls = (file: string) => path.join(serverCertificates(engine), file)
  return {
    'data-root': path.join(machine.folder, 'data'),
    pidfile: '/run/docker.pid',
    hosts: [`unix://${socketOf(engine)}`, `tcp://${address}:${ENGINE_PORT}`],
    tlsverify: true,
    tlscacert: tls('ca.pem'),
    tlscert: tls('cert.pem'),
    tlskey: tls('key.pem'),
    ...settings,
  }
}

/** Keeps what was written before: a host that is started again has its images. */
export function prepareFolder({ machine }: EngineOfHost): void {
  mkdirSync(machine.folder, { recursive: true, mode: 0o711 })
  for (const log of ['machine.log', 'dockerd.log']) closeSync(openSync(path.join(machine.folder, log), 'a'))
}
