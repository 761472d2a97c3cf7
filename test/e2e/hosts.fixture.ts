// A platform with three hosts beside its own machine, for tests of many hosts.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { createApp, type TestApp } from '@paas/testing/app'
import { must, ROOT, startTestPlatform, stopTestPlatform, type TestPlatform } from '@paas/testing/platform'
import { type Ran, run } from '@paas/testing/run'
import { until } from '@paas/testing/wait'
import { type HostsOptions, type Rig, startHosts } from '../hosts/rig.ts'

export interface HostView {
  name: string
  condition: string
  reason: string | null
  dynos: number
  draining: boolean
  disk: { free: number | null }
  distrust_until: string | null
}

export interface Fleet {
  platform: TestPlatform
  rig: Rig
  paas(...args: string[]): Promise<Ran>
  /** `paas hosts:add`, which ends when the host is up or refused. */
  add(name: string): Promise<Ran>
  hosts(): Promise<HostView[]>
  host(name: string): Promise<HostView>
  until(name: string, condition: string, deadlineMs?: number): Promise<void>
  /** Of this app, running, as the engine of that host sees them: `web.1`. `local` is this machine. */
  dynosOn(app: TestApp, host: string): Promise<string[]>
  /** `paas restart`, to its end: all of them are other containers. */
  restart(app: TestApp, ...dynos: string[]): Promise<void>
  /** Its beginning; what it answers waits until none of the containers before is left. */
  beginRestart(app: TestApp, ...dynos: string[]): Promise<() => Promise<void>>
  /** On all of them. */
  running(app: TestApp): Promise<string[]>
  createApp(sample: string, name: string): Promise<TestApp>
  /** Ends every fault, so that a test that fails takes no other with it, and answers what the platform has logged since. */
  recover(since: Date): Promise<string>
  close(): Promise<void>
}

/** In a swarm the tests' own engine is its manager. */
export async function openFleet(options: HostsOptions = {}): Promise<Fleet> {
  const rig = await startHosts(options)
  const platform = await startTestPlatform({ PAAS_BOOT_TIMEOUT_SECONDS: '15', PAAS_STOP_GRACE_SECONDS: '5' }).catch(
    async (error) => {
      await rig.down()
      throw error
    },
  )
  const paas = (...args: string[]) =>
    run(`${ROOT}/bin/paas`, args, { env: platform.env, cwd: platform.home, deadlineMs: 120_000 })
  const list = async (app: TestApp, host: string, format: string) => {
    const engine = host === 'local' ? [] : ['--host', rig.host(host).socket]
    const filter = ['--filter', `name=^${platform.prefix}[.-]${app.name}[.-]`]
    const { stdout } = await must(run('docker', [...engine, 'ps', ...filter, '--format', format]))
    return stdout.split('\n').filter(Boolean).sort()
  }
  const names = ['local', ...rig.hosts.map(({ name }) => name)]
  /** Containers of these types, all if none is named, and of the others. */
  const containers = async (app: TestApp, types: string[]) => {
    const lists = names.map((name) => list(app, name, '{{.ID}} {{.Label "paas.name"}}').catch(() => []))
    const all = (await Promise.all(lists)).flat().sort()
    const isMeant = (line: string) => types.length === 0 || types.some((type) => line.split(' ')[1]!.startsWith(`${type}.`))
    return { meant: all.filter(isMeant), others: all.filter((line) => !isMeant(line)) }
  }
  const fleet: Fleet = {
    ...{ platform, rig, paas },
    add: (name) => paas('hosts:add', name, '--url', rig.host(name).url, '--cert-path', rig.host(name).certPath),
    hosts: async () => JSON.parse((await must(paas('hosts', '--json'))).stdout) as HostView[],
    async host(name) {
      const found = (await fleet.hosts()).find((host) => host.name === name)
      if (!found) throw new Error(`there is no host ${name}`)
      return found
    },
    async until(name, condition, deadlineMs = 60_000) {
      await until(`${name} is ${condition}`, async () => (await fleet.host(name)).condition === condition, deadlineMs)
    },
    dynosOn: (app, host) => list(app, host, '{{.Label "paas.name"}}'),
    async running(app) {
      return (await Promise.all(names.map((name) => fleet.dynosOn(app, name).catch(() => [])))).flat().sort()
    },
    async restart(app, ...dynos) {
      const [running, { others }] = [await fleet.running(app), await containers(app, dynos)]
      const end = await fleet.beginRestart(app, ...dynos)
      await end()
      const isWhole = async () =>
        (await fleet.running(app)).join() === running.join() && (await containers(app, dynos)).others.join() === others.join()
      await until('all run as before, and others are the same', isWhole, 60_000)
    },
    async beginRestart(app, ...dynos) {
      const { meant } = await containers(app, dynos)
      await must(app.paas(['restart', ...dynos]))
      const areGone = async () => {
        const now = new Set((await containers(app, dynos)).meant)
        return !meant.some((container) => now.has(container))
      }
      return () => until('the old ones are gone', areGone, 60_000).then(() => undefined)
    },
    createApp: (sample, name) => createApp(platform, sample, name),
    async recover(since) {
      await Promise.all(
        rig.hosts.map(async (host) => {
          if ((await host.condition()) === 'silent') await host.resume()
          await host.start()
          await host.heal()
          await host.steady()
        }),
      )
      return logged(platform, since)
    },
    async close() {
      await stopTestPlatform(platform)
      await rig.down()
    },
  }
  return fleet
}

/** Lines of JSON. */
function logged({ dataDir }: TestPlatform, since: Date): string {
  const lines = readFileSync(path.join(dataDir, 'platform-logs/control.log'), 'utf8').split('\n').filter(Boolean)
  return lines.filter((line) => JSON.parse(line).time >= since.toISOString()).join('\n')
}
