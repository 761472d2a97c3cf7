// Takes everything with one name prefix out of the engine, the firewall, the routes and the cgroups.
import Docker from 'dockerode'
import { cgroupsOf, isKept } from './cgroups.ts'
import { dockerHost, engineKind } from './engine.ts'
import { run } from './run.ts'
import { until } from './wait.ts'

/** Containers, networks, volumes and images of one test platform; a second call finds nothing. */
export async function purgeEngine(prefix: string): Promise<void> {
  // Routes and rules of a link are the machine's: only the link itself knows them.
  await run('docker', ['exec', `${prefix}.link`, '/link/link', 'down'])
  const docker = new Docker({ socketPath: new URL(dockerHost()).pathname })
  const filters = { label: [`paas.prefix=${prefix}`] }
  if (engineKind() === 'swarm') await purgeSwarm(docker, prefix)
  const containers = await docker.listContainers({ all: true, filters })
  await Promise.all(
    containers.map(({ Id }) =>
      docker
        .getContainer(Id)
        .remove({ force: true, v: true })
        .catch(() => {}),
    ),
  )

  for (const { Id } of await docker.listNetworks({ filters }))
    await docker
      .getNetwork(Id)
      .remove()
      .catch(() => {})
  for (const { Name } of (await docker.listVolumes({ filters })).Volumes ?? [])
    await docker
      .getVolume(Name)
      .remove()
      .catch(() => {})
  await untag(docker, prefix)
  await removeChains(prefix)
  await until(`the cgroups of ${prefix} to be empty`, () => cgroupsOf(prefix).filter(isKept).length === 0)
}

/** Its services, and the nodes that were its hosts. */
async function purgeSwarm(docker: Docker, prefix: string): Promise<void> {
  for (const { ID } of await docker.listServices({ filters: { label: [`paas.prefix=${prefix}`] } }))
    await docker.getService(ID).remove()
  const nodes = (await docker.listNodes()) as { ID: string; Spec: { Labels?: Record<string, string> } }[]
  for (const { ID, Spec } of nodes) if (Spec.Labels?.['paas.prefix'] === prefix) await docker.getNode(ID).remove({ force: true })
}

/** Only our own names are taken off; layers that another platform still names stay. */
async function untag(docker: Docker, prefix: string): Promise<void> {
  const images = await docker.listImages({})
  const tags = images.flatMap(({ RepoTags }) => RepoTags ?? []).filter((tag) => tag.startsWith(`${prefix}/`))
  for (const tag of tags)
    await docker
      .getImage(tag)
      .remove({ noprune: false })
      .catch(() => {})
}

/** Firewall rules that jump to a chain of this prefix, then the chain. */
async function removeChains(prefix: string): Promise<void> {
  const { stdout } = await run('iptables', ['-w', '-S'])
  const rules = stdout.split('\n').filter((rule) => rule.toLowerCase().includes(prefix))
  const deletes = rules.filter((rule) => rule.startsWith('-A')).map((rule) => ['-D', ...rule.split(' ').slice(1)])
  const chains = rules.filter((rule) => rule.startsWith('-N')).map((rule) => rule.split(' ')[1]!)
  for (const rule of deletes) await run('iptables', ['-w', ...rule])
  for (const chain of chains) await run('iptables', ['-w', '-X', chain])
}
