// Where dynos can be reached at all, for tests that somebody cannot.
import { engineKind } from '@paas/testing/engine'
import { must } from '@paas/testing/platform'
import { run } from '@paas/testing/run'

/** Of the containers that the filter of `docker ps` names: in the app's network, and in a swarm on the bridge by which they leave. `engine` is a socket; the tests' own unless given. */
export async function addressesOf(filter: string, engine?: string): Promise<string[]> {
  const docker = async (...args: string[]) =>
    (await must(run('docker', [...(engine ? ['--host', engine] : []), ...args]))).stdout.trim()
  const ids = (await docker('ps', '--quiet', '--no-trunc', '--filter', filter)).split('\n').filter(Boolean)
  if (ids.length === 0) return []
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}'
  const inside = (await docker('inspect', '--format', format, ...ids)).split(/\s+/).filter(Boolean)
  if (engineKind() !== 'swarm') return inside
  const bridge = await docker('network', 'inspect', 'docker_gwbridge', '--format', '{{json .Containers}}')
  const all = JSON.parse(bridge) as Record<string, { IPv4Address: string }>
  return [...inside, ...ids.map((id) => all[id]!.IPv4Address.split('/')[0]!)]
}
